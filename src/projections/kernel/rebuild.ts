/**
 * Builds one view anew from the log while everybody reads and writes: a copy is built beside it, both are compared at one
 * position, and readers switch. Cut off at any step, the view that stood there goes on. What is alike in both needs no
 * trust; what differs is told by id and field, and the view stays unless the difference is expected (ADR 0027).
 */
import { compare } from './comparison.js';
import type { Enrich } from './pairing.js';
import { type Projection, wantedBy } from './projection.js';
import type { RebuildProgress, RebuildReport } from './rebuild-report.js';
import { type Batch, ProjectionRunner, type Time } from './runner.js';
import type { BuildOptions, ProjectionWriter, Standing, ViewBuild, ViewBuilds } from './views.js';

/** As many events as the projector may be held up for while the copy makes up for the last of them. */
const GAP_EVENTS_MAX = 200;
/** The shortest wait there is: between two batches everybody else gets a turn. */
const TURN_MS = 1;

export interface RebuildSources {
  readonly builds: ViewBuilds;
  /** The writer of the view that stands; its checkpoint is where both must be. */
  readonly writer: Pick<ProjectionWriter, 'checkpoint'>;
  /** A joining stage of its own. */
  readonly enrich: () => Enrich;
  /** The wanted events after a position, up to another. */
  readonly read: (after: number, upTo: number, isWanted: (type: string) => boolean) => AsyncIterable<Batch>;
  readonly headPosition: () => Promise<number>;
  /** Runs the work while the projector writes nothing. */
  readonly between: <Value>(work: () => Promise<Value>) => Promise<Value>;
  readonly time: Time;
  readonly gapEventsMax?: number;
}

export interface RebuildOptions {
  readonly pace: BuildOptions['pace'];
  /** Switches although view and copy differ. */
  readonly acceptDifferences: boolean;
  readonly signal: AbortSignal;
  readonly report: (progress: RebuildProgress) => void;
}

export async function rebuild(sources: RebuildSources, projection: Projection, options: RebuildOptions): Promise<RebuildReport> {
  const startedMs = sources.time.monotonicMs();
  const documents = await sources.headPosition();
  const build = await sources.builds.begin(projection.collection, { pace: options.pace, documents });
  try {
    const filler = new Filler(sources, projection, build, options);
    await filler.approach('building');
    const { position, standing } = await sources.between(async () => {
      const met = await filler.meet();
      return { position: met, standing: await build.standing() };
    });
    const comparison = await compared(sources.time, projection, standing, options);
    const isSwitched = comparison.differences === 0 || options.acceptDifferences;
    if (isSwitched) {
      await filler.approach('catching-up');
      options.report({ phase: 'switching', done: 0, of: 1 });
      await sources.between(async () => {
        await filler.meet();
        await build.switch();
      });
    } else await build.discard();
    const { name: collection } = projection.collection;
    const durationMs = Math.round(sources.time.monotonicMs() - startedMs);
    return { collection, position, events: filler.events, durationMs, ...comparison, outcome: isSwitched ? 'switched' : 'kept' };
  } catch (error) {
    await build.discard();
    throw error;
  }
}

/** Builds a copy up to a position, indexes and all, and leaves it to the caller: for measuring. */
export async function fillBeside(
  sources: RebuildSources,
  projection: Projection,
  options: RebuildOptions,
  upTo: number,
): Promise<ViewBuild> {
  const build = await sources.builds.begin(projection.collection, { pace: options.pace, documents: upTo });
  await new Filler(sources, projection, build, options).fill(upTo, () => undefined);
  await (await build.standing()).close();
  return build;
}

async function compared(time: Time, { collection }: Projection, standing: Standing, { signal, report, pace }: RebuildOptions) {
  try {
    const between = async (documents: number): Promise<void> => {
      signal.throwIfAborted();
      report({ phase: 'comparing', done: documents, of: documents });
      if (pace === 'served') await time.wait(TURN_MS, signal);
    };
    return await compare(collection, standing, { between });
  } finally {
    await standing.close();
  }
}

/** Brings the copy up to a position, from wherever it is. */
class Filler {
  events = 0;
  private readonly enrich: Enrich;

  constructor(
    private readonly sources: RebuildSources,
    private readonly projection: Projection,
    private readonly build: ViewBuild,
    private readonly options: RebuildOptions,
  ) {
    this.enrich = sources.enrich();
  }

  /** Until the rest is so small that the projector may wait for it. */
  async approach(phase: 'building' | 'catching-up'): Promise<void> {
    for (;;) {
      const head = await this.sources.headPosition();
      if (head - (await this.reached()) <= (this.sources.gapEventsMax ?? GAP_EVENTS_MAX)) return;
      await this.fill(head, (done) => this.options.report({ phase, done, of: head }));
    }
  }

  /** Up to exactly where the view stands. */
  async meet(): Promise<number> {
    const position = await this.sources.writer.checkpoint(this.projection.collection);
    await this.fill(position, () => undefined);
    return position;
  }

  private reached(): Promise<number> {
    return this.build.writer.checkpoint(this.projection.collection);
  }

  async fill(upTo: number, reached: (position: number) => void): Promise<void> {
    const { enrich, projection, build, sources, options } = this;
    const after = await this.reached();
    const runner = new ProjectionRunner({ projections: [projection], writer: build.writer, enrich, time: sources.time });
    const count = (events: number): void => {
      this.events += events;
    };
    const source = async function* (): AsyncGenerator<Batch> {
      for await (const batch of sources.read(after, upTo, wantedBy(projection))) {
        options.signal.throwIfAborted();
        yield batch;
        if (options.pace === 'served') await sources.time.wait(TURN_MS, options.signal);
        count(batch.events.length);
        reached(batch.upTo);
      }
    };
    await runner.run(source());
    await build.writer.apply([], upTo);
  }
}
