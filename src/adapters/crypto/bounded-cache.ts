/**
 * Remembers what was used lately, and never more than twice `entriesMax`. Two generations instead of an exact order of
 * use: a hit in the young one is a plain look-up, and what was not asked for during a whole generation goes with it.
 */
export class BoundedCache<Value> {
  private young = new Map<string, Value>();
  private old = new Map<string, Value>();

  constructor(private readonly entriesMax: number) {}

  get(key: string): Value | undefined {
    const recent = this.young.get(key);
    if (recent !== undefined) return recent;
    const earlier = this.old.get(key);
    if (earlier !== undefined) this.set(key, earlier);
    return earlier;
  }

  set(key: string, value: Value): void {
    if (this.young.size >= this.entriesMax) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(key, value);
  }

  delete(key: string): void {
    this.young.delete(key);
    this.old.delete(key);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
  }
}

/** The same under two keys. Joined into one, a hundred characters would have to be copied and hashed at every look-up. */
export class BoundedPairCache<Value> {
  private young = new Map<string, Map<string, Value>>();
  private old = new Map<string, Map<string, Value>>();
  private youngEntries = 0;

  constructor(private readonly entriesMax: number) {}

  get(owner: string, key: string): Value | undefined {
    const recent = this.young.get(owner)?.get(key);
    if (recent !== undefined) return recent;
    const earlier = this.old.get(owner)?.get(key);
    if (earlier !== undefined) this.set(owner, key, earlier);
    return earlier;
  }

  set(owner: string, key: string, value: Value): void {
    if (this.youngEntries >= this.entriesMax) {
      this.old = this.young;
      this.young = new Map();
      this.youngEntries = 0;
    }
    const entries = this.young.get(owner) ?? new Map<string, Value>();
    this.young.set(owner, entries.set(key, value));
    // What is replaced or deleted stays counted: the generation only ends a little earlier.
    this.youngEntries += 1;
  }

  delete(owner: string): void {
    this.young.delete(owner);
    this.old.delete(owner);
  }

  clear(): void {
    this.young.clear();
    this.old.clear();
    this.youngEntries = 0;
  }
}
