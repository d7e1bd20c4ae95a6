/** From the bytes that make a server fail to fewer that still do: chunks are left out while it goes on failing. */
export async function shrink(bytes: Buffer, stillFails: (bytes: Buffer) => Promise<boolean>, triesMax = 200): Promise<Buffer> {
  let smallest = bytes;
  let tries = 0;
  for (let size = Math.ceil(smallest.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let from = 0; from < smallest.length && tries < triesMax; ) {
      const fewer = Buffer.concat([smallest.subarray(0, from), smallest.subarray(from + size)]);
      tries += 1;
      if (await stillFails(fewer)) smallest = fewer;
      else from += size;
    }
  }
  return smallest;
}
