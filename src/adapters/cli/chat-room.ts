/**
 * One direct conversation in a terminal: what comes in is printed and marked read, what is typed is sent, and of each own
 * message it is said how far it has got. The connection may come and go; nothing is printed twice or left out.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { ChatSession, SessionEvents } from './chat-session.js';
import type { LineEditor } from './line-editor.js';
import { lineOf, OwnMessages, type Step } from './own-messages.js';
import { lineAbout, timeOf, visible } from './terminal.js';
import type { Conversation, Fact, Marks, Member, Message, Outgoing, Page } from './wire.js';

export interface RoomOptions {
  readonly session: ChatSession;
  readonly editor: LineEditor;
  readonly clock: Clock;
  readonly conversation: Conversation;
  /** How the other is called here. */
  readonly other: string;
  readonly serverUrl: string;
}

const HISTORY = 20;
const HISTORY_MAX = 200;
const LAST_SENDS_MS = 15_000;
const HELP = 'Type a message and press Enter. /history [n]  /who  /help  /quit  (// sends a text that begins with /)';

export class ChatRoom implements SessionEvents {
  private readonly own = new OwnMessages();
  private readonly over = Promise.withResolvers<undefined>();
  private readonly missed: Message[] = [];
  /** Own messages whose text stands here already, or will with their ack. */
  private readonly typed = new Set<string>();
  private historySeq = 0;
  private sending: Promise<void> = Promise.resolve();
  private unsent = 0;
  private shownSeq = 0;
  private markedSeq = 0;
  private isMarking = false;
  private isEnded = false;

  constructor(private readonly options: RoomOptions) {}

  /** Shows the end of the history, at least everything unread. */
  async open(): Promise<void> {
    const { conversation, other, editor } = this.options;
    await this.readMarks();
    editor.print(editor.style.dim(`You are talking with ${other}. ${HELP}`));
    await this.history(Math.min(HISTORY_MAX, Math.max(HISTORY, conversation.unread)));
    this.historySeq = this.shownSeq;
  }

  /** Until the input ends, `/quit`, or the session is over. True when everything was sent. */
  async run(): Promise<boolean> {
    const { editor, session, clock } = this.options;
    this.read();
    for (const outgoing of session.outbox) this.deliver(outgoing, true);
    for (;;) {
      const line = await Promise.race([editor.next(), this.over.promise]);
      if (line === undefined || !(await this.obey(line.trim()))) break;
    }
    const tooLate = new AbortController();
    await Promise.race([this.sending, this.over.promise, clock.wait(LAST_SENDS_MS, tooLate.signal)]);
    tooLate.abort();
    if (this.unsent > 0) editor.print(`Not sent yet: ${this.unsent}. It will be sent when you come back.`);
    return this.unsent === 0 && !this.isEnded;
  }

  fact(fact: Fact, origin: 'snapshot' | 'missed' | 'live'): void {
    if (fact.scope !== this.options.conversation.conversationId) return;
    if (fact.type === 'delivered-up-to' || fact.type === 'read-up-to') this.mark(fact);
    if (fact.type !== 'message-posted') return;
    const message = fact.data as unknown as Message;
    if (origin === 'live') this.show(message);
    else this.missed.push(message);
  }

  caughtUp(isFirst: boolean): void {
    const news = this.missed.splice(0).filter(({ seq }) => seq > this.shownSeq);
    const count = news.filter((message) => !this.isMine(message)).length;
    if (!isFirst) this.options.editor.print(this.dim(`connected again, ${count} missed ${count === 1 ? 'message' : 'messages'}`));
    for (const message of news) this.show(message);
  }

  lost(): void {
    this.options.editor.print(this.dim('connection lost, trying again...'));
  }

  ended(why: string): void {
    this.isEnded = true;
    this.options.editor.print(`The connection is over: ${why}`);
    this.over.resolve(undefined);
  }

  private dim(text: string): string {
    return this.options.editor.style.dim(text);
  }

  private isMine({ senderId }: Message): boolean {
    return senderId === this.options.conversation.membership.memberId;
  }

  private show(message: Message): void {
    if (message.seq <= this.shownSeq) return;
    this.shownSeq = message.seq;
    if (this.isMine(message)) this.own.add(message.seq);
    const isTypedHere = this.isMine(message) && this.typed.delete(message.messageId ?? '');
    if (!isTypedHere) this.print(message);
    if (!this.isMine(message)) this.read();
  }

  private print(message: Message): void {
    const { editor, other } = this.options;
    if (message.class !== 'post') return;
    const isMine = this.isMine(message);
    const name = isMine ? 'you' : editor.style.bold(other);
    const state = isMine ? this.dim(`  (#${message.seq} ${this.own.of(message.seq)})`) : '';
    editor.print(`${this.dim(timeOf(message.postedAt))} ${name}: ${textOf(message)}${state}`);
  }

