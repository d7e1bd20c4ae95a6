/**
 * One ring of random keys per subject (a person, or a conversation for its title), from which all names, seals and
 * codes of that subject derive (ADR 0012).
 * Destroying the ring makes everything sealed under it unreadable, everywhere, for ever.
 * A ring comes to be by registration only: nothing here creates a key for a subject that has none.
 */
import type { AccountId, ConversationId, EventId } from '../../domain/kernel/ids.js';
import type { Erased, Sealed } from '../../domain/kernel/personal.js';

export type Subject = AccountId | ConversationId;

/** What a ring's keys are for. A key is derived from its scope's random key and one context. */
export type Scope = 'profile' | 'author' | 'media' | 'push';

/** `member`: a person in a conversation. `direct`: half of a pair's conversation id. `handle`: a person on the read side. */
export type NamingPurpose = 'member' | 'direct' | 'handle';

export interface NameRequest {
  readonly subject: Subject;
  readonly purpose: NamingPurpose;
  /** The conversation, the other account, or the account itself. */
  readonly context: string;
}

export interface SealRequest {
  readonly subject: Subject;
  readonly scope: Scope;
  /** The conversation, or else the stream, that holds the value. */
  readonly context: string;
  readonly eventType: string;
  readonly eventId: EventId;
  readonly fieldPath: string;
  /** Any JSON value. */
  readonly value: unknown;
  /** Pads the length up to a bucket, for names and short texts. */
  readonly padded: boolean;
}

/** `fenced`: on the way to destruction. `erased`: destroyed, or never registered. */
export type SealOutcome = Sealed | 'fenced' | 'erased';

export interface Opened {
  readonly value: unknown;
  /** What the value was sealed as; whoever finds it elsewhere holds a value that was moved. */
  readonly eventType: string;
  readonly eventId: EventId;
  readonly fieldPath: string;
}

export interface MacRequest {
  readonly subject: Subject;
  readonly context: string;
  readonly data: string;
}

export interface SubjectKeys {
  /**
   * Makes the subject's ring; it is durable when this answers.
   * A second registration changes nothing. A destroyed subject is never registered again.
   */
  register(subject: Subject): Promise<'registered' | 'exists' | 'destroyed'>;

  /**
   * Names of subjects in contexts, shaped like UUIDs: the same for the same request, never equal for two.
   * No name for a subject without a ring: `Erased`. A thousand names cost the store a few queries, not one each.
   */
  name(requests: readonly NameRequest[]): Promise<readonly (string | Erased)[]>;

  /**
   * The id of the direct conversation of two people: a UUID-shaped SHA-256 of the sorted pair of their `direct` names for
   * each other, the same whoever asks. `Erased` unless both have a ring: after either is erased it cannot be computed.
   */
  pair(one: AccountId, other: AccountId): Promise<ConversationId | Erased>;

  /**
   * Seals values. A sealed value names its key by a locator that is never equal in two contexts; subject, context and
   * value do not stand in it. Locators are durable before the first seal that uses them.
   * Padded values of nearby lengths are equally long. A thousand seals cost the store a few queries, not one each.
   */
  seal(requests: readonly SealRequest[]): Promise<readonly SealOutcome[]>;

  /**
   * Opens sealed values in the order asked, each to its JSON value and to the event and field that it was sealed for.
   * `Erased` when the key is gone. Throws when a value was altered.
   */
  open(values: readonly Sealed[]): Promise<readonly (Opened | Erased)[]>;

  /** HMAC-SHA-256 under the subject's author key for the context, base64url; `Erased` for a subject without a ring. */
  mac(requests: readonly MacRequest[]): Promise<readonly (string | Erased)[]>;

  /**
   * From here on new locators and seals are refused for the subject; naming, codes and opening go on.
   * Other processes refuse after at most 60 seconds.
   */
  fence(subject: Subject): Promise<void>;

  /**
   * Deletes ring and locators, re-wraps the other rings of the bucket under a new key and destroys the old one, so that
   * old copies of the key store die with it. Leaves a tombstone of a random reference and a day.
   * Afterwards nothing is sealed for the subject and nothing of it opens: here at once, in other processes after at most
   * 60 seconds. A second destruction changes nothing.
   * A destruction that was cut short is finished by the next one, or by the next start.
   */
  destroy(subject: Subject): Promise<void>;
}
