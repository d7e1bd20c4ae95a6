/**
 * What an account says of itself. Its identifier is answered to the account alone, its name to whoever knows its id.
 * Personal fields stay sealed: they open on read, or not at all.
 */
import type { IdentifierKind } from '../domain/account/events.js';
import type { AccountId } from '../domain/kernel/ids.js';
import type { Instant } from '../domain/kernel/instant.js';
import type { Personal } from '../domain/kernel/personal.js';
import { collectionOf } from './kernel/collection.js';
import { defineProjection } from './kernel/projection.js';
import { one } from './kernel/reading.js';
import type { Views } from './kernel/views.js';

export interface AccountDocument {
  readonly accountId: AccountId;
  readonly identifierKind: IdentifierKind;
  readonly identifier?: Personal<string>;
  readonly displayName?: Personal<string>;
  readonly registeredAt: Instant;
  readonly changedAt: Instant;
  /** Grows with every change of the profile; 1 at registration. */
  readonly version: number;
  /** Where the account changed last. */
  readonly position: number;
}

const collection = collectionOf<AccountDocument>()({
  name: 'accounts.v1',
  fields: { accountId: 'text' },
  key: ['accountId'],
  indexes: {},
  personal: ['identifier', 'displayName'],
});

const STREAM = 'account-';

export const accounts = defineProjection(collection)({
  name: 'accounts',
  version: 1,
  on: {
    AccountRegistered: ({ data: { accountId, registeredAt, ...rest } }, { revision, position }) => [
      {
        verb: 'upsert',
        key: { accountId },
        doc: { ...rest, registeredAt, changedAt: registeredAt, version: revision + 1, position },
      },
    ],
    ProfileChanged: ({ data: { accountId, displayName, changedAt } }, { revision, position }) => [
      { verb: 'patch', key: { accountId }, set: { displayName, changedAt, version: revision + 1, position } },
    ],
    '$stream-removed': ({ data: { stream } }) =>
      stream.startsWith(STREAM) ? [{ verb: 'remove', key: { accountId: stream.slice(STREAM.length) as AccountId } }] : [],
  },
});

export type AccountView = Pick<AccountDocument, 'accountId' | 'displayName' | 'version'> &
  Partial<Pick<AccountDocument, 'identifierKind' | 'identifier' | 'registeredAt'>>;

/** One's own account whole; of another one's what its owner shows to everybody. */
export async function accountOf(views: Views, asker: AccountId, accountId: AccountId): Promise<AccountView | 'hidden'> {
  const found = await one(views, collection, { accountId });
  if (found === undefined) return 'hidden';
  const { displayName, version, identifierKind, identifier, registeredAt } = found;
  const shown = { accountId, version, ...(displayName && { displayName }) };
  return asker === accountId ? { ...shown, identifierKind, registeredAt, ...(identifier && { identifier }) } : shown;
}
