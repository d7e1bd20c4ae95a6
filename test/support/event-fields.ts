/**
 * What the catalogue says of the fields of a stored event, held against the event: every field is declared, every plain
 * one is what it is declared to be, and no personal one is anything but sealed.
 */
import type { PersonalField, PlainField, StoredDomainEvent } from '../../src/application/event-catalogue.js';
import { eventCatalogue } from '../../src/application/event-catalogue.js';
import type { IdentifierKind } from '../../src/domain/account/events.js';
import type { ConversationEvent, ConversationKind, MemberRole, MessageClass } from '../../src/domain/conversation/events.js';
import type { DeviceKeyAlgorithm } from '../../src/domain/device/events.js';
import { isUuid } from '../../src/domain/kernel/ids.js';
import { isSealed } from '../../src/domain/kernel/personal.js';

type RemovalReason = Extract<ConversationEvent, { type: 'MessageRemoved' }>['data']['reason'];

/** Every literal that a field of words may hold; a new one is added here, and thought of. */
export const words: Readonly<Record<string, readonly string[]>> = {
  identifierKind: ['phone', 'email'] satisfies IdentifierKind[],
  keyAlgorithm: ['ES256', 'EdDSA'] satisfies DeviceKeyAlgorithm[],
  kind: ['direct', 'group'] satisfies ConversationKind[],
  role: ['owner', 'member'] satisfies MemberRole[],
  class: ['post', 'control'] satisfies MessageClass[],
  reason: ['author', 'owner'] satisfies RemovalReason[],
};

const WORD = /^[a-zA-Z0-9-]{1,24}$/;
/** HMAC-SHA-256 in base64url. */
const MAC = /^[A-Za-z0-9_-]{43}$/;
const SEALED = /^[A-Za-z0-9_-]{64,}$/;

const fits: Readonly<Record<PlainField, (value: unknown, name: string) => boolean>> = {
  id: (value) => typeof value === 'string' && isUuid(value),
  word: (value, name) => typeof value === 'string' && WORD.test(value) && (words[name]?.includes(value) ?? false),
  instant: (value) => Number.isSafeInteger(value) && (value as number) > 0,
  number: (value) => Number.isSafeInteger(value) && (value as number) >= -1,
  mac: (value) => typeof value === 'string' && MAC.test(value),
};

const isSealedAlone = (value: unknown): boolean =>
  isSealed(value) && SEALED.test(value.sealed) && Object.keys(value).length === 1;

export const fieldsOf = (type: StoredDomainEvent['type']): Readonly<Record<string, PlainField | PersonalField>> =>
  eventCatalogue[type].fields;

/** What is wrong with the data of a stored event; nothing, when it says no more than the catalogue. */
export function fieldProblems(type: StoredDomainEvent['type'], data: Readonly<Record<string, unknown>>): string[] {
  const declared = fieldsOf(type);
  return Object.entries(data).flatMap(([name, value]) => {
    const field = Object.hasOwn(declared, name) ? declared[name] : undefined;
    if (field === undefined) return [`${type}.${name} is not in the catalogue.`];
    if (typeof field !== 'string') return isSealedAlone(value) ? [] : [`${type}.${name} is personal and not sealed.`];
    return fits[field](value, name) ? [] : [`${type}.${name} is declared ${field} and is something else.`];
  });
}
