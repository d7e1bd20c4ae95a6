/**
 * TABLE of planted bugs: what the altered code does, the texts that make it do so (each must stand in its file exactly
 * once), and a seed at which the checker says what is wrong.
 */
export interface Patch {
  /** Under `src`. */
  readonly file: string;
  readonly find: string;
  readonly put: string;
}

export interface PlantedBug {
  readonly name: string;
  readonly patches: readonly Patch[];
  /** That of a world with habits, or `plain:` and that of one without. */
  readonly seed: number | `plain:${number}`;
  /** Found at the first seed: the gate has time for it. */
  readonly isQuick: boolean;
}

const QUICK_SEED_MAX = 1;
const PLAIN = 'plain:';

export const numberOf = (seed: PlantedBug['seed']): number => Number(String(seed).replace(PLAIN, ''));

const bug = (
  seed: PlantedBug['seed'],
  name: string,
  ...patches: readonly (readonly [file: string, find: string, put: string])[]
): PlantedBug => ({
  name,
  seed,
  isQuick: numberOf(seed) <= QUICK_SEED_MAX,
  patches: patches.map(([file, find, put]) => ({ file, find, put })),
});

const ATTEMPT = 'application/message/send-attempt.ts';
const CONVERSATION = 'domain/conversation/conversation.ts';
const RUNNER = 'projections/kernel/runner.ts';
const FAN_OUT = 'adapters/websocket/fan-out.ts';
const CATCH_UP = 'adapters/websocket/catch-up.ts';
const SESSION = 'adapters/websocket/session.ts';
const RECEIPTS = 'projections/receipts.ts';
const SYNC = 'projections/facts-since.ts';

const sending: readonly PlantedBug[] = [
  bug('plain:1', 'posts again without a proof', [
    ATTEMPT,
    'item.message && settledByProof(deps, item, item.message, base.revision)',
    'false',
  ]),
  bug('plain:10', 'takes what the index does not know for a no', [
    'application/message/posted.ts',
    '?? (await byScan(deps, messageId, conversationId, after, upTo))',
    '',
  ]),
  bug('plain:21', 'trusts a refusal that was decided on a cached state', [
    ATTEMPT,
    'refused.push(item);',
    'if (posting.ok) refused.push(item); else item.answer(posting);',
  ]),
  bug('plain:4', 'refuses without a proof', [
    ATTEMPT,
    'return (await settledByProof(deps, item, known, head.revision)) ? undefined : head;',
    'return head;',
  ]),
  bug('plain:1', 'posts at any revision', [
    ATTEMPT,
    "const expected = base.revision === -1 ? 'no-stream' : base.revision;",
    "const expected = 'any';",
  ]),
  bug('plain:1', 'acknowledges before the append', [
    ATTEMPT,
    'const deadlineMs = Math.max(',
    `for (const [index, { item, posted }] of formed.entries()) {
    const { messageId, seq, postedAt } = posted.data;
    item.answer(ok({ messageId, seq, postedAt, revision: base.revision + 1 + index, position: 0 }));
  }
  const deadlineMs = Math.max(`,
  ]),
  bug('plain:1', 'takes any two sends with one id for the same message', [
    'domain/message/message.ts',
    'return state.conversationId === conversationId && state.memberId === memberId && state.composes[0].bodyMac === bodyMac;',
    'return [state, conversationId, memberId, bodyMac].length > 0;',
  ]),
  bug('plain:6', 'takes an unknown outcome for a success', [
    'application/append-surely.ts',
    'if (error instanceof OutcomeUnknown) unknown = error;',
    `if (error instanceof OutcomeUnknown)
        return writes.map(({ expected, events }) => ({ outcome: 'appended', revision: (typeof expected === 'number' ? expected : -1) + events.length, position: 1 }));`,
  ]),
  bug('plain:8', 'collects whatever was composed, posted or not', [
    'application/message/collect-draft.ts',
    "if (posted !== undefined) return rejected({ type: 'NotADraft' });",
    '',
  ]),
];

