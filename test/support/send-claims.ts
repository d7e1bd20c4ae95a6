/**
 * What somebody wants to send, told again until it is answered; and what every answer must be true to. A refusal is held
 * against all that the store held while it was made: there is no refusal by accident.
 */
import { isDeepStrictEqual } from 'node:util';
import { canonicalBody } from '../../src/application/message/canonical-body.js';
import type { SendAck, SendRejection } from '../../src/application/message/send-message.js';
import type { Result } from '../../src/domain/kernel/decider.js';
import type { MemberId } from '../../src/domain/kernel/ids.js';
import type { Sealed } from '../../src/domain/kernel/personal.js';
import type { Body } from '../../src/domain/message/events.js';
import { as, devices, groups, messageIds, type Process, people, type SendWorld } from './send-world.js';
import type { Schedule } from './step-schedule.js';
import type { Post, StoreMirror } from './store-mirror.js';

/** Who sends which text to which group under which message id. */
export interface Claim {
  readonly slot: number;
  readonly person: number;
  readonly group: number;
  readonly text: string;
}

export type Answer = Result<SendAck, SendRejection>;

export interface Known {
  readonly memberId: MemberId;
  readonly bodyMac: string;
}

/** How things stood when a send began. */
export interface Before {
  readonly events: number;
  readonly isPosted: boolean;
  readonly jumps: number;
}

/** What claims are held against. */
export type ClaimWorld = Pick<SendWorld, 'keys' | 'modules' | 'processes'> & {
  readonly mirror: Pick<StoreMirror, 'conversation' | 'postsOf' | 'composesOf' | 'isRemoved' | 'wasNoMember'>;
  readonly schedule: Pick<Schedule, 'jumps' | 'pick'>;
};

export class Crashed extends Error {}

export const bodyOf = ({ text }: Claim): Body => ({ content: { type: 'text', text } });

/** An answer or a store that is not as it must be; whatever else is thrown is a defect of the code or of this world. */
export class WrongSending extends Error {}

function holds(what: boolean, message: string, detail: unknown): asserts what {
  if (!what) throw new WrongSending(`${message}: ${JSON.stringify(detail)}`);
}

export class Claims {
  readonly all = new Map<string, { readonly claim: Claim; readonly known: Known }>();
  /** By slot: the first ack, or the one that was told so. */
  readonly acks = new Map<number, SendAck>();
  /** The first thing that was wrong; promises of dead processes may never be looked at. */
  failure: Error | undefined;

  constructor(private readonly world: ClaimWorld) {}

  /** Sends until there is an answer that no repetition can change, at another process after every failure. */
  async send(claim: Claim, index: number): Promise<Answer> {
    let process = this.world.processes[index]!;
    for (;;) {
      const answer = await this.once(claim, process).catch((error: unknown) => this.noAnswer(error));
      if (answer !== undefined && (answer.ok || answer.rejection.type !== 'Contended')) return answer;
      process = this.world.schedule.pick(this.world.processes);
    }
  }

  async once(claim: Claim, process: Process): Promise<Answer> {
    const known = await this.known(claim);
    const messageId = messageIds[claim.slot]!;
    const conversationId = groups[claim.group]!;
    const before = this.before(claim, known);
    const sent = process.sendMessage({ conversationId, messageId, body: bodyOf(claim) }, as(claim.person));
    const answer = await orCrash(process, sent);
    try {
      this.judge(claim, known, answer, before);
    } catch (error) {
      this.failure ??= error as Error;
    }
    return answer;
  }

  /** How things stand now, for a send that begins now. */
  before(claim: Claim, known: Known): Before {
    const { mirror, schedule } = this.world;
    const events = mirror.conversation(groups[claim.group]!).length;
    return { events, isPosted: this.isPosted(claim, known), jumps: schedule.jumps };
  }

  /** Throws what is wrong with an answer that comes now. */
  judge(claim: Claim, known: Known, answer: Answer, before: Before): void {
    if (answer.ok) this.checkAck(claim, known, answer.value);
    else {
      const fault = this.faultOf(claim, known, answer.rejection, before);
      holds(fault === undefined, `${fault}`, { claim, answer });
    }
  }

  async checkAtRest(): Promise<void> {
    for (const [group, conversationId] of groups.entries())
      this.checkOrder(group, this.world.mirror.conversation(conversationId));
    for (const [slot, messageId] of messageIds.entries()) {
      const posts = this.world.mirror.postsOf(messageId);
      holds(posts.length <= 1, 'One message was posted twice', posts);
      for (const post of posts) await this.checkContent(slot, post);
    }
  }

  private checkOrder(group: number, events: ReturnType<SendWorld['mirror']['conversation']>): void {
    let seq = 0;
    let count = 0;
    let postedAt = 0;
    for (const event of events) {
      if (event.type !== 'MemberAdded' && event.type !== 'MemberRemoved' && event.type !== 'MessagePosted') continue;
      seq += 1;
      if (event.type === 'MessagePosted') {
        count += 1;
        holds(event.data.postedAt >= postedAt, 'postedAt went back', { group, event });
        postedAt = event.data.postedAt;
      }
      holds(event.data.seq === seq && event.data.count === count, 'seq and count are not dense', { group, seq, count, event });
    }
  }

