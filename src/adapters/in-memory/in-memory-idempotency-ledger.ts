import type { IdSource } from '../../application/ports/id-source.js';
import type { IdempotencyLedger, KeptAnswer, KeyedRequest, Reserved } from '../../application/ports/idempotency-ledger.js';
import type { Instant } from '../../domain/kernel/instant.js';
import { checkedSecret } from '../crypto/keyed-hash.js';
import { hashOfKey, isHeldBy, type LedgerRow, reserve, sealedAnswer } from '../crypto/ledger-row.js';

/** Hash of the key, in hex, to what is kept under it. */
export type LedgerRows = Map<string, LedgerRow>;

/** Two ledgers over the same rows are one store. */
export class InMemoryIdempotencyLedger implements IdempotencyLedger {
  private readonly secret: Buffer;

  constructor(
    secret: Buffer,
    private readonly ids: Pick<IdSource, 'uuid'>,
    private readonly rows: LedgerRows = new Map(),
  ) {
    this.secret = checkedSecret(secret);
  }

  async reserve(request: KeyedRequest, at: Instant, lifeMs: number): Promise<Reserved> {
    const name = this.nameOf(request);
    const { reserved, next } = reserve(this.secret, this.rows.get(name), { request, at, lifeMs, attempt: this.ids.uuid() });
    if (next) this.rows.set(name, next);
    return reserved;
  }

  async settle(request: KeyedRequest, attempt: string, answer: KeptAnswer): Promise<void> {
    const name = this.nameOf(request);
    const kept = this.rows.get(name);
    if (isHeldBy(kept, attempt)) this.rows.set(name, { ...kept, answer: sealedAnswer(this.secret, request, answer) });
  }

  async release(request: KeyedRequest, attempt: string): Promise<void> {
    const name = this.nameOf(request);
    if (isHeldBy(this.rows.get(name), attempt)) this.rows.delete(name);
  }

  async purge(before: Instant): Promise<number> {
    const ended = [...this.rows].filter(([, { endsAt }]) => endsAt <= before);
    for (const [name] of ended) this.rows.delete(name);
    return ended.length;
  }

  private nameOf(request: KeyedRequest): string {
    return hashOfKey(this.secret, request).toString('hex');
  }
}
