/**
 * One way through everything that may happen: it follows a given beginning, from there on always takes the first, and
 * remembers where else it could have gone. Whoever walks every branch that it remembers has seen all that can happen.
 */
export class Choices {
  private readonly taken: number[] = [];
  readonly branches: (readonly number[])[] = [];

  constructor(private readonly beginning: readonly number[]) {}

  /** Nothing that was given is left: what comes now has not been walked before. */
  get isOnNewGround(): boolean {
    return this.taken.length >= this.beginning.length;
  }

  get path(): readonly number[] {
    return [...this.taken];
  }

  /** One of `count`, from 0. */
  choose(count: number): number {
    if (count <= 1) return 0;
    const chosen = this.beginning[this.taken.length] ?? 0;
    if (chosen >= count) throw new Error(`The way back is lost: ${chosen} of ${count} at ${this.taken.length}.`);
    if (this.isOnNewGround) for (let other = 1; other < count; other += 1) this.branches.push([...this.taken, other]);
    this.taken.push(chosen);
    return chosen;
  }
}
