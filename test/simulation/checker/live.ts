/**
 * What a socket is told live, and what one process shows again and again: neither goes back. A mark of somebody who has
 * left comes after their end only by a race, and counts for nothing.
 */
import type { Json, Recorded } from '../history.js';
import { holds } from './verdict.js';

type ReadRecord = Extract<Recorded, { kind: 'read' }>;

interface Shown {
  readonly atMs: number;
  readonly lastSeq: number;
  readonly revision: number;
}

const MARKS = new Set(['delivered-up-to', 'read-up-to']);
const ENDINGS = new Set(['member-left', 'member-removed']);
const REMEMBERED = 4;

export class LiveOf {
  /** Devices whose socket has caught up, and whose end each was told of since. */
  private readonly former = new Map<string, Set<string>>();
  private readonly shown = new Map<string, Shown[]>();
  /** By process, life and message: when it was shown as removed. */
  private readonly removedMs = new Map<string, number>();

  begins(device: string): void {
    this.former.delete(device);
  }

  /** A cursor came: from now on it is live. */
  stored(device: string): void {
    if (!this.former.has(device)) this.former.set(device, new Set());
  }

  take({ device, frame, via }: Extract<Recorded, { kind: 'fact' }>): void {
    const former = via === 'socket' ? this.former.get(device) : undefined;
    if (former === undefined) return;
    const { type, data } = frame as { readonly type: string; readonly data: Json };
    const member = `${data.conversationId} ${data.memberId}`;
    // Who comes again may have been away while others did, too: what is known begins anew.
    if (type === 'member-added' || type === 'conversation-snapshot') {
      const conversation = type === 'member-added' ? data.conversationId : (data.conversation as Json).conversationId;
      for (const known of former) if (known.startsWith(`${conversation} `)) former.delete(known);
    }
    if (ENDINGS.has(type)) former.add(member);
    holds(
      !(MARKS.has(type) && former.has(member)),
      'I13',
      () => `device ${device} was told a mark of ${data.memberId} at ${data.seq} after their end`,
      [data.conversationId as string],
    );
  }

  /** Of one process whose views were not taken back, by reads that came one after the other. */
  read({ process, life, account, what, conversationId, askedMs, atMs, data }: ReadRecord): void {
    if (what === 'messages')
      this.readMessages(`${process} ${life}`, conversationId, askedMs, atMs, data.items as readonly Json[]);
    if (what !== 'conversation') return;
    const { lastSeq, revision, membership } = data as { lastSeq: number; revision: number; membership: { state: string } };
    // Who has left sees what there was.
    if (membership.state !== undefined && membership.state !== 'active') return;
    const key = `${process} ${life} ${account} ${conversationId}`;
    const before = this.shown.get(key) ?? [];
    const further = before.find((shown) => shown.atMs <= askedMs && (shown.lastSeq > lastSeq || shown.revision > revision));
    holds(
      further === undefined,
      'I4',
      () =>
        `process ${process} showed place ${further?.lastSeq} and revision ${further?.revision}, and then ${lastSeq} and ${revision}`,
      [conversationId],
    );
    this.shown.set(key, [...before.slice(1 - REMEMBERED), { atMs, lastSeq, revision }]);
  }

  private readMessages(where: string, conversationId: string, askedMs: number, atMs: number, items: readonly Json[]): void {
    for (const { messageId, state } of items) {
      if (messageId === undefined) continue;
      const key = `${where} ${messageId}`;
      const removedMs = this.removedMs.get(key) ?? Number.POSITIVE_INFINITY;
      holds(
        !(state === 'visible' && removedMs <= askedMs),
        'I4',
        () => `message ${messageId} was shown as removed, and then as it was`,
        [conversationId, messageId as string],
      );
      if (state === 'removed') this.removedMs.set(key, Math.min(removedMs, atMs));
    }
  }
}
