/** Goal: a draft goes after 31 days, and nothing else does: not what was posted, not what somebody sends meanwhile. */
import { beforeEach, describe, expect, it } from '@jest/globals';
import { collectDraft } from '../../../src/application/message/collect-draft.js';
import type { EventStore } from '../../../src/application/ports/event-store.js';
import { OutcomeUnknown } from '../../../src/application/ports/failures.js';
import type { ConversationId, MessageId } from '../../../src/domain/kernel/ids.js';
import { ApplicationUnderTest, granted, type Person, type Process } from '../../support/application-under-test.js';
import { copyWith } from '../../support/mutants.js';
import { mutants } from '../../support/send-mutants.js';

const DAY_MS = 24 * 60 * 60 * 1_000;

let app: ApplicationUnderTest;
let process: Process;
let ada: Person;
let conversationId: ConversationId;
let messageId: MessageId;

const send = (on: Process) =>
  app.whileTimePasses(
    on.sendMessage({ conversationId, messageId, body: { content: { type: 'text', text: 'Hello' } } }, ada.context),
  );

const over = (changes: Partial<EventStore>): EventStore => {
  const store = app.ports.eventStore;
  return {
    append: (writes) => store.append(writes),
    remove: (...given) => store.remove(...given),
    truncate: (...given) => store.truncate(...given),
    readStream: (...given) => store.readStream(...given),
    readAll: (...given) => store.readAll(...given),
    headPosition: () => store.headPosition(),
    appendedAfter: (...given) => store.appendedAfter(...given),
    ...changes,
  };
};

beforeEach(async () => {
  app = await ApplicationUnderTest.open();
  process = app.process();
  ada = await app.signIn(process);
  conversationId = app.ids.uuid() as ConversationId;
  messageId = app.ids.uuid() as MessageId;
  granted(await process.createGroup({ conversationId, title: 'Rowers', accountIds: [] }, ada.context));
});

/** Composed, and never posted: its process has died. */
async function leaveDraft(): Promise<void> {
  const append: EventStore['append'] = async (writes) => {
    await app.ports.eventStore.append(writes.slice(0, 1));
    throw new OutcomeUnknown('The process has died.');
  };
  await expect(send(app.process({ eventStore: over({ append }) }))).rejects.toThrow(OutcomeUnknown);
}

const statusOf = async () => (await app.ports.eventStore.readStream(`message-${messageId}`, 0, 1)).status;

describe('the draft collector', () => {
  it('takes what was composed and not posted for 31 days, once and for all', async () => {
    await leaveDraft();
    app.clock.advance(30 * DAY_MS);
    expect(await collectDraft(process.deps)(messageId)).toMatchObject({ ok: false });
    app.clock.advance(2 * DAY_MS);
    expect(await collectDraft(process.deps)(messageId)).toEqual({ ok: true, value: 'collected' });
    expect(await collectDraft(process.deps)(messageId)).toEqual({ ok: true, value: 'collected' });
    expect(await send(app.process())).toMatchObject({ ok: false, rejection: { type: 'MessageGone' } });
  });

  it('leaves what was posted, by whatever attempt', async () => {
    await leaveDraft();
    granted(await send(app.process()));
    app.clock.advance(40 * DAY_MS);
    expect(await collectDraft(process.deps)(messageId)).toMatchObject({ ok: false, rejection: { type: 'NotADraft' } });
    expect(await statusOf()).toBe('found');
  });

  it('leaves what is nothing', async () => {
    expect(await collectDraft(process.deps)(messageId)).toMatchObject({ ok: false, rejection: { type: 'NotADraft' } });
  });

  /** Somebody's late retry posts the draft between the proof and the removal. */
  async function collectedMeanwhile(collect: typeof collectDraft): Promise<string> {
    await leaveDraft();
    app.clock.advance(40 * DAY_MS);
    let isSent = false;
    const sneak = async () => {
      if (isSent) return;
      isSent = true;
      granted(await send(app.process()));
    };
    const readStream: EventStore['readStream'] = async (stream, from, max) => {
      const slice = await app.ports.eventStore.readStream(stream, from, max);
      // The last thing that the collector reads before it removes is the conversation.
      if (stream.startsWith('conversation-')) await sneak();
      return slice;
    };
    const postedIndex = { find: async () => 'unknown' as const };
    await collect(app.process({ eventStore: over({ readStream }), postedIndex }).deps)(messageId);
    return statusOf();
  }

  it('leaves a draft that is sent while it is being collected', async () => {
    expect(await collectedMeanwhile(collectDraft)).toBe('found');
  });

  it('would lose it, did it not remove at the revision that it has read', async () => {
    const { patches } = mutants.find(({ name }) => name.startsWith('collects at the newest revision'))!;
    const { modules, close } = await copyWith(patches);
    expect(await collectedMeanwhile(modules.collectDraft)).toBe('removed');
    close();
  });
});