const deciding: readonly PlantedBug[] = [
  bug('plain:14', 'lets who joins see one place before', [
    CONVERSATION,
    "role: 'member', addedBy: command.by, fromSeq: seq, seq, count }",
    "role: 'member', addedBy: command.by, fromSeq: seq - 1, seq, count }",
  ]),
  bug('plain:2', 'lets who joins see everything', [
    CONVERSATION,
    "role: 'member', addedBy: command.by, fromSeq: seq, seq, count }",
    "role: 'member', addedBy: command.by, fromSeq: 1, seq, count }",
  ]),
  bug('plain:1', 'gives a place again after somebody has left', [
    CONVERSATION,
    `      members.delete(event.data.memberId);
      return { ...state, members, seq: event.data.seq, revision, membersVersion: revision };`,
    `      members.delete(event.data.memberId);
      return { ...state, members, revision, membersVersion: revision };`,
  ]),
  bug('plain:1', 'keeps who was put out as a member', [CONVERSATION, '      members.delete(event.data.memberId);\n', '']),
  bug('plain:1', 'does not count posts', [
    CONVERSATION,
    'seq: event.data.seq, count: event.data.count, lastPostedAt',
    'seq: event.data.seq, lastPostedAt',
  ]),
  bug(
    'plain:5',
    'lets a revoked device come again',
    ['application/device/revoke-device.ts', 'await deps.credentials.revokeDevice(deviceId);', ''],
    [
      'application/device/end-revoked-sessions.ts',
      "if (event.type === 'DeviceRevoked') await",
      "if (event.type === 'DeviceRevoked' && event.data.deviceId === undefined) await",
    ],
  ),
  bug('plain:50', 'goes on using the keys of who was erased', [
    'adapters/crypto/destruction-lease.ts',
    'return this.clock.monotonicMs() - this.readAtMs >= limits.keyCacheLifeMs;',
    'return this.known === undefined && limits.keyCacheLifeMs > 0;',
  ]),
];

const showing: readonly PlantedBug[] = [
  bug('plain:20', 'moves the checkpoint before the views', [
    RUNNER,
    'const enriched = await this.options.enrich(news);',
    `await this.options.writer.apply([...checkpoints.keys()].map(({ collection }) => ({ collection, writes: [] })), upTo);
    const enriched = await this.options.enrich(news);`,
  ]),
  bug('plain:7', 'keeps the last mark instead of the furthest', [
    RECEIPTS,
    'set: { position }, max, onlyIf',
    'set: { position, ...max }, onlyIf',
  ]),
  bug('plain:26', 'counts what was written before the joining as unread', [
    'projections/conversation-list.ts',
    'if (readSeq <= joining.seq) return count - joining.count;',
    'if (readSeq <= joining.seq) return count;',
  ]),
  bug('plain:2', 'shows a removed message', [
    'projections/conversation-timeline.ts',
    "const stub = { set: { state: 'removed' }, unset: ['body'] } as const;",
    'const stub = { set: {}, unset: [] } as const;',
  ]),
  bug('plain:1', 'lets who has left see what comes after', [
    'projections/conversation-members.ts',
    'return ending === undefined ? from : { ...from, toSeq: ending.seq, toRevision: ending.revision, ending };',
    'return ending === undefined ? from : { ...from, ending };',
  ]),
  bug('plain:20', 'does not list a conversation anew when a message is removed', [
    'projections/conversation-list.ts',
    `    MessageRemoved: ({ data: { conversationId } }, { revision, position }) => [
      { verb: 'patch', key: { conversationId }, set: { lastRevision: revision, lastPosition: position } },
    ],
`,
    '',
  ]),
  bug('plain:13', 'answers a cursor that is one too far', [SYNC, ': { after: upTo },', ': { after: upTo + 1 },']),
  bug('plain:27', 'leaves out the first fact that is new', [
    'projections/timeline-search.ts',
    'return entry === undefined || entry.position > position;',
    'return entry === undefined || entry.position > position + 1;',
  ]),
];

const guarding: readonly PlantedBug[] = [
  bug(82, 'lets a view take again what its rows have seen', [
    'projections/kernel/document.ts',
    '(row === undefined || row.position < position)',
    'position > 0',
  ]),
];

