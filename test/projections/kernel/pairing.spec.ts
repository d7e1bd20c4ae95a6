import { describe, expect, it } from '@jest/globals';
import type { AccountId, ComposeId, ConversationId, MemberId, MessageId } from '../../../src/domain/kernel/ids.js';
import { instant } from '../../../src/domain/kernel/instant.js';
import { ERASED } from '../../../src/domain/kernel/personal.js';
import type { FeedEnvelope, Meta } from '../../../src/projections/kernel/feed-events.js';
import { type Composed, type ComposeWanted, type EnrichSources, enricher } from '../../../src/projections/kernel/pairing.js';
import { fakeKeys, handleOf, sealed } from '../../support/fake-keys.js';

const meta = { position: 1 } as Meta;

const composed = (name: string, extra: Partial<Composed> = {}): Composed => ({
  messageId: `m-${name}` as MessageId,
  composeId: `k-${name}` as ComposeId,
  conversationId: 'c' as ConversationId,
  memberId: 'a' as MemberId,
  baseRevision: 0,
  bodyMac: 'mac',
  body: sealed('ada', `body ${name}`) as never,
  ...extra,
});

const compose = (name: string, extra: Partial<Composed> = {}): FeedEnvelope => ({
  type: 'MessageComposed',
  data: composed(name, extra),
  meta,
});

const post = (name: string): FeedEnvelope => {
  const { messageId, composeId, conversationId, memberId } = composed(name);
  const data = { messageId, composeId, conversationId, memberId, seq: 1, count: 1, class: 'post', postedAt: instant(1) } as const;
  return { type: 'MessagePosted', data, meta };
};

const joined = (account: unknown): FeedEnvelope => ({
  type: 'MemberAdded',
  data: {
    ...{
      conversationId: 'c' as ConversationId,
      memberId: 'a' as MemberId,
      addedBy: 'a' as MemberId,
      account: account as AccountId,
    },
    ...{ role: 'member', fromSeq: 1, seq: 1, count: 0, addedAt: instant(1) },
  },
  meta,
});

/** Remembers what it was asked, and answers from what it was given. */
function world(stored: readonly Composed[] = [], more: Partial<EnrichSources> = {}) {
  const asked: ComposeWanted[][] = [];
  const opens: number[] = [];
  const keys = fakeKeys(new Set(['dead']));
  const enrich = enricher({
    bodies: async (wanted) => {
      asked.push([...wanted]);
      return wanted.map(({ composeId }) => stored.find((one) => one.composeId === composeId) ?? 'absent');
    },
    open: (values) => {
      opens.push(values.length);
      return keys.open(values);
    },
    handles: keys.handles,
    ...more,
  });
  const bodies = async (...events: readonly FeedEnvelope[]) =>
    (await enrich(events)).map((event) => ('body' in event ? event.body : undefined));
  return { enrich, bodies, asked, opens };
}

describe('a post and its content', () => {
  it('are one event: content shows nothing by itself', async () => {
    const { enrich, asked } = world();
    expect(await enrich([compose('one'), compose('draft')])).toEqual([]);
    expect(await enrich([post('one')])).toEqual([{ ...post('one'), body: composed('one').body }]);
    expect(asked).toEqual([]);
  });

  it('are found in the message stream when the content is not in hand, all of a batch in one reading', async () => {
    const { bodies, asked } = world([composed('one'), composed('two')]);
    expect(await bodies(post('one'), compose('three'), post('two'), post('three'), post('gone'))).toEqual([
      ...[composed('one').body, composed('two').body, composed('three').body],
      undefined,
    ]);
    expect(asked.map((wanted) => wanted.map(({ composeId }) => composeId))).toEqual([['k-one', 'k-two', 'k-gone']]);
  });

  it.each([
    ['author', { memberId: 'b' as MemberId }],
    ['conversation', { conversationId: 'd' as ConversationId }],
    ['message', { messageId: 'm-other' as MessageId }],
  ] as const)('do not fit when the content has another %s, in hand or read', async (_, other) => {
    expect(await world().bodies(compose('one', other), post('one'))).toEqual([undefined]);
    expect(await world([composed('one', other)]).bodies(post('one'))).toEqual([undefined]);
  });

  it('do not fit when the content that is read belongs to another attempt', async () => {
    const wrong = world([], { bodies: async (wanted) => wanted.map(() => composed('two', { messageId: 'm-one' as MessageId })) });
    expect(await wrong.bodies(post('one'))).toEqual([undefined]);
  });

  it('cost a reading when the window has lost the oldest content, by number or by size', async () => {
    const few = world([composed('one')], { composesMax: 2 });
    await few.bodies(compose('one'), compose('two'), compose('three'), post('two'), post('one'));
    expect(few.asked.flat().map(({ composeId }) => composeId)).toEqual(['k-one']);
    const small = world([composed('one')], { charactersMax: 2 * sealed('ada', 'body one').sealed.length + 4 });
    await small.bodies(compose('one'), compose('two'), compose('three'), post('two'), post('three'), post('one'));
    expect(small.asked.flat().map(({ composeId }) => composeId)).toEqual(['k-one']);
  });
});

describe('a joining and its handle', () => {
  it('are one event, without handle when the keys are gone, opened and named once for a batch', async () => {
    const { enrich, opens } = world();
    const events = [
      joined(sealed('ada', 'ada')),
      joined(sealed('dead', 'dead')),
      joined(ERASED),
      joined('bea'),
      joined(sealed('cyd', 'cyd')),
    ];
    const enriched = await enrich(events);
    expect(enriched.map((event) => ('handle' in event ? event.handle : undefined))).toEqual([
      handleOf('ada' as AccountId),
      undefined,
      undefined,
      handleOf('bea' as AccountId),
      handleOf('cyd' as AccountId),
    ]);
    expect(enriched.map(({ data }) => (data as { account: unknown }).account)).toEqual(
      events.map(({ data }) => (data as { account: unknown }).account),
    );
    expect(opens).toEqual([3]);
  });

  it('find no handle for an account that opens and whose naming key is gone', async () => {
    const { enrich } = world([], { handles: async (accounts) => accounts.map(() => undefined) });
    expect((await enrich([joined(sealed('ada', 'ada'))]))[0]).not.toHaveProperty('handle');
  });
});
