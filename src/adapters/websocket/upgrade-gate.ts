/**
 * Who may begin an upgrade, before anything is done for it: so many under way, so many a second, so many sockets of one
 * address and of all. Whoever is refused is told to come back after a span that differs, so that not all come at once.
 */
import type { Clock } from '../../application/ports/clock.js';
import type { IdSource } from '../../application/ports/id-source.js';
import { ProblemError } from '../nest/problems.js';

export const upgradeLimits = {
  /** Upgrades that are being authenticated at once. */
  underWayMax: 4_096,
  perSecondMax: 2_000,
  /** As many may come at once after a pause; more than one server's sockets coming back in a second. */
  burstMax: 4_096,
  /** Many people may share an address: a proxy in front can be stricter. */
  socketsPerAddressMax: 16_384,
  socketsMax: 65_536,
  retryAfterMs: 1_000,
  /** Added to it by chance. */
  retrySpreadMs: 4_000,
} as const;

export type UpgradeLimits = { readonly [Name in keyof typeof upgradeLimits]: number };

export class UpgradeGate {
  underWay = 0;
  /** Upgrades and sockets, until their connection is closed. */
  connected = 0;
  refused = 0;
  private readonly byAddress = new Map<string, number>();
  private allowance: number;
  private allowedAtMs: number;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly ids: Pick<IdSource, 'fraction'>,
    private readonly limits: UpgradeLimits = upgradeLimits,
  ) {
    this.allowance = limits.burstMax;
    this.allowedAtMs = clock.monotonicMs();
  }

  /** Throws what a refused upgrade is answered. One that was let in is under way until `decided`, and counts until `closed`. */
  enter(address: string): void {
    const { underWayMax, socketsMax, socketsPerAddressMax } = this.limits;
    const ofAddress = this.byAddress.get(address) ?? 0;
    if (ofAddress >= socketsPerAddressMax) throw this.refusal('too-many-requests', { limit: 'sockets-per-address' });
    if (this.underWay >= underWayMax || this.connected >= socketsMax || !this.takeOne()) throw this.refusal('unavailable');
    this.underWay += 1;
    this.connected += 1;
    this.byAddress.set(address, ofAddress + 1);
  }

  decided(): void {
    this.underWay -= 1;
  }

  closed(address: string): void {
    this.connected -= 1;
    const left = (this.byAddress.get(address) ?? 1) - 1;
    if (left === 0) this.byAddress.delete(address);
    else this.byAddress.set(address, left);
  }

  refusal(code: 'too-many-requests' | 'unavailable', extra: object = {}): ProblemError {
    this.refused += 1;
    const { retryAfterMs, retrySpreadMs } = this.limits;
    return new ProblemError(code, { ...extra, retryAfterMs: retryAfterMs + Math.floor(retrySpreadMs * this.ids.fraction()) });
  }

  private takeOne(): boolean {
    const { perSecondMax, burstMax } = this.limits;
    const nowMs = this.clock.monotonicMs();
    this.allowance = Math.min(burstMax, this.allowance + ((nowMs - this.allowedAtMs) * perSecondMax) / 1_000);
    this.allowedAtMs = nowMs;
    if (this.allowance < 1) return false;
    this.allowance -= 1;
    return true;
  }
}

/** Whose connection it is: with proxies that are trusted, the address that the outermost of them saw. */
export function clientAddress(remote: string | undefined, forwarded: string | undefined, trustedProxies: number): string {
  const hops = [...(forwarded ?? '').split(',').flatMap((hop) => hop.trim() || []), remote ?? ''];
  return hops.at(-1 - trustedProxies) ?? hops[0] ?? '';
}
