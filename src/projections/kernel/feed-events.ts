/**
 * Everything that the feed may hold, and what a projection sees of it: composed content is joined to its post, and a
 * person's handle to their joining, before any projection runs (`pairing.ts`).
 */
import type { AccountEvent } from '../../domain/account/events.js';
import type { ConversationEvent } from '../../domain/conversation/events.js';
import type { DeviceEvent } from '../../domain/device/events.js';
import type { Envelope, Metadata, Place, StreamRemoved } from '../../domain/kernel/envelope.js';
import type { Handle } from '../../domain/kernel/ids.js';
import type { Personal } from '../../domain/kernel/personal.js';
import type { MessageEvent, SealedBody } from '../../domain/message/events.js';
import type { ReceiptsEvent } from '../../domain/receipts/events.js';

export type FeedEvent = AccountEvent | ConversationEvent | DeviceEvent | MessageEvent | ReceiptsEvent | StreamRemoved;
export type FeedEnvelope = Envelope<FeedEvent>;
export type Meta = Metadata & Place;

type Of<Type extends FeedEvent['type']> = Extract<FeedEvent, { readonly type: Type }>;

/** `body` is absent when the content is: its stream was removed, or it was never this post's. */
export type Posted = Of<'MessagePosted'> & { readonly body?: Personal<SealedBody> };
/** `handle` is absent when that person's keys were destroyed. */
export type Joined = Of<'MemberAdded'> & { readonly handle?: Handle };

export type ProjectedEvent =
  | Exclude<FeedEvent, { readonly type: 'MessagePosted' | 'MemberAdded' | 'MessageComposed' }>
  | Posted
  | Joined;
export type ProjectedType = ProjectedEvent['type'];
export type ProjectedEnvelope = ProjectedEvent & { readonly meta: Meta };

/** Leaving out a type does not compile. */
const KNOWN: Readonly<Record<FeedEvent['type'], true>> = {
  AccountRegistered: true,
  ProfileChanged: true,
  DeviceLinked: true,
  DeviceRenamed: true,
  DeviceRevoked: true,
  ConversationCreated: true,
  MemberAdded: true,
  MemberRemoved: true,
  MemberLeft: true,
  OwnerChanged: true,
  MessagePosted: true,
  MessageRemoved: true,
  MessageComposed: true,
  DeliveredUpTo: true,
  ReadUpTo: true,
  '$stream-removed': true,
};

/** Skipping an event that this build does not know would make views that look right and are not. */
export class UnknownEvent extends Error {
  override readonly name = 'UnknownEvent';

  constructor(type: string, position: number) {
    super(`The feed holds an event of unknown type "${type}" at position ${position}: it was written by a newer build.`);
  }
}

export const isKnownType = (type: string): boolean => Object.hasOwn(KNOWN, type);

export function known(envelope: Envelope): FeedEnvelope {
  if (!isKnownType(envelope.type)) throw new UnknownEvent(envelope.type, envelope.meta.position);
  return envelope as FeedEnvelope;
}
