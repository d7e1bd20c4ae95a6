/**
 * Goal: views built anew from what is left answer every question as views built live do. Method: histories of real
 * decisions, built live with any batches, repetitions, interleaving and restarts, while streams are removed and keys
 * destroyed meanwhile; then built from zero from what the store still has; by both writers.
 */
import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import fc from 'fast-check';
import { InMemoryViews } from '../../src/adapters/in-memory/in-memory-views.js';
import { SqliteProjectionWriter } from '../../src/adapters/sqlite/sqlite-projection-writer.js';
import { SqliteViews } from '../../src/adapters/sqlite/sqlite-views.js';
import { conversation } from '../../src/domain/conversation/conversation.js';
import type { ConversationEvent } from '../../src/domain/conversation/events.js';
import { fold } from '../../src/domain/kernel/decider.js';
import type { Envelope } from '../../src/domain/kernel/envelope.js';
import type { ReceiptsEvent } from '../../src/domain/receipts/events.js';
import { supersededMarks } from '../../src/domain/receipts/superseded.js';
import type { ProjectionWriter, Views } from '../../src/projections/kernel/views.js';
import { allCollections } from '../../src/projections/projections.js';
import { allAnswers } from '../support/all-answers.js';
import { fakeKeys } from '../support/fake-keys.js';
import { anyFeeding, bodiesIn, build, type Feeding, IN_ORDER } from '../support/feeding.js';
import { anySteps, History, PEOPLE } from '../support/generated-history.js';

interface Store {
  readonly writer: ProjectionWriter;
  readonly views: Views;
  close(): void;
}

function inMemory(): Store {
  const views = new InMemoryViews();
  return { writer: views, views, close: () => undefined };
}

function sqlite(): Store {
  const connection = new Database(':memory:');
  const writer = new SqliteProjectionWriter(connection, allCollections);
  return { writer, views: new SqliteViews(connection, allCollections), close: () => connection.close() };
}

/** What happens to the store while the views are built live: some of it before they get there, some of it after. */
interface Losses {
  /** Which of the streams that end up removed are gone already when their posts are read. */
  readonly goneEarly: readonly boolean[];
  readonly destroyed: readonly (typeof PEOPLE)[number][];
  readonly destroyedAtBatch: number;
}

const anyLosses: fc.Arbitrary<Losses> = fc.record({
  goneEarly: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
  destroyed: fc.subarray([...PEOPLE], { maxLength: 2 }),
  destroyedAtBatch: fc.nat(10),
});

async function builtLive(open: () => Store, history: History, losses: Losses, feeding: Feeding): Promise<unknown> {
  const store = open();
  try {
    const keys = fakeKeys();
    const removed = [...history.removedStreams];
    const early = new Set(removed.filter((_, index) => losses.goneEarly[index % losses.goneEarly.length]));
    const destroy = () => {
      for (const accountId of losses.destroyed) keys.destroyed.add(accountId);
    };
    const between = (batch: number) => {
      if (batch >= losses.destroyedAtBatch) destroy();
    };
    const bodies = bodiesIn(history.log, (stream) => early.has(stream));
    await build(store.writer, { log: history.log, bodies, keys, between }, feeding);
    destroy();
    return await allAnswers(store.views, history, keys);
  } finally {
    store.close();
  }
}

async function rebuilt(
  open: () => Store,
  history: History,
  losses: Losses,
  feeding: Feeding,
  isLeft: (event: Envelope) => boolean = () => true,
): Promise<unknown> {
  const store = open();
  try {
    const keys = fakeKeys(new Set(losses.destroyed));
    const log = history.remaining().filter(isLeft);
    const bodies = bodiesIn(log, (stream) => history.removedStreams.has(stream));
    await build(store.writer, { log, bodies, keys }, feeding);
    return await allAnswers(store.views, history, keys);
  } finally {
    store.close();
  }
}

/** What is left when, so many events into the history, every member's superseded marks were let go of. */
function withoutSuperseded({ log }: History, eventsBefore: number): (event: Envelope) => boolean {
  const past = log.slice(0, eventsBefore);
  const firsts = new Map<string, number>();
  for (const [stream, events] of Map.groupBy(past, ({ meta }) => meta.stream)) {
    const marks = events as unknown as readonly ReceiptsEvent[];
    const [mark] = marks;
    if (mark === undefined || !stream.startsWith('receipts-')) continue;
    const conversed = past.filter(({ meta }) => meta.stream === `conversation-${mark.data.conversationId}`);
    const state = fold(conversation, conversation.initial, conversed as unknown as readonly ConversationEvent[]);
    const member = state.status === 'open' ? state.members.get(mark.data.memberId) : undefined;
    firsts.set(stream, supersededMarks(marks, member?.joinedSeq));
  }
  return ({ meta }) => meta.revision >= (firsts.get(meta.stream) ?? 0);
}

describe('views that are built anew', () => {
  it('answer every question as those that were built live', async () => {
    await fc.assert(
      fc.asyncProperty(anySteps(10, 70), anyLosses, anyFeeding, anyFeeding, async (steps, losses, live, anew) => {
        const history = new History(steps);
        const expected = await rebuilt(inMemory, history, losses, IN_ORDER);
        expect(await rebuilt(sqlite, history, losses, anew)).toEqual(expected);
        expect(await rebuilt(inMemory, history, losses, anew)).toEqual(expected);
        expect(await builtLive(inMemory, history, losses, live)).toEqual(expected);
        expect(await builtLive(sqlite, history, losses, live)).toEqual(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('answer every question after superseded marks were let go of at any moment', async () => {
    let letGo = 0;
    await fc.assert(
      fc.asyncProperty(anySteps(30, 120), anyLosses, anyFeeding, fc.nat(150), async (steps, losses, anew, eventsBefore) => {
        const history = new History(steps);
        const isLeft = withoutSuperseded(history, eventsBefore);
        letGo += history.log.filter((event) => !isLeft(event)).length;
        const expected = await rebuilt(inMemory, history, losses, IN_ORDER);
        expect(await rebuilt(sqlite, history, losses, anew, isLeft)).toEqual(expected);
      }),
      { numRuns: 60 },
    );
    expect(letGo).toBeGreaterThan(0);
  });
});
