/** What a process held over time. Memory that only warms up comes to rest; what leaks grows in the last quarter as before. */

const MS_PER_MINUTE = 60_000;
/** From the third quarter to the last, beyond what garbage collection moves. */
const GROWTH_MIB_MAX = 64;

interface Point {
  readonly atMs: number;
  readonly mib: number;
}

export class Memory {
  /** Where the load itself grows to the end, growth is told and not judged. */
  comesToRest = true;
  private readonly points: Point[] = [];

  add(mib: number): void {
    this.points.push({ atMs: performance.now(), mib });
  }

  get first(): number {
    return this.points[0]?.mib ?? 0;
  }

  get most(): number {
    return Math.max(...this.points.map(({ mib }) => mib));
  }

  get told(): string {
    const { points } = this;
    const middle = points[Math.floor(points.length / 2)]?.mib;
    const slope = this.slopeOfLastHalf.toFixed(1);
    return `memory ${this.first} MiB before, ${middle} in the middle, ${this.most} at most, ${points.at(-1)?.mib} at the end, slope ${slope} MiB a minute over the last half`;
  }

  get problem(): string | undefined {
    const quarter = (from: number): readonly Point[] =>
      this.points.slice(Math.floor(this.points.length * from), Math.ceil(this.points.length * (from + 0.25)));
    const grew = median(quarter(0.75)) - median(quarter(0.5));
    return this.comesToRest && grew > GROWTH_MIB_MAX
      ? `Memory grew by ${grew} MiB from the third quarter to the last.`
      : undefined;
  }

  /** Of the straight line through what was measured. */
  private get slopeOfLastHalf(): number {
    const points = this.points.slice(Math.floor(this.points.length / 2));
    const mean = (of: (point: Point) => number) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
    const [x, y] = [mean(({ atMs }) => atMs), mean(({ mib }) => mib)];
    const down = points.reduce((sum, { atMs }) => sum + (atMs - x) ** 2, 0);
    const up = points.reduce((sum, { atMs, mib }) => sum + (atMs - x) * (mib - y), 0);
    return down === 0 ? 0 : (up / down) * MS_PER_MINUTE;
  }
}

function median(points: readonly Point[]): number {
  const sorted = points.map(({ mib }) => mib).sort((one, other) => one - other);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
