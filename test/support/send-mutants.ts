/**
 * TABLE rule of sending -> the code without it, and the run in which it is found out: the best of eight
 * seeds, so that the table stays quick; a rule that is found by one run in a thousand is found all the same.
 */
import type { Patch } from './mutants.js';

export interface Mutant {
  /** What the altered code does. */
  readonly name: string;
  readonly patches: readonly Patch[];
  readonly seed: number;
  /** The run of that seed which finds it: the search begins there, and goes on when the code has moved. */
  readonly path: string;
}

const attempt = (find: string, put: string): Patch => ({ file: 'application/message/send-attempt.ts', find, put });
const posted = (find: string, put: string): Patch => ({ file: 'application/message/posted.ts', find, put });
const lanes = (find: string, put: string): Patch => ({ file: 'application/message/send-lanes.ts', find, put });
const collect = (find: string, put: string): Patch => ({ file: 'application/message/collect-draft.ts', find, put });
const surely = (find: string, put: string): Patch => ({ file: 'application/append-surely.ts', find, put });
const message = (find: string, put: string): Patch => ({ file: 'domain/message/message.ts', find, put });

export const mutants: readonly Mutant[] = [
  {
    name: 'posts again without a proof',
    patches: [attempt('item.message && settledByProof(deps, item, item.message, base.revision)', 'false')],
    seed: 7,
    path: '0',
  },
  {
    name: 'takes a proof for an older revision',
    patches: [
      attempt(
        'const after = Math.max(baseRevisionMin(state), item.provenUpTo ?? -1);',
        'if (item.provenUpTo !== undefined) return false;\n  const after = baseRevisionMin(state);',
      ),
    ],
    seed: 8,
    path: '0',
  },
  {
    name: 'takes what the index does not know for a no',
    patches: [posted('?? (await byScan(deps, messageId, conversationId, after, upTo))', '')],
    seed: 7,
    path: '0',
  },
  {
    name: 'trusts a refusal that was decided on a cached state',
    patches: [
      attempt(
        'refused.push(item);',
        `if (posting.ok) refused.push(item);
      else item.answer(posting);`,
      ),
    ],
    seed: 5,
    path: '1',
  },
  {
    name: 'decides a refusal again on the cached state, not on the head',
    patches: [
      attempt(
        'if (!(await reread(deps, item))) return undefined;\n  const head = await deps.conversations.head(conversationId);',
        'if (!(await reread(deps, item))) return undefined;\n  const head = await deps.conversations.cached(conversationId);',
      ),
    ],
    seed: 7,
    path: '16',
  },
  {
    name: 'refuses without a proof',
    patches: [attempt('return (await settledByProof(deps, item, known, head.revision)) ? undefined : head;', 'return head;')],
    seed: 5,
    path: '1',
  },
  {
    name: 'refuses without reading its own message stream',
    patches: [attempt('if (!(await reread(deps, item))) return undefined;\n  const head', 'const head')],
    seed: 5,
    path: '1',
  },
  {
    name: 'posts an earlier compose instead of composing anew',
    patches: [
      attempt(
        'const composeId = deps.ids.uuid() as ComposeId;\n    const posting',
        `const composeId =
      item.message?.state.status === 'drafted' ? item.message.state.composes[0].composeId : (deps.ids.uuid() as ComposeId);
    const posting`,
      ),
      attempt(
        'const outcomes = await appendSurely(deps, writes, { startedMs, deadlineMs });',
        `const isNew = writes.map((write) => typeof write.expected !== 'number' || write.stream.startsWith('conversation-'));
  const some = await appendSurely(deps, writes.filter((_, index) => isNew[index]), { startedMs, deadlineMs });
  const outcomes: WriteOutcome[] = [];
  for (const one of isNew) {
    const outcome = one ? some[outcomes.filter((_, index) => isNew[index]).length] : ({ outcome: 'appended', revision: 0, position: 0 } as const);
    if (outcome === undefined) break;
    outcomes.push(outcome);
  }`,
      ),
    ],
    seed: 6,
    path: '0',
  },
  {
    name: 'uses the event ids of an earlier attempt again',
    patches: [
      attempt(
        'id: deps.ids.uuid() as EventId,',
        "id: item.send.messageId.replace(/^./, stream.startsWith('message-') ? 'a' : 'b') as unknown as EventId,",
      ),
    ],
    seed: 7,
    path: '0',
  },
  {
    name: 'forms an append of unknown outcome anew on the head',
    patches: [
      surely(
        'if (error instanceof OutcomeUnknown) unknown = error;',
        `if (error instanceof OutcomeUnknown) {
        unknown = error;
        writes = await Promise.all(
          writes.map(async (write): Promise<Write> => {
            const slice = await deps.eventStore.readStream(write.stream, 0, 1);
            return { ...write, expected: slice.status === 'found' ? slice.head : 'no-stream' };
          }),
        );
      }`,
      ),
    ],
    seed: 8,
    path: '0',
  },
  {
    name: 'resends however late it is',
    patches: [
      surely('if (deps.clock.monotonicMs() - startedMs >= limits.attemptLifeMs) {', 'if (startedMs < 0) {'),
      surely('if (deps.clock.monotonicMs() >= deadlineMs) throw unknown;', 'if (deadlineMs < 0) throw unknown;'),
    ],
    seed: 6,
    path: '48',
  },
  {
    name: 'writes the post before the content',
    patches: [
      attempt(
        'const outcomes = await appendSurely(deps, writes, { startedMs, deadlineMs });',
        `const turned = await appendSurely(deps, [writes.at(-1)!, ...writes.slice(0, -1)], { startedMs, deadlineMs });
  const outcomes: WriteOutcome[] = turned.slice(1);
  outcomes[formed.length] = turned[0]!;`,
      ),
    ],
    seed: 7,
    path: '0',
  },
  {
    name: 'posts at any revision',
    patches: [attempt("const expected = base.revision === -1 ? 'no-stream' : base.revision;", "const expected = 'any';")],
    seed: 2,
    path: '0',
  },
  {
    name: 'composes at any revision',
    patches: [
      attempt(
        "expected: item.message === undefined || item.message.revision === -1 ? 'no-stream' : item.message.revision,",
        "expected: 'any',",
      ),
    ],
    seed: 7,
    path: '0',
  },
  {
    name: 'puts two sends of one message into one batch',
    patches: [lanes('if (taken.has(next.send.messageId))', 'if (batch.length < 0)')],
    seed: 4,
    path: '0',
  },
  {
    name: 'collects a draft without a proof',
    patches: [collect("if (posted !== undefined) return rejected({ type: 'NotADraft' });", '')],
    seed: 1,
    path: '0',
  },
  {
    name: 'collects a draft of any age',
    patches: [collect('ageMs < limits.draftLifeDays * DAY_MS', 'ageMs < 0')],
    seed: 4,
    path: '12',
  },
  {
    name: 'collects at the newest revision, not at the one that it has read',
    patches: [
      collect(
        'const removed = await deps.eventStore.remove(stream, loaded.revision, {',
        `const again = await deps.eventStore.readStream(stream, 0, 1);
    const removed = await deps.eventStore.remove(stream, again.status === 'found' ? again.head : -1, {`,
      ),
    ],
    seed: 3,
    path: '34',
  },
  {
    name: 'collects by a head that was read before the stream',
    patches: [
      collect(
        'const loaded = await readMessage(deps, messageId);',
        `const early = await readMessage(deps, messageId);
    if (early === 'removed' || early.state.status === 'absent') return ok('collected');
    const head = await deps.conversations.head(early.state.conversationId);
    const loaded = await readMessage(deps, messageId);`,
      ),
      collect('const head = await deps.conversations.head(conversationId);\n', ''),
    ],
    seed: 4,
    path: '188',
  },
  {
    name: 'gives the ack of a post to whoever names its id',
    patches: [
      attempt(
        "if (state.status === 'absent' || state.conversationId !== item.send.conversationId) return false;",
        "if (state.status === 'absent') return false;",
      ),
      attempt(
        "if (!isSame) return rejected({ type: 'MessageIdReused' });",
        "if (!isSame && state.status === 'absent') return rejected({ type: 'MessageIdReused' });",
      ),
    ],
    seed: 6,
    path: '0',
  },
  {
    name: 'takes any two sends with one id for the same message',
    patches: [
      message(
        'return state.conversationId === conversationId && state.memberId === memberId && state.composes[0].bodyMac === bodyMac;',
        'return [state, conversationId, memberId, bodyMac].length > 0;',
      ),
    ],
    seed: 6,
    path: '0',
  },
  {
    name: 'acknowledges before the append',
    patches: [
      attempt(
        'const deadlineMs = Math.max(',
        `for (const [index, { item, posted }] of formed.entries()) {
    const { messageId, seq, postedAt } = posted.data;
    item.answer(ok({ messageId, seq, postedAt, revision: base.revision + 1 + index, position: 0 }));
  }
  const deadlineMs = Math.max(`,
      ),
    ],
    seed: 7,
    path: '0',
  },
  {
    name: 'goes again with what it knew of its message stream',
    patches: [
      attempt(
        "outcome === undefined ? message === undefined : outcome.outcome === 'wrong-expected-revision'",
        'outcome === undefined && message === null',
      ),
    ],
    seed: 7,
    path: '0',
  },
];
