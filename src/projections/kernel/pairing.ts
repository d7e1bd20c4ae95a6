/**
 * What is joined to events before anybody sees them: a post gets its content, a joining the handle of who joined.
 * Composed content shows nothing until its post: a bounded window of it is kept in hand, and a post whose content is not
 * there reads the message stream. Projections and the live fan-out use the same joining, each one of its own.
 */
import type { AccountId, ComposeId, Handle, MessageId } from '../../domain/kernel/ids.js';
import { isErased, isSealed, type Personal, type Sealed } from '../../domain/kernel/personal.js';
import type { MessageEvent, SealedBody } from '../../domain/message/events.js';
import type { FeedEnvelope, ProjectedEnvelope } from './feed-events.js';
import type { Open } from './opening.js';

export type Composed = MessageEvent['data'];

export interface ComposeWanted {
  readonly messageId: MessageId;
  readonly composeId: ComposeId;
}

/** Reads composed content from the message streams, in the order asked; `absent` when there is none, or its stream was removed. */
export type MessageBodies = (wanted: readonly ComposeWanted[]) => Promise<readonly (Composed | 'absent')[]>;

/** Handles of accounts, in the order asked; `undefined` for one whose keys were destroyed. */
export type Handles = (accounts: readonly AccountId[]) => Promise<readonly (Handle | undefined)[]>;

export interface EnrichSources {
  readonly bodies: MessageBodies;
  readonly open: Open;
  readonly handles: Handles;
  /** Bounds of the window of content in hand; what falls out of it is read again. */
  readonly composesMax?: number;
  readonly charactersMax?: number;
}

export type Enrich = (events: readonly FeedEnvelope[]) => Promise<readonly ProjectedEnvelope[]>;

type PostedEnvelope = Extract<FeedEnvelope, { readonly type: 'MessagePosted' }>;
type JoinedEnvelope = Extract<FeedEnvelope, { readonly type: 'MemberAdded' }>;

/** Makes one joining stage; batches go through it one after the other. */
export function enricher(sources: EnrichSources): Enrich {
  const inHand = new ComposesInHand(sources.composesMax ?? 4_096, sources.charactersMax ?? 16 * 1_024 * 1_024);
  return async (events) => {
    const bodies = await bodiesOf(events, inHand, sources.bodies);
    const handles = await handlesOf(events, sources);
    return events.flatMap((event): readonly ProjectedEnvelope[] => {
      if (event.type === 'MessageComposed') return [];
      if (event.type === 'MessagePosted') return [joined(event, 'body', bodies.get(event))];
      if (event.type === 'MemberAdded') return [joined(event, 'handle', handles.get(event))];
      return [event];
    });
  };
}

const joined = <Event extends FeedEnvelope, Name extends string, Value>(event: Event, name: Name, value: Value | undefined) =>
  (value === undefined ? event : { ...event, [name]: value }) as Event & { readonly [N in Name]?: Value };

async function bodiesOf(
  events: readonly FeedEnvelope[],
  inHand: ComposesInHand,
  read: MessageBodies,
): Promise<ReadonlyMap<FeedEnvelope, Personal<SealedBody>>> {
  const found = new Map<PostedEnvelope, Composed | 'absent'>();
  const missing: PostedEnvelope[] = [];
  for (const event of events) {
    if (event.type === 'MessageComposed') inHand.put(event.data);
    if (event.type !== 'MessagePosted') continue;
    const composed = inHand.take(event.data.composeId);
    if (composed === undefined) missing.push(event);
    else found.set(event, composed);
  }
  const answers =
    missing.length === 0 ? [] : await read(missing.map(({ data: { messageId, composeId } }) => ({ messageId, composeId })));
  for (const [index, event] of missing.entries()) found.set(event, answers[index] ?? 'absent');
  const bodies = new Map<FeedEnvelope, Personal<SealedBody>>();
  for (const [event, composed] of found) if (composed !== 'absent' && isOf(event, composed)) bodies.set(event, composed.body);
  return bodies;
}

/** Content is shown only where its author posted it: another's compose under the same id is nobody's content. */
const isOf = ({ data }: PostedEnvelope, composed: Composed): boolean =>
  data.composeId === composed.composeId &&
  data.messageId === composed.messageId &&
  data.memberId === composed.memberId &&
  data.conversationId === composed.conversationId;

async function handlesOf(
  events: readonly FeedEnvelope[],
  { open, handles }: EnrichSources,
): Promise<ReadonlyMap<FeedEnvelope, Handle>> {
  const joinings = events.filter((event): event is JoinedEnvelope => event.type === 'MemberAdded');
  const accounts = await accountsOf(
    joinings.map(({ data }) => data.account),
    open,
  );
  const known = joinings.flatMap((event, index) => {
    const account = accounts[index];
    return account === undefined ? [] : [{ event, account }];
  });
  const answers = known.length === 0 ? [] : await handles(known.map(({ account }) => account));
  const found = new Map<FeedEnvelope, Handle>();
  for (const [index, { event }] of known.entries()) {
    const handle = answers[index];
    if (handle !== undefined) found.set(event, handle);
  }
  return found;
}

async function accountsOf(references: readonly Personal<AccountId>[], open: Open): Promise<readonly (AccountId | undefined)[]> {
  const sealed: Sealed[] = references.filter(isSealed);
  const plain = sealed.length === 0 ? [] : await open(sealed);
  let next = 0;
  return references.map((reference) => {
    if (isErased(reference)) return undefined;
    if (!isSealed(reference)) return reference;
    const value = plain[next++];
    return value === undefined || isErased(value) ? undefined : (value.value as AccountId);
  });
}

/** The composes that have no post yet, the oldest falling out first. */
class ComposesInHand {
  private readonly composes = new Map<ComposeId, { readonly composed: Composed; readonly characters: number }>();
  private characters = 0;

  constructor(
    private readonly composesMax: number,
    private readonly charactersMax: number,
  ) {}

  put(composed: Composed): void {
    this.take(composed.composeId);
    const characters = isSealed(composed.body) ? composed.body.sealed.length : JSON.stringify(composed.body).length;
    this.composes.set(composed.composeId, { composed, characters });
    this.characters += characters;
    for (const [oldest] of this.composes) {
      if (this.composes.size <= this.composesMax && this.characters <= this.charactersMax) break;
      this.take(oldest);
    }
  }

  take(composeId: ComposeId): Composed | undefined {
    const held = this.composes.get(composeId);
    if (held === undefined) return undefined;
    this.composes.delete(composeId);
    this.characters -= held.characters;
    return held.composed;
  }
}