const telling: readonly PlantedBug[] = [
  bug('plain:1', 'tells members after their end', [FAN_OUT, 'this.deps.hub.leave(event.data);', '']),
  bug(
    'plain:1',
    'takes a socket in when the sync is over',
    [CATCH_UP, '  await deps.fanOut.admit(session, limits.sendDeadlineMs);\n', ''],
    [
      CATCH_UP,
      'else await fromLog(deps, session, from);',
      'else await fromLog(deps, session, from);\n  await deps.fanOut.admit(session, limits.sendDeadlineMs);',
    ],
  ),
  bug('plain:3', 'begins a batch while the one before it is still being told', [
    FAN_OUT,
    'await this.deliver(news, batch.upTo);',
    'void this.deliver(news, batch.upTo);',
  ]),
  bug(
    173,
    'tells whoever has joined since what the feed hands over again',
    [FAN_OUT, 'position > this.upTo && !this.ahead.has(position)', 'position > 0'],
    [FAN_OUT, 'fromRevision: intervalsOf(member).at(-1)?.fromRevision ?? 0', 'fromRevision: 0'],
  ),
  bug(104, 'tells who comes in the second batch of a creation the first one as if they were there', [
    FAN_OUT,
    'for (const { frame } of this.begun.facts) session.deliver({ frame, position: event.meta.position });',
    'for (const fact of this.begun.facts) session.deliver(fact);',
  ]),
  bug('plain:1', 'skips every batch of two events', [
    FAN_OUT,
    'if (news.length > 0) await this.deliver(news, batch.upTo);',
    'if (news.length > 0 && news.length !== 2) await this.deliver(news, batch.upTo);',
  ]),
  bug('plain:3', 'takes a socket in before the views are there', [
    FAN_OUT,
    '    await this.waitUntil(liveFrom, withinMs);\n',
    '',
  ]),
  bug('plain:1', 'hides the beginning of a creation from whoever comes in its second batch', [
    FAN_OUT,
    'const hasAll = created.has(conversationId) ||',
    'const hasAll = true || created.has(conversationId) ||',
  ]),
  bug('plain:6', 'forgets what waited while a device caught up', [
    SESSION,
    'if ((fact.asNewAs ?? fact.position) > syncedUpTo) this.deliver(fact);',
    'if (fact.position < 0) this.deliver(fact);',
  ]),
  bug('plain:7', 'tells live facts in the middle of the sync', [
    SESSION,
    "if (this.phase === 'live') this.push(fact);",
    "if (this.phase === 'catching-up') this.write(fact.frame); else if (this.phase === 'live') this.push(fact);",
  ]),
  bug('plain:2', 'marks what it has not told yet', [
    'adapters/websocket/heartbeat.ts',
    'session.markDue(deps.fanOut.upTo)',
    'session.markDue(deps.fanOut.upTo + 3)',
  ]),
];

const joining: readonly PlantedBug[] = [
  bug(1, 'does not say what a conversation is to who is taken into it', [
    FAN_OUT,
    'session.join(event.meta.position, after());',
    'void session;',
  ]),
  bug(1, 'begins to tell a joining after it', [
    FAN_OUT,
    'event.meta.position - 1 : this.upTo',
    'event.meta.position : this.upTo',
  ]),
];

const LANES = 'application/message/send-lanes.ts';
const KEYS = 'adapters/http/idempotency-keys.ts';
const POLL = 'adapters/nest/long-poll.ts';

const MARKS = 'application/receipts/receipt-marks.ts';