  /** The compose that the post names is there, and says what the one who was acknowledged has sent. */
  private async checkContent(slot: number, post: Post): Promise<void> {
    const { mirror, keys, modules } = this.world;
    const messageId = messageIds[slot]!;
    const compose = mirror.composesOf(messageId).find(({ composeId }) => composeId === post.data.composeId);
    holds(compose !== undefined, 'A post names content that never was', post);
    if (mirror.isRemoved(messageId)) {
      const events = mirror.conversation(post.data.conversationId);
      const isRemoved = events.some((event) => event.type === 'MessageRemoved' && event.data.messageId === messageId);
      holds(isRemoved, 'The content of a post was lost', post);
      return;
    }
    const [opened] = await keys.open([compose.body as Sealed]);
    const body = (opened as { value: unknown }).value;
    const isClaimed = [...this.all.values()].some(({ claim, known }) => {
      const isSame = claim.slot === slot && known.bodyMac === compose.bodyMac && known.memberId === post.data.memberId;
      return isSame && isDeepStrictEqual(body, { ...bodyOf(claim), deviceId: devices[claim.person] });
    });
    holds(isClaimed, 'A post shows what nobody has sent', { post, body, modules: modules.sendMessage.name });
  }

  private checkAck(claim: Claim, { bodyMac, memberId }: Known, ack: SendAck): void {
    const { mirror } = this.world;
    const conversationId = groups[claim.group]!;
    const event = mirror.conversation(conversationId)[ack.revision];
    const { messageId, seq, postedAt, revision } = ack;
    const expected = { conversationId, messageId: messageIds[claim.slot], memberId, seq, postedAt };
    const isThere =
      event?.type === 'MessagePosted' &&
      isDeepStrictEqual({ ...event.data, ...expected }, event.data) &&
      ack.position >= event.position;
    holds(isThere, 'An acknowledged message is not in the store', { claim, ack, event });
    const compose = mirror.composesOf(messageId).find(({ composeId }) => composeId === event.data.composeId);
    holds(compose?.bodyMac === bodyMac, 'Somebody else’s message was acknowledged', { claim, ack, compose });
    const earlier = this.acks.get(claim.slot);
    this.acks.set(claim.slot, earlier?.isNew ? earlier : ack);
    if (earlier === undefined) return;
    const { position: _, isNew: wasNew, ...rest } = earlier;
    holds(!(wasNew && ack.isNew), 'Two sends were told that they were the first', { earlier, ack });
    holds(isDeepStrictEqual(rest, { messageId, seq, postedAt, revision }), 'A repetition got another ack', { earlier, ack });
  }

  /** What is wrong with a refusal, if something is. */
  private faultOf(claim: Claim, known: Known, rejection: SendRejection, before: Before): string | undefined {
    const { mirror, schedule } = this.world;
    const messageId = messageIds[claim.slot]!;
    if (rejection.type === 'MessageGone') return mirror.isRemoved(messageId) ? undefined : 'Gone, and it is there';
    if (rejection.type === 'Contended') {
      const isHindered = schedule.jumps > before.jumps || mirror.conversation(groups[claim.group]!).length > before.events;
      return isHindered ? undefined : 'Contended, and nobody was in the way';
    }
    if (before.isPosted) return 'Refused, and it had been posted';
    if (rejection.type === 'MessageIdReused') {
      const [first] = mirror.composesOf(messageId);
      const isOther = first !== undefined && !(first.bodyMac === known.bodyMac && first.memberId === known.memberId);
      return isOther ? undefined : 'Reused, and by nobody else';
    }
    const wasOut = mirror.wasNoMember(groups[claim.group]!, known.memberId, before.events);
    return rejection.type === 'NotAMember' && wasOut ? undefined : 'Refused, and a member throughout';
  }

  private isPosted({ slot }: Claim, { memberId, bodyMac }: Known): boolean {
    const { mirror } = this.world;
    const [first] = mirror.composesOf(messageIds[slot]!);
    const isSame = first?.memberId === memberId && first.bodyMac === bodyMac;
    return isSame && mirror.postsOf(messageIds[slot]!).length > 0;
  }

  async known(claim: Claim): Promise<Known> {
    const { keys } = this.world;
    const subject = people[claim.person]!;
    const context = groups[claim.group]!;
    const [memberId] = await keys.name([{ subject, purpose: 'member', context }]);
    const [bodyMac] = await keys.mac([{ subject, context, data: canonicalBody(context, bodyOf(claim)) }]);
    const known = { memberId: memberId as MemberId, bodyMac: bodyMac as string };
    this.all.set(JSON.stringify(claim), { claim, known });
    return known;
  }

  /** No answer is no news: the sender tells it again. What is not one of the expected failures is a defect. */
  noAnswer(error: unknown): undefined {
    const { OutcomeUnknown, Unavailable } = this.world.modules;
    const isExpected = error instanceof Crashed || error instanceof OutcomeUnknown || error instanceof Unavailable;
    if (!isExpected) this.failure ??= error as Error;
  }
}

export function orCrash<T>(process: Process, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const tell = (): void => reject(new Crashed('The process has died.'));
    if (!process.isAlive) tell();
    process.onCrash.add(tell);
    work.then(resolve, reject).finally(() => process.onCrash.delete(tell));
  });
}
