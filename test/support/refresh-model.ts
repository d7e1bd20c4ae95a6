/**
 * Refresh families as a client and a thief see them: which answer each token must get, in a few lines that share nothing
 * with the adapters. The model knows no secrets and stores every token; the adapters do neither.
 */
import type { RotateOutcome } from '../../src/application/ports/credentials.js';
import type { DeviceId } from '../../src/domain/kernel/ids.js';

const DAY_MS = 24 * 60 * 60 * 1_000;
const LIFE_MS = 90 * DAY_MS;
const REPEAT_MS = 30_000;

interface Family {
  readonly deviceId: DeviceId;
  /** By generation; the last is the leaf. */
  readonly tokens: string[];
  rotatedAt: number;
  endsAt: number;
  state: 'living' | 'betrayed' | 'forgotten';
}

export class RefreshModel {
  readonly families: Family[] = [];

  issued(deviceId: DeviceId, token: string, at: number): void {
    this.revoked(deviceId);
    this.families.push({ deviceId, tokens: [token], rotatedAt: at, endsAt: at + LIFE_MS, state: 'living' });
  }

  revoked(deviceId: DeviceId): void {
    for (const family of this.families) if (family.deviceId === deviceId) family.state = 'forgotten';
  }

  isLive(deviceId: DeviceId, at: number): boolean {
    return this.families.some((family) => family.deviceId === deviceId && family.state === 'living' && at < family.endsAt);
  }

  /** What showing a token must give, and what it changes. A fresh successor is whatever the adapter `answered`. */
  shown(token: string, deviceId: DeviceId, at: number, answered: RotateOutcome): RotateOutcome {
    const family = this.families.find(({ tokens }) => tokens.includes(token));
    if (!family || family.deviceId !== deviceId || family.state === 'forgotten' || at >= family.endsAt)
      return { outcome: 'unknown' };
    const leaf = family.tokens.length - 1;
    const generation = family.tokens.indexOf(token);
    if (generation === leaf) return this.shownLeaf(family, at, answered);
    const isRepeat = family.state === 'living' && generation === leaf - 1 && at < family.rotatedAt + REPEAT_MS;
    if (isRepeat) return { outcome: 'rotated', refreshToken: family.tokens[leaf]! };
    family.state = 'betrayed';
    return { outcome: 'reused' };
  }

  private shownLeaf(family: Family, at: number, answered: RotateOutcome): RotateOutcome {
    if (family.state === 'betrayed') return { outcome: 'unknown' };
    const refreshToken = answered.outcome === 'rotated' ? answered.refreshToken : 'a new token';
    family.tokens.push(refreshToken);
    family.rotatedAt = at;
    family.endsAt = at + LIFE_MS;
    return { outcome: 'rotated', refreshToken };
  }
}