const answering: readonly PlantedBug[] = [
  bug(15, 'says that there is nothing to do by a cached state', [
    'application/handle.ts',
    '(!decided.ok || decided.value.length === 0) && !isHead',
    '!decided.ok && !isHead',
  ]),
  bug(47, 'writes the first of several marks instead of the furthest', [
    MARKS,
    'queue.next.seq = Math.max(queue.next.seq, mark.seq);',
    '',
  ]),
  bug(49, 'puts two sends of one message into one batch', [
    LANES,
    'if (taken.has(next.send.messageId)) lane',
    'if (bytes < 0) lane',
  ]),
  bug(
    56,
    'serves a device on that was revoked',
    [FAN_OUT, "this.deps.hub.ofDevice(event.data.deviceId)?.close(closeCodes.deviceRevoked, 'the device was revoked');", ''],
    ['adapters/websocket/heartbeat.ts', '>= REVOKED_WITHIN_MS : isPingDue)', '>= REVOKED_WITHIN_MS : false)'],
  ),
  bug(3, 'keeps the answer before the effect', [
    KEYS,
    `const body = await run();
      await this.keep(request, () => ledger.settle(keyed, attempt, answerOf(reply, body)));`,
    `await this.keep(request, () => ledger.settle(keyed, attempt, answerOf(reply, undefined)));
      const body = await run();`,
  ]),
  bug(3, 'takes the key of another account for the same', [
    KEYS,
    'session === undefined ?',
    'session !== undefined ? `account` : session === undefined ?',
  ]),
  bug(3, 'does a request again though its answer was kept', [
    'adapters/crypto/ledger-row.ts',
    'if (living?.answer) {',
    'if (living?.answer && living.attempt === attempt) {',
  ]),
  bug(15, 'lets go of a key whose request was refused for good', [
    KEYS,
    '(isFinal ? ledger.settle',
    '(isFinal && problem.status < 400 ? ledger.settle',
  ]),
  bug(15, 'takes whatever comes under a used key for the same request', [
    'adapters/crypto/ledger-row.ts',
    '!sameBytes(living.requestHash, requestHash)',
    'living.requestHash.length !== requestHash.length',
  ]),
];

const paging: readonly PlantedBug[] = [
  bug(1, 'leaves out a conversation between two pages', [
    SYNC,
    'below: lowest, seen',
    'below: waiting[taken.length]?.at ?? lowest, seen',
  ]),
  bug(9, 'passes over what moves up while a device pages', [
    SYNC,
    'at >= page.below && at > upTo)',
    'at < page.below && at > upTo)',
  ]),
  bug(1, 'vouches in the end for what came while a device paged', [
    SYNC,
    'const upTo = page?.upTo ?? built;',
    'const upTo = built;',
  ]),
  bug(3, 'reads the next page from views that are behind', ['adapters/nest/sync.ts', '< cursor.page.seen)', '< 0)']),
];

const waiting: readonly PlantedBug[] = [
  bug(2, 'lets a device wait without its conversations', [
    POLL,
    'waits.join(wait, await this.deps.conversationsOf(handle));',
    '',
  ]),
  bug(13, 'wakes who waits before the views are there', [
    'processes.ts',
    `    yield batch;
    await waits.applied(batch.events);`,
    `    await waits.applied(batch.events);
    yield batch;`,
  ]),
];

const reading: readonly PlantedBug[] = [
  bug(47, 'catches a slow reader up from the first fact that was dropped', [
    SESSION,
    'this.droppedFrom = Math.min(this.droppedFrom, position);',
    'void position;',
  ]),
  bug(5, 'forgets to catch a slow reader up', [
    SESSION,
    "if (this.phase === 'behind') this.around.fellBehind(this, this.droppedFrom);",
    "if (this.phase === 'behind') this.phase = 'live';",
  ]),
  bug(5, 'goes on telling a reader that is behind', [
    SESSION,
    "else if (this.phase === 'behind') this.drop(fact);",
    "else if (this.phase === 'behind') this.write(fact.frame);",
  ]),
  bug(5, 'forgets that too much waited while a device caught up', [
    'adapters/websocket/waiting-facts.ts',
    'this.hasOverflowed = true;',
    'this.hasOverflowed = false;',
  ]),
  bug(25, 'takes one place too many for delivered', [
    'projections/delivered-through.ts',
    "high: after - 1 }, 'last')",
    "high: after }, 'last')",
  ]),
  bug(33, 'tells the marks of who has left', [
    FAN_OUT,
    'return isMark(event) && this.former.has(memberKey(event.data));',
    'return isMark(event) && this.former.size < 0;',
  ]),
];

export const plantedBugs: readonly PlantedBug[] = [
  ...[...sending, ...deciding, ...showing, ...guarding, ...telling],
  ...[...joining, ...answering, ...paging, ...waiting, ...reading],
];
