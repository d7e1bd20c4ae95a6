/**
 * Goal: every draft goes once it is old, nothing that was posted goes, and the log is read once. Method: the use cases over
 * a store that writes one after the other, a clock moved by hand, and a worker that is cut off before each of its writes.
 */
import { beforeEach, describe, expect, it } from '@jest/globals';
import type { EventFeed } from '../../../src/application/ports/event-feed.js';
import type { EventStore } from '../../../src/application/ports/event-store.js';
import { OutcomeUnknown, Unavailable } from '../../../src/application/ports/failures.js';
import { collectDrafts } from '../../../src/application/worker/collect-drafts.js';
import type { ConversationId, MessageId } from '../../../src/domain/kernel/ids.js';
import { ApplicationUnderTest, granted, type Person, type Process } from '../../support/application-under-test.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const JOB = 'collect-drafts';

let app: ApplicationUnderTest;
let process: Process;
let ada: Person;
let conversationId: ConversationId;

const having = <Port extends object>(port: Port, changes: Partial<Port>): Port =>
  Object.assign(Object.create(port) as Port, changes);

beforeEach(async () => {
  app = await ApplicationUnderTest.open();
  process = app.process();
  ada = await app.signIn(process);
  conversationId = app.ids.uuid() as ConversationId;
  granted(await process.createGroup({ conversationId, title: 'Rowers', accountIds: [] }, ada.context));
});

const send = (on: Process, messageId: MessageId) =>
  app.whileTimePasses(
    on.sendMessage({ conversationId, messageId, body: { content: { type: 'text', text: 'Hello' } } }, ada.context),
  );

async function post(): Promise<MessageId> {
  const messageId = app.ids.uuid() as MessageId;
  granted(await send(process, messageId));
  return messageId;
}

/** Composed, and never posted: its process has died. */
async function leaveDraft(messageId = app.ids.uuid() as MessageId): Promise<MessageId> {
  const append: EventStore['append'] = async (writes) => {
    const outcomes = await app.ports.eventStore.append(writes.slice(0, 1));
    if (outcomes[0]?.outcome !== 'appended') return outcomes;
    throw new OutcomeUnknown('The process has died.');
  };
  const eventStore = having(app.ports.eventStore, { append });
  await expect(send(app.process({ eventStore }), messageId)).rejects.toThrow(OutcomeUnknown);
  return messageId;
}

const statusOf = async (messageId: MessageId) => (await app.ports.eventStore.readStream(`message-${messageId}`, 0, 1)).status;
const turn = () => collectDrafts(process.deps, JOB)();

describe('the job that collects drafts', () => {
  it('takes each draft once it is old, and nothing that was posted', async () => {
    const posted = [await post()];
    const drafts = [await leaveDraft(), await leaveDraft()];
    posted.push(await post());
    app.clock.advance(31 * DAY_MS - 60_000);
    expect(await turn()).toEqual({ count: 0, more: false });
    app.clock.advance(60_000 + 10_000);
    const young = await leaveDraft();
    expect(await turn()).toEqual({ count: 2, more: false });
    expect(await Promise.all(drafts.map(statusOf))).toEqual(['removed', 'removed']);
    expect(await Promise.all([...posted, young].map(statusOf))).toEqual(['found', 'found', 'found']);
    const known = await process.deps.eventFeed.committed(JOB);
    expect(await turn()).toEqual({ count: 0, more: false });
    expect(await process.deps.eventFeed.committed(JOB)).toBe(known);
    app.clock.advance(31 * DAY_MS);
    await turn();
    expect(await statusOf(young)).toBe('removed');
  });

  it('meets a draft again that was composed again meanwhile, and leaves what was posted at last', async () => {
    const [again, late] = [await leaveDraft(), await leaveDraft()];
    app.clock.advance(20 * DAY_MS);
    await leaveDraft(again);
    granted(await send(process, late));
    app.clock.advance(12 * DAY_MS);
    expect((await turn()).count).toBe(0);
    expect(await Promise.all([again, late].map(statusOf))).toEqual(['found', 'found']);
    app.clock.advance(20 * DAY_MS);
    expect((await turn()).count).toBe(1);
    expect(await Promise.all([again, late].map(statusOf))).toEqual(['removed', 'found']);
  });

  it('loses nothing when it is cut off before any of its writes', async () => {
    for (const cutAt of [0, 1, 2, 3]) {
      const drafts = [await leaveDraft(), await leaveDraft()];
      app.clock.advance(32 * DAY_MS);
      let writes = 0;
      const cut =
        <Args extends readonly unknown[], Answer>(write: (...args: Args) => Promise<Answer>) =>
        (...args: Args): Promise<Answer> => {
          if (writes === cutAt) return Promise.reject(new Unavailable('The process has died.'));
          writes += 1;
          return write(...args);
        };
      const { eventStore, eventFeed } = app.ports;
      const deps = {
        ...process.deps,
        eventStore: having<EventStore>(eventStore, { remove: cut(eventStore.remove.bind(eventStore)) }),
        eventFeed: having<EventFeed>(eventFeed, { commit: cut(eventFeed.commit.bind(eventFeed)) }),
      };
      await collectDrafts(deps, JOB)().catch(() => undefined);
      await turn();
      expect(await Promise.all(drafts.map(statusOf))).toEqual(['removed', 'removed']);
    }
  });
});
