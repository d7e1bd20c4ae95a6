/**
 * The one registry of ids: append-only, each a lower-case UUID in text, branded so that one cannot stand for another.
 * No name, number, time, author or order can be read out of an id: it is random, or a keyed hash shaped like a UUID.
 */

type Branded<Name extends string> = string & { readonly __id: Name };

export type AccountId = Branded<'account'>;
export type DeviceId = Branded<'device'>;
export type ConversationId = Branded<'conversation'>;
/** A person inside one conversation: HMAC of the conversation id under that person's naming key. */
export type MemberId = Branded<'member'>;
/** Chosen by the sender's device; one post per message id, for ever. */
export type MessageId = Branded<'message'>;
/** One attempt to send a message; `MessagePosted` names the attempt whose content is shown. */
export type ComposeId = Branded<'compose'>;
export type EventId = Branded<'event'>;
export type CorrelationId = Branded<'correlation'>;
export type VerificationId = Branded<'verification'>;
/** A person, seen from the read side: HMAC of the account id under that person's naming key; dies with the key. */
export type Handle = Branded<'handle'>;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

export const isUuid = (text: string): boolean => UUID.test(text);