  private mark({ type, data }: Fact): void {
    const { memberId, seq } = data as { memberId?: string; seq?: number };
    if (memberId === this.options.conversation.membership.memberId || seq === undefined) return;
    this.tell(this.own.advance({ deliveredSeq: seq, readSeq: type === 'read-up-to' ? seq : 0 }));
  }

  private tell(step: Step | undefined): void {
    if (step !== undefined) this.options.editor.print(this.dim(`  ${lineOf(step)}`), 'progress');
  }

  private async readMarks(): Promise<void> {
    const { session, conversation } = this.options;
    const path = `/v1/conversations/${conversation.conversationId}/receipts`;
    for (const marks of (await session.rest.get<{ items: readonly Marks[] }>(path)).items) {
      if (marks.memberId !== conversation.membership.memberId) this.own.advance(marks);
    }
  }

  private async history(count: number): Promise<void> {
    const { session, conversation, editor } = this.options;
    const path = `/v1/conversations/${conversation.conversationId}/messages?limit=${count}`;
    const { items } = await session.rest.get<Page<Message>>(path);
    const posts = items.filter((message) => message.class === 'post');
    for (const message of posts) {
      if (this.isMine(message)) this.own.add(message.seq);
      this.print(message);
    }
    if (posts.length === 0) editor.print(this.dim('No messages yet.'));
    this.shownSeq = Math.max(this.shownSeq, items.at(-1)?.seq ?? 0);
  }

  /** Says how far was read; one saying at a time, the newest. */
  private read(): void {
    if (!this.isMarking) void this.markRead();
  }

  private async markRead(): Promise<void> {
    const { session, conversation } = this.options;
    this.isMarking = true;
    try {
      while (this.markedSeq < this.shownSeq) {
        const seq = this.shownSeq;
        await session.markRead(conversation.conversationId, seq);
        this.markedSeq = seq;
      }
    } catch {
      // It is said again with the next message, or when one comes back.
    } finally {
      this.isMarking = false;
    }
  }

  /** False for what ends the conversation here. */
  private async obey(line: string): Promise<boolean> {
    const { editor, serverUrl } = this.options;
    const [command = '', argument] = line.split(/\s+/, 2);
    if (line === '') return true;
    if (!line.startsWith('/') || line.startsWith('//')) await this.say(line.replace(/^\/\//, '/'));
    else if (command === '/quit') return false;
    else
      try {
        if (command === '/history') await this.history(Math.min(HISTORY_MAX, Math.max(1, Number(argument) || HISTORY)));
        else if (command === '/who') await this.who();
        else editor.print(HELP);
      } catch (error) {
        editor.print(lineAbout(error, serverUrl));
      }
    return true;
  }

  private async say(text: string): Promise<void> {
    const { session, conversation, editor } = this.options;
    const content = { type: 'text', text };
    const outgoing = await session.enqueue({ conversationId: conversation.conversationId, content });
    if (!session.isConnected) editor.print(this.dim('  waiting for the connection...'), 'progress');
    this.deliver(outgoing, !editor.isTerminal);
  }

  /** In the order in which they were typed. */
  private deliver(outgoing: Outgoing, isToShow: boolean): void {
    this.unsent += 1;
    this.typed.add(outgoing.messageId);
    this.sending = this.sending.then(() => this.deliverNow(outgoing, isToShow));
  }

  private async deliverNow(outgoing: Outgoing, isToShow: boolean): Promise<void> {
    const { session, editor, conversation, serverUrl } = this.options;
    try {
      const { seq, postedAt } = await session.deliver(outgoing);
      this.unsent -= 1;
      if (outgoing.conversationId !== conversation.conversationId) return;
      this.own.add(seq);
      if (isToShow && seq > this.historySeq) {
        editor.print(`${this.dim(timeOf(postedAt))} you: ${visible(outgoing.content.text ?? '')}`);
      }
      this.tell({ progress: this.own.of(seq), fromSeq: seq, toSeq: seq });
    } catch (error) {
      if (this.isEnded) return;
      this.unsent -= 1;
      editor.print(`not sent: ${lineAbout(error, serverUrl)}`);
    }
  }

  private async who(): Promise<void> {
    const { session, conversation, editor, other } = this.options;
    const path = `/v1/conversations/${conversation.conversationId}`;
    const members = await session.rest.all<Member>(`${path}/members`);
    const { items } = await session.rest.get<{ items: readonly Marks[] }>(`${path}/receipts`);
    for (const { memberId, role } of members) {
      const marks = items.find((one) => one.memberId === memberId);
      const name = memberId === conversation.membership.memberId ? 'you' : other;
      editor.print(`${name}: ${role}, received up to #${marks?.deliveredSeq ?? 0}, read up to #${marks?.readSeq ?? 0}`);
    }
    editor.print(session.isConnected ? 'connected' : 'not connected, trying again');
  }
}

function textOf({ state, content }: Message): string {
  if (state !== 'visible') return `(${state})`;
  return content?.type === 'text'
    ? visible(content.text ?? '').replaceAll('\n', '\n         ')
    : `(${content?.type ?? 'unknown'})`;
}
