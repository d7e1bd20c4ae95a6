/**
 * The event store on SQLite and the one in memory must agree on everything, whatever is asked of them in whatever order.
 * Method: random appends (several under way at once), resends, removals, truncations and restarts; after each, all answers are compared.
 * Segments of seven events, two to a level, and hashes that collide put the index through all it can do.
 */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { EventLog, InMemoryEventStore } from '../../src/adapters/in-memory/in-memory-event-store.js';
import type { StreamIndexOptions } from '../../src/adapters/sqlite/stream-index.js';
import type { EventStore, Write } from '../../src/application/ports/event-store.js';
import { EventsFolder } from '../support/events-folder.js';
import { newEvents, removalMeta, write } from '../support/new-events.js';

const STREAMS = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta'];
const ALL = 1_000;

type WriteSpec = { stream: number; expected: 'no-stream' | 'any' | number; count: number };
type Step =
  | { kind: 'append'; appends: WriteSpec[][] }
  | { kind: 'resend'; back: number }
  | { kind: 'remove'; stream: number; off: number }
  | { kind: 'truncate'; stream: number; off: number }
  | { kind: 'restart' };

const stream = fc.nat(STREAMS.length - 1);
/** A number is how far the expectation lies from the head. */
const expected = fc.oneof(
  { weight: 4, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.constant('any' as const) },
  { weight: 2, arbitrary: fc.constant('no-stream' as const) },
  { weight: 1, arbitrary: fc.integer({ min: -2, max: 1 }) },
);
const writeSpec: fc.Arbitrary<WriteSpec> = fc.record({ stream, expected, count: fc.integer({ min: 1, max: 3 }) });
const appends = fc.array(fc.array(writeSpec, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('append' as const), appends }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('resend' as const), back: fc.nat(5) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('remove' as const), stream, off: fc.constantFrom(0, 0, 0, 1) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('truncate' as const), stream, off: fc.integer({ min: -1, max: 6 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);
const hashOf = fc.constantFrom<NonNullable<StreamIndexOptions['hashOf']> | undefined>(
  undefined,
  () => 0,
  (name) => name.length,
  (name) => name.length * 2 ** 49,
);

class Pair {
  private readonly sent: (readonly Write[])[] = [];
  private readonly model = new InMemoryEventStore({}, new EventLog());
  private store: EventStore;

  constructor(
    private readonly folder: EventsFolder,
    private readonly options: StreamIndexOptions,
  ) {
    this.store = this.open();
  }

  async take(next: Step): Promise<void> {
    if (next.kind === 'restart') this.store = this.open();
    if (next.kind === 'append') await this.append(await Promise.all(next.appends.map((specs) => this.writesOf(specs))));
    if (next.kind === 'resend') await this.append(this.sent.slice(-1 - next.back).slice(0, 1));
    if (next.kind === 'remove') await this.remove(STREAMS[next.stream]!, next.off);
    if (next.kind === 'truncate') await this.truncate(STREAMS[next.stream]!, next.off);
    await this.compare();
  }

  /** No power fails here, so that nothing waits for the disk. */
  private open(): EventStore {
    const store = this.folder.open(this.options);
    this.folder.writer.connection.pragma('synchronous = OFF');
    return store;
  }

  private async append(batch: readonly (readonly Write[])[]): Promise<void> {
    this.sent.push(...batch);
    await this.agreeOn((store) => Promise.all(batch.map((writes) => store.append(writes))));
  }

  private async remove(name: string, off: number): Promise<void> {
    const revision = (await this.headOf(name)) - off;
    const meta = removalMeta();
    await this.agreeOn((store) => store.remove(name, revision, meta));
  }

  private async truncate(name: string, off: number): Promise<void> {
    const before = (await this.headOf(name)) - off;
    await this.agreeOn((store) => store.truncate(name, before));
  }

  private writesOf(specs: readonly WriteSpec[]): Promise<Write[]> {
    return Promise.all(
      specs.map(async ({ stream: at, expected: off, count }) => {
        const name = STREAMS[at]!;
        return write(name, typeof off === 'number' ? (await this.headOf(name)) + off : off, newEvents(count));
      }),
    );
  }

  private async headOf(name: string): Promise<number> {
    const slice = await this.model.readStream(name, 0, 0);
    return slice.status === 'found' ? slice.head : -1;
  }

  private async compare(): Promise<void> {
    await this.agreeOn((store) => store.headPosition());
    await this.agreeOn((store) => store.readAll(0, ALL));
    await this.agreeOn((store) => store.readAll(3, 5));
    for (const name of STREAMS) {
      await this.agreeOn((store) => store.readStream(name, 0, ALL));
      await this.agreeOn((store) => store.readStream(name, 4, 3));
    }
  }

  private async agreeOn(question: (store: EventStore) => Promise<unknown>): Promise<void> {
    expect(await question(this.store)).toEqual(await question(this.model));
  }
}

describe('SqliteEventStore and InMemoryEventStore', () => {
  it('agree on everything', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), hashOf, async (steps, hash) => {
        const folder = await EventsFolder.make();
        try {
          const options = { segmentEvents: 7, segmentsPerLevel: 2, headsMax: 2, ...(hash && { hashOf: hash }) };
          const pair = new Pair(folder, options);
          for (const next of steps) await pair.take(next);
        } finally {
          await folder.remove();
        }
      }),
      { numRuns: 60 },
    );
  }, 120_000);
});
