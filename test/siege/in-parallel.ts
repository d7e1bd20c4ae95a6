/** Does it for 0 to `count` - 1, so many at once; whoever takes long holds up nobody else. */
export async function inParallel(atOnce: number, count: number, act: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count) await act(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, worker));
}
