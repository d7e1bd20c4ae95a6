/**
 * Where the demo plays: who sent what and what the server answered, which checks held, and how long acks took.
 * A check that fails is kept and told; the play goes on, so that one run shows all that is wrong.
 */
import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { Clock } from '../../application/ports/clock.js';
import type { IdSource } from '../../application/ports/id-source.js';
import { retryAfter } from './backoff.js';
import type { DemoPerson } from './demo-person.js';
import type { Style } from './terminal.js';
import type { Content, MessageAck, Outgoing } from './wire.js';
import { codeOf, Refused, Unreachable } from './wire.js';

export interface Sent extends Outgoing {
  readonly sender: DemoPerson;
  readonly ack: MessageAck;
}

export type Door = 'socket' | 'rest';

export interface StageOptions {
  readonly serverUrl: string;
  readonly clock: Clock;
  readonly ids: IdSource;
  readonly style: Style;
  /** Whether the server may go away for a while. */
  readonly isSurviving: boolean;
  /** One line per ack goes there, as soon as it came. */
  readonly acksFile: string | undefined;
  readonly print: (line: string) => void;
}

const SETTLE_MS = 30_000;
const SURVIVE_MS = 120_000;
const LOOK_EVERY_MS = 10;
const FAILURES_SHOWN_MAX = 20;

export class Stage {
  readonly sent: Sent[] = [];
  readonly ackMs: number[] = [];
  /** Messages that their author took back. */
  readonly removed = new Set<string>();
  readonly failures: string[] = [];
  /** A message that was found at one person who was entitled to it. */
  delivered = 0;
  passed = 0;

  constructor(readonly options: StageOptions) {}

  say(line: string): void {
    this.options.print(line);
  }

  /** One check. What was seen instead is told only when it does not hold. */
  check(what: string, holds: boolean, instead: () => unknown = () => ''): boolean {
    if (holds) this.passed += 1;
    else {
      this.failures.push(what);
      const detail = instead();
      const told = typeof detail === 'string' ? detail : JSON.stringify(detail);
      if (this.failures.length <= FAILURES_SHOWN_MAX) this.say(this.options.style.bad(`  FAILED ${what} ${told}`));
    }
    return holds;
  }

  /** That something is refused, and as what. */
  async refuses(what: string, act: () => Promise<unknown>, codes: readonly string[]): Promise<void> {
    let code: string | undefined;
    try {
      await this.patiently(act);
    } catch (error) {
      code = codeOf(error);
      if (code === undefined) throw error;
    }
    this.check(`refused: ${what}`, code !== undefined && codes.includes(code), () => code ?? 'it was accepted');
  }

  /** Repeats what may be repeated: while the server says "later", and in a run that survives, while it is away. */
  async patiently<Value>(act: () => Promise<Value>): Promise<Value> {
    const { clock, ids, isSurviving } = this.options;
    const untilMs = clock.monotonicMs() + SURVIVE_MS;
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await act();
      } catch (error) {
        const isLater = error instanceof Refused && error.problem.retryable;
        const isAway = error instanceof Unreachable && isSurviving;
        if (!(isLater || isAway) || clock.monotonicMs() > untilMs) throw error;
        await clock.wait(retryAfter(error, attempt, ids.fraction()));
      }
    }
  }

  /** Whether it came true in time. */
  async settles(holds: () => boolean | Promise<boolean>): Promise<boolean> {
    const { clock, isSurviving } = this.options;
    const untilMs = clock.monotonicMs() + (isSurviving ? SURVIVE_MS : SETTLE_MS);
    while (!(await holds())) {
      if (clock.monotonicMs() > untilMs) return false;
      await clock.wait(LOOK_EVERY_MS);
    }
    return true;
  }

  /** Sends a message and keeps what was sent with its ack. */
  async send(sender: DemoPerson, conversationId: string, content: Content, how: SendOptions = {}): Promise<Sent> {
    const { clock, ids } = this.options;
    const { door = 'socket', reader = sender, commitment } = how;
    const outgoing: Outgoing = { conversationId, messageId: ids.uuid(), content, ...(commitment && { commitment }) };
    const startedMs = clock.monotonicMs();
    const ack = door === 'socket' ? await sender.session.send(outgoing) : (await this.sendByRest(sender, outgoing)).ack;
    this.ackMs.push(clock.monotonicMs() - startedMs);
    const sent = { ...outgoing, sender, ack };
    this.sent.push(sent);
    this.note(sent, reader);
    return sent;
  }

  /** Also to repeat one: the status tells a first answer from a repeated one. */
  async sendByRest(sender: DemoPerson, outgoing: Outgoing): Promise<{ readonly status: number; readonly ack: MessageAck }> {
    const { conversationId, ...body } = outgoing;
    const path = `/v1/conversations/${conversationId}/messages`;
    const { status, body: ack } = await this.patiently(() => sender.rest.call<MessageAck>('POST', path, { body }));
    return { status, ack };
  }

  private note({ conversationId, messageId, content, ack }: Sent, reader: DemoPerson): void {
    if (this.options.acksFile === undefined) return;
    const sha256 = createHash('sha256').update(bytesOf(content)).digest('hex');
    const line = { conversationId, messageId, seq: ack.seq, sha256, reader: reader.identifier.value };
    appendFileSync(this.options.acksFile, `${JSON.stringify(line)}\n`);
  }
}

export interface SendOptions {
  readonly door?: Door;
  /** A member who stays to the end and can read it. */
  readonly reader?: DemoPerson;
  readonly commitment?: string;
}

/** What must come back unchanged: the UTF-8 bytes of a text, or all of another content. */
export const bytesOf = (content: Content | undefined): Buffer =>
  Buffer.from(content?.type === 'text' ? (content.text ?? '') : JSON.stringify(sorted(content ?? {})), 'utf8');

const sorted = (fields: object): object =>
  Object.fromEntries(Object.entries(fields).sort(([one], [other]) => (one < other ? -1 : 1)));
