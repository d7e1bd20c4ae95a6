/**
 * Judges a history: it knows what was asked, answered and told, and nothing of how it came to be. The first thing that
 * is wrong is the verdict; a history without one may still be wrong in what nobody looked at.
 */
import type { Json, Recorded } from '../history.js';
import { AskedOf } from './asked.js';
import { checkRest } from './at-rest.js';
import { LiveOf } from './live.js';
import { type Reached, Told } from './told.js';
import { Truth } from './truth.js';
import { holds, type Invariant, Wrong } from './verdict.js';

export interface Verdict {
  readonly invariant: Invariant;
  readonly what: string;
  readonly about: readonly string[];
}

export type ReadRecord = Extract<Recorded, { kind: 'read' }>;
export type ViewsRecord = Extract<Recorded, { kind: 'views' }>;

export interface Evidence {
  readonly truth: Truth;
  readonly asked: AskedOf;
  readonly devices: ReadonlyMap<string, Told>;
  readonly reached: readonly Reached[];
  readonly finals: readonly ReadRecord[];
  readonly hidden: readonly Extract<Recorded, { kind: 'hidden' }>[];
  readonly erased: ReadonlySet<string>;
}

const QUIET_AFTER_REVOKING_MS = 20_000;

/** Undefined when nothing is wrong. */
export function judge(records: readonly Recorded[]): Verdict | undefined {
  try {
    new Judge().hear(records);
    return undefined;
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    const { invariant, what, about } = error;
    return { invariant, what, about };
  }
}

class Judge {
  private readonly truth = new Truth();
  private readonly asked = new AskedOf(this.truth);
  private readonly devices = new Map<string, Told>();
  private readonly reached: Reached[] = [];
  private readonly finals: ReadRecord[] = [];
  private readonly hidden: Extract<Recorded, { kind: 'hidden' }>[] = [];
  private readonly erased = new Set<string>();
  private readonly marks = new Map<
    string,
    { readonly atMs: number; readonly deliveredSeq: number; readonly readSeq: number }[]
  >();
  private readonly live = new LiveOf();
  private calmAt: number | undefined;
  private revokedBeforeQuiet: ReadonlySet<string> = new Set();
  private quietMs: number | undefined;
  private isAtRest = false;

  hear(records: readonly Recorded[]): void {
    const views: ViewsRecord[] = [];
    for (const [at, record] of records.entries()) {
      if (record.kind === 'views') views.push(record);
      else this.take(record, at);
    }
    this.checkIsolation();
    this.asked.checkSends(this.erased);
    this.asked.checkOthers();
    this.asked.keyed.check();
    this.asked.keyed.checkEffects(this.truth, this.asked.all.values());
    if (!this.isAtRest) return;
    const { truth, asked, devices, reached, finals, hidden, erased } = this;
    checkRest({ truth, asked, devices, reached, finals, hidden, erased }, views);
  }

  private take(record: Exclude<Recorded, ViewsRecord>, at: number): unknown {
    switch (record.kind) {
      case 'call':
        return this.asked.ask(record, at);
      case 'answer':
        this.checkCalm(record);
        return this.asked.answer(record, at);
      case 'calm':
        this.calmAt = at;
        return undefined;
      case 'opened':
      case 'resync':
        return this.live.begins(record.device);
      case 'stored':
        return this.live.stored(record.device);
      case 'left':
        return this.asked.keyed.leave(record, at);
      case 'empty':
        return this.of(record.device, record.account).forget();
      case 'fact':
        return this.takeFact(record);
      case 'read':
        return this.takeRead(record);
      case 'hidden':
        this.hidden.push(record);
        return undefined;
      case 'erased':
        this.erased.add(record.account);
        return undefined;
      case 'quiet':
        this.quietMs = record.atMs;
        this.revokedBeforeQuiet = new Set(
          this.asked.revocations.filter(({ answer }) => answer?.ok).map(({ call }) => call.input.deviceId as string),
        );
        return undefined;
      case 'rest':
        holds(record.stuck.length === 0, 'I14', () => `it never came to rest: ${record.stuck.join('; ')}`);
        this.isAtRest = true;
        return undefined;
      case 'defect':
        holds(false, 'I14', () => `process ${record.process}: ${record.what}`);
        return undefined;
      default:
        return undefined;
    }
  }

  /** Who meets nobody and no fault is not told that others were in the way. */
  private checkCalm(record: Extract<Recorded, { kind: 'answer' }>): void {
    const asked = this.asked.all.get(record.call);
    const isCalm = this.calmAt !== undefined && asked !== undefined && asked.at > this.calmAt;
    holds(
      record.ok || !isCalm || record.code !== 'contended',
      'I14',
      () => `call (${record.call}) met nobody, and was contended`,
    );
  }

  private takeFact(record: Extract<Recorded, { kind: 'fact' }>): void {
    const { device, account, frame, via, atMs } = record;
    this.live.take(record);
    const { type, data } = frame as { readonly type: string; readonly data: Json };
    if (type === 'delivered-up-to') {
      const mark = { memberId: data.memberId, deliveredSeq: data.seq };
      this.checkDelivered(`device ${device}`, data.conversationId as string, [mark]);
    }
    const isLate = this.calmAt !== undefined || (this.quietMs !== undefined && atMs > this.quietMs + QUIET_AFTER_REVOKING_MS);
    holds(
      !(isLate && this.revokedBeforeQuiet.has(device)),
      'I5',
      () => `device ${device} was revoked, and is told facts by ${via}`,
      [device],
    );
    this.checkText(frame);
    this.of(device, account).take(frame);
  }

