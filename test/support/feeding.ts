/**
 * How a feed may hand out one log: interleaved anew between feed keys, in batches of any size, everything at least once,
 * ended anywhere and begun again from the stored checkpoint. Positions stay, and `upTo` is what was handed over entirely.
 */
import fc from 'fast-check';
import type { Envelope } from '../../src/domain/kernel/envelope.js';
import { known } from '../../src/projections/kernel/feed-events.js';
import { type Composed, enricher, type MessageBodies } from '../../src/projections/kernel/pairing.js';
import { type Batch, ProjectionRunner } from '../../src/projections/kernel/runner.js';
import type { ProjectionWriter } from '../../src/projections/kernel/views.js';
import { allProjections } from '../../src/projections/projections.js';
import type { FakeKeys } from './fake-keys.js';
import { TestClock } from './test-clock.js';

export interface Feeding {
  /** Chooses which feed key comes next, and how often a batch comes twice. */
  readonly chances: readonly number[];
  readonly batchMax: number;
  /** `late`: a batch comes again after the next one, which no feed does. */
  readonly twice: 'never' | 'events' | 'batches' | 'late';
  readonly isShuffled: boolean;
  /** After so many batches the process dies; it begins again from the checkpoint. */
  readonly livesBatches: readonly number[];
  /** Content in hand; 0 makes every post read its stream. */
  readonly composesMax: number;
}

export const IN_ORDER: Feeding = {
  chances: [0],
  batchMax: 1_000,
  twice: 'never',
  isShuffled: false,
  livesBatches: [],
  composesMax: 1_000,
};

export const anyFeeding: fc.Arbitrary<Feeding> = fc.record({
  chances: fc.array(fc.nat(1_000), { minLength: 1, maxLength: 40 }),
  batchMax: fc.integer({ min: 1, max: 12 }),
  twice: fc.constantFrom('never' as const, 'events' as const, 'batches' as const, 'late' as const),
  isShuffled: fc.boolean(),
  livesBatches: fc.array(fc.nat(6), { maxLength: 3 }),
  composesMax: fc.constantFrom(0, 1, 1_000),
});

/** Reads composed content from a log, without the streams that are gone. */
export const bodiesIn =
  (log: readonly Envelope[], isGone: (stream: string) => boolean): MessageBodies =>
  async (wanted) =>
    wanted.map(({ messageId, composeId }) => {
      if (isGone(`message-${messageId}`)) return 'absent';
      const found = log.map(known).find((event) => event.type === 'MessageComposed' && event.data.composeId === composeId);
      return found === undefined ? 'absent' : (found.data as Composed);
    });

export interface Build {
  readonly log: readonly Envelope[];
  readonly bodies: MessageBodies;
  readonly keys: FakeKeys;
  /** Called before each batch is handed out. */
  readonly between?: (batchNumber: number) => void;
}

/** Builds views from a log the way the feeding says. */
export async function build(writer: ProjectionWriter, { log, bodies, keys, between }: Build, feeding: Feeding): Promise<void> {
  let batchNumber = 0;
  for (const lifeBatches of [...feeding.livesBatches, Number.POSITIVE_INFINITY]) {
    const enrich = enricher({ bodies, open: keys.open, handles: keys.handles, composesMax: feeding.composesMax });
    const runner = new ProjectionRunner({ projections: allProjections, writer, enrich, time: new TestClock() });
    const from = await runner.resumeFrom();
    const left = log.filter(({ meta }) => meta.position > from);
    let lived = 0;
    const source = async function* (): AsyncGenerator<Batch> {
      for (const batch of batchesOf(left, log.at(-1)?.meta.position ?? 0, feeding)) {
        if (lived++ >= lifeBatches) return;
        between?.(batchNumber++);
        yield batch;
      }
    };
    await runner.run(source());
  }
}

function* batchesOf(left: readonly Envelope[], head: number, feeding: Feeding): Generator<Batch> {
  const ordered = feeding.isShuffled ? shuffled(left, feeding.chances) : left;
  const waiting = new Set(ordered.map(({ meta }) => meta.position));
  let before: readonly Envelope[] = [];
  for (let start = 0; start < ordered.length; start += feeding.batchMax) {
    const once = ordered.slice(start, start + feeding.batchMax);
    const events = feeding.twice === 'events' ? once.flatMap((event) => [event, event]) : once;
    for (const { meta } of once) waiting.delete(meta.position);
    const upTo = waiting.size === 0 ? head : Math.min(...waiting) - 1;
    yield { events, upTo };
    if (feeding.twice === 'batches') yield { events, upTo };
    if (feeding.twice === 'late') yield { events: before, upTo };
    before = events;
  }
}

/** Order stays within each feed key; which key comes next is chance. */
function shuffled(log: readonly Envelope[], chances: readonly number[]): readonly Envelope[] {
  const queues = new Map<string, Envelope[]>();
  for (const event of log) queues.set(event.meta.feedKey, [...(queues.get(event.meta.feedKey) ?? []), event]);
  const result: Envelope[] = [];
  for (let turn = 0; result.length < log.length; turn += 1) {
    const open = [...queues.values()].filter((queue) => queue.length > 0);
    const next = open[chances[turn % chances.length]! % open.length]!.shift();
    if (next !== undefined) result.push(next);
  }
  return result;
}
