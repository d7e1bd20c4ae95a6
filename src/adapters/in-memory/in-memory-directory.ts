/** The directory of a process that keeps nothing: for tests, simulations and a server that is thrown away. */
import type { Directory, Identifier } from '../../application/ports/directory.js';
import type { AccountId } from '../../domain/kernel/ids.js';
import { checkedSecret, keyedHash } from '../crypto/keyed-hash.js';

/** Hash of the identifier, in hex, to account. */
export type DirectoryRows = Map<string, AccountId>;

export class InMemoryDirectory implements Directory {
  private readonly secret: Buffer;

  /** Two directories over the same rows are one store. */
  constructor(
    secret: Buffer,
    private readonly rows: DirectoryRows = new Map(),
  ) {
    this.secret = checkedSecret(secret);
  }

  async find(identifier: Identifier): Promise<AccountId | undefined> {
    return this.rows.get(this.hashOf(identifier));
  }

  async reserve(
    identifier: Identifier,
    accountId: AccountId,
  ): Promise<{ readonly outcome: 'reserved' } | { readonly outcome: 'taken'; readonly accountId: AccountId }> {
    const hash = this.hashOf(identifier);
    const holder = this.rows.get(hash);
    if (holder !== undefined && holder !== accountId) return { outcome: 'taken', accountId: holder };
    this.rows.set(hash, accountId);
    return { outcome: 'reserved' };
  }

  async release(accountId: AccountId): Promise<void> {
    for (const [hash, holder] of this.rows) if (holder === accountId) this.rows.delete(hash);
  }

  private hashOf({ kind, value }: Identifier): string {
    return keyedHash(this.secret, 'directory', kind, value).toString('hex');
  }
}