  private takeRead(record: ReadRecord): void {
    const { conversationId, data } = record;
    const items = (data.items ?? []) as readonly Json[];
    if (record.what === 'messages') {
      for (const item of items) this.checkText({ type: 'message-posted', data: item });
      if (!record.isFinal) this.of(record.device, record.account).takeItems(conversationId, items);
    }
    if (record.what === 'receipts') {
      this.checkMarks(record, items);
      this.checkDelivered(`process ${record.process}`, conversationId, items);
    }
    this.live.read(record);
    if (record.isFinal) this.finals.push(record);
    else if (record.what === 'conversation') this.of(record.device, record.account);
  }

  /** What is shown was said, by whom it is said to be, under this id and in this conversation. */
  private checkText({ type, data }: Json): void {
    const { messageId, conversationId, content } = data as {
      messageId?: string;
      conversationId: string;
      content?: { text?: string };
    };
    if (type !== 'message-posted' || messageId === undefined || content?.text === undefined) return;
    const sends = this.asked.sends.get(messageId) ?? [];
    const isSaid = sends.some(
      ({ call }) =>
        call.input.conversationId === conversationId && (call.input.content as { text: string }).text === content.text,
    );
    holds(isSaid, 'I1', () => `message ${messageId} shows "${content.text}", which nobody has said there`, [messageId]);
    const acked = sends.find(({ answer }) => answer?.ok);
    const ackedText = (acked?.call.input.content as { text?: string } | undefined)?.text;
    holds(
      acked === undefined || ackedText === content.text,
      'I1',
      () => `message ${messageId} was acknowledged as "${ackedText}" and shows "${content.text}"`,
      [messageId],
    );
  }

  /** Of one process whose views were not taken back, by reads that came one after the other. */
  private checkMarks({ process, life, conversationId, askedMs, atMs }: ReadRecord, items: readonly Json[]): void {
    for (const { memberId, deliveredSeq, readSeq } of items as readonly {
      memberId: string;
      deliveredSeq: number;
      readSeq: number;
    }[]) {
      const key = `${process} ${life} ${conversationId} ${memberId}`;
      const before = this.marks.get(key) ?? [];
      for (const mark of before) {
        const isBack =
          mark.atMs <= askedMs &&
          (mark.deliveredSeq > deliveredSeq || mark.readSeq > readSeq) &&
          !this.hasJoinedAgain(conversationId, memberId);
        holds(
          !isBack,
          'I13',
          () => `the marks of ${memberId} went back from ${mark.deliveredSeq}/${mark.readSeq} to ${deliveredSeq}/${readSeq}`,
          [conversationId],
        );
      }
      this.marks.set(key, [...before.slice(-3), { atMs, deliveredSeq, readSeq }]);
    }
  }

  /** No device of theirs was told of a place beyond this one, and they have said nothing there themselves. */
  private checkDelivered(who: string, conversationId: string, items: readonly Json[]): void {
    const { accountOf, bySeq } = this.truth.conversation(conversationId);
    for (const { memberId, deliveredSeq } of items as readonly { memberId: string; deliveredSeq: number }[]) {
      const account = accountOf.get(memberId);
      if (account === undefined || this.asked.hasUnanswered(account, conversationId)) continue;
      const had = [...this.devices.values()].filter((told) => told.account === account && !told.device.startsWith('new device'));
      const posted = [...bySeq.values()].filter(({ senderId }) => senderId === memberId).map(({ seq }) => seq!);
      const most = Math.max(
        0,
        ...posted,
        ...had.map((told) => told.maxSeqs.get(conversationId) ?? 0),
        this.asked.ackedSeq(account, conversationId),
      );
      holds(
        deliveredSeq <= most,
        'I13',
        () => `${who} has place ${deliveredSeq} as delivered to ${memberId}, and no device of theirs was told beyond ${most}`,
        [conversationId, account],
      );
    }
  }

  /** Known or under way: whoever joins again begins anew. */
  private hasJoinedAgain(conversationId: string, memberId: string): boolean {
    const account = this.truth.conversation(conversationId).accountOf.get(memberId);
    return [...this.asked.all.values()].some(
      ({ call }) =>
        call.name === 'addMember' &&
        call.input.conversationId === conversationId &&
        (account === undefined || call.input.accountId === account),
    );
  }

  private checkIsolation(): void {
    for (const { device, account, conversationId, place } of this.reached) {
      const conversation = this.truth.conversation(conversationId);
      if (!conversation.isKnown || (this.erased.has(account) && conversation.hasUnnamedMembers)) continue;
      const intervals = conversation.intervalsOf(account);
      const isEntitled = intervals.some(
        ({ fromRevision, toRevision }) => fromRevision <= place.revision && place.revision <= toRevision,
      );
      holds(
        isEntitled,
        'I5',
        () =>
          `device ${device} of ${account} was told ${place.type} at revision ${place.revision}; its memberships are ${JSON.stringify(intervals)}`,
        [conversationId, account],
      );
    }
  }

  private of(device: string, account: string): Told {
    const known = this.devices.get(device) ?? new Told(device, account, this.truth, this.reached);
    this.devices.set(device, known);
    return known;
  }
}
