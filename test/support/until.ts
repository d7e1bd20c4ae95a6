/** Waits for a condition, with a deadline: a test that needs it to come true fails when it does not. */
const DEADLINE_MS = 10_000;

export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  between: () => unknown = () => undefined,
  withinMs = DEADLINE_MS,
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`It never came true: ${what}.`);
    await between();
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
