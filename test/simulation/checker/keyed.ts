/**
 * Requests under a key that their client chose: within the life of the key one request has one answer, and once that has
 * left, heard or not, nothing is done for it any more.
 */
import type { Recorded } from '../history.js';
import type { Asked } from './asked.js';
import type { Truth } from './truth.js';
import { holds } from './verdict.js';

type LeftRecord = Extract<Recorded, { kind: 'left' }>;

/** Shorter than the life of a key, longer than any world lasts in which no month passes. */
const SURELY_LIVES_MS = 25 * 24 * 60 * 60 * 1_000;
/** Refusals that say nothing of what the request did. */
const NOT_OF_THE_REQUEST = new Set(['unauthenticated', 'idempotency-key-reused', 'request-in-progress']);

interface Left {
  readonly record: LeftRecord;
  readonly at: number;
}

/** All that was asked under one key of an account, while the key certainly lived. */
class Key {
  readonly asked: Asked[] = [];
  readonly left = new Map<number, Left>();

  constructor(readonly firstMs: number) {}

  /** In the order in which they left. */
  finals(): readonly { readonly asked: Asked; readonly left: Left }[] {
    return this.asked
      .flatMap((asked) => {
        const left = this.left.get(asked.call.call);
        return left !== undefined && isFinal(left.record) ? [{ asked, left }] : [];
      })
      .sort((one, other) => one.left.at - other.left.at);
  }
}

const isFinal = (record: LeftRecord): boolean => record.ok || !(record.retryable || NOT_OF_THE_REQUEST.has(record.code));
const surelyLives = ({ firstMs }: Key, atMs: number): boolean => atMs - firstMs <= SURELY_LIVES_MS;
const contentOf = ({ call }: Asked): string => JSON.stringify(call.input);
const answerOf = (record: LeftRecord): string => (record.ok ? JSON.stringify(record.data) : record.code);

export class KeyedOf {
  private readonly byName = new Map<string, Key[]>();
  private readonly byCall = new Map<number, Key>();
  private readonly late = new Set<number>();
  private nowMs = 0;

  /** The first of the requests that this one repeats; itself, if it repeats none. */
  ask(asked: Asked): Asked {
    const { account, name, key, atMs } = asked.call;
    this.nowMs = atMs;
    if (key === undefined) return asked;
    const id = JSON.stringify([account, name, key]);
    const keys = this.byName.get(id) ?? [];
    this.byName.set(id, keys);
    if (keys.length === 0 || !surelyLives(keys.at(-1)!, atMs)) keys.push(new Key(atMs));
    const current = keys.at(-1)!;
    current.asked.push(asked);
    this.byCall.set(asked.call.call, current);
    return current.asked.find((other) => contentOf(other) === contentOf(asked))!;
  }

  /** Of one that was under way when the key's sure life ended nobody can say whether the key was still the same one. */
  leave(record: LeftRecord, at: number): void {
    this.nowMs = record.atMs;
    const key = this.byCall.get(record.call);
    if (key !== undefined && surelyLives(key, record.atMs)) key.left.set(record.call, { record, at });
    else this.late.add(record.call);
  }

  check(): void {
    for (const key of [...this.byName.values()].flat()) {
      const finals = key.finals();
      for (const { asked, left } of finals) checkSame(asked, left, finals[0]!);
      for (const asked of key.asked) checkReused(key, asked);
    }
  }

  /** What may have been done at most: each request once, but for those of which no answer had left when it was made again. */
  checkEffects(truth: Truth, all: Iterable<Asked>): void {
    const allowed = new Map<string, number>();
    for (const asked of all) {
      for (const effect of effectsOf(asked)) {
        const times = this.mayBeDone(asked) ? 1 : 0;
        allowed.set(effect, (allowed.get(effect) ?? 0) + times);
      }
    }
    for (const conversation of truth.conversations.values()) {
      const done = new Map<string, number>();
      for (const { type, memberId } of conversation.places.values()) {
        const account = memberId === undefined ? undefined : conversation.accountOf.get(memberId);
        if (account === undefined || (type !== 'member-added' && type !== 'member-left')) continue;
        const effect = `${type} ${conversation.id} ${account}`;
        done.set(effect, (done.get(effect) ?? 0) + 1);
      }
      for (const [effect, times] of done) {
        const most = (allowed.get(effect) ?? 0) + (effect.startsWith('member-added') ? 1 : 0);
        holds(
          times <= most,
          'I9',
          () => `${effect} was done ${times} times, and asked for at most ${most} times`,
          effect.split(' ').slice(1),
        );
      }
    }
  }

  private mayBeDone(asked: Asked): boolean {
    const { call } = asked.call;
    const key = this.byCall.get(call);
    const first = key?.finals()[0];
    if (key === undefined || first === undefined || asked.at < first.left.at || this.late.has(call)) return true;
    return !key.left.has(call) && !surelyLives(key, this.nowMs);
  }
}

/** Besides being in it from its creation, of which one is allowed for. */
function effectsOf({ call: { name, input, account } }: Asked): readonly string[] {
  if (name === 'addMember') return [`member-added ${input.conversationId} ${input.accountId}`];
  // Who puts out themselves leaves.
  if (name === 'leaveConversation' || name === 'removeMember') return [`member-left ${input.conversationId} ${account}`];
  return [];
}

function checkSame(asked: Asked, { record }: Left, first: { readonly asked: Asked; readonly left: Left }): void {
  const about = [asked.call.key!, first.asked.call.key!];
  holds(
    contentOf(asked) === contentOf(first.asked),
    'I9',
    () => `two requests under the key ${asked.call.key} were both done: (${first.asked.call.call}) and (${asked.call.call})`,
    about,
  );
  holds(
    answerOf(record) === answerOf(first.left.record),
    'I9',
    () =>
      `the request under the key ${asked.call.key} was answered ${answerOf(first.left.record)}, and again ${answerOf(record)}`,
    about,
  );
}

function checkReused(key: Key, asked: Asked): void {
  const left = key.left.get(asked.call.call)?.record;
  if (left === undefined || left.ok || left.code !== 'idempotency-key-reused') return;
  holds(
    key.asked.some((other) => contentOf(other) !== contentOf(asked)),
    'I9',
    () => `the key ${asked.call.key} was refused as reused, and there is no other request under it`,
    [asked.call.key!],
  );
}
