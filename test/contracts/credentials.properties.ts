/**
 * The two properties of the credentials contract. Goal: no order of use, reuse, parallel use, lost answers and foreign
 * devices leaves two living leaves of a family, or looks at more than five wrong codes (invariant I8, attacks A1 and A6).
 * Method: generated steps on two instances over one store, each answer compared with a model's.
 */
import { expect } from '@jest/globals';
import fc from 'fast-check';
import type { Credentials, RotateOutcome, SpendOutcome } from '../../src/application/ports/credentials.js';
import type { AccountId, DeviceId, VerificationId } from '../../src/domain/kernel/ids.js';
import { instant, later } from '../../src/domain/kernel/instant.js';
import type { CountingIdSource } from '../support/counting-id-source.js';
import { RefreshModel } from '../support/refresh-model.js';

const START = instant(Date.UTC(2031, 4, 6, 7, 8, 9));
const DAY_MS = 24 * 60 * 60 * 1_000;

const pauses = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 15_000 }) },
  { weight: 3, arbitrary: fc.constantFrom(0, 29_999, 30_000, 30_001, 60_000) },
  { weight: 1, arbitrary: fc.constantFrom(89 * DAY_MS, 90 * DAY_MS - 1, 90 * DAY_MS) },
);

type RefreshStep =
  | {
      readonly kind: 'show';
      /** Counted from the newest token that somebody has. */
      readonly back: number;
      readonly times: number;
      readonly isLost: boolean;
      readonly byOther: boolean;
      readonly pauseMs: number;
    }
  | { readonly kind: 'issue' | 'revoke'; readonly device: number; readonly pauseMs: number };

const refreshStep: fc.Arbitrary<RefreshStep> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant('show' as const),
      back: fc.oneof(fc.constantFrom(0, 0, 0, 1), fc.nat(12)),
      times: fc.constantFrom(1, 1, 1, 2, 4),
      isLost: fc.boolean(),
      byOther: fc.constantFrom(false, false, false, true),
      pauseMs: pauses,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constantFrom('issue' as const, 'revoke' as const), device: fc.nat(1), pauseMs: pauses }),
  },
);

type Pair = readonly [Credentials, Credentials];

class RefreshRun {
  private readonly model = new RefreshModel();
  private readonly devices: readonly [DeviceId, DeviceId];
  private readonly accountId: AccountId;
  /** What somebody holds: an answer that was lost is held by nobody until it is repeated. */
  private readonly held: { readonly token: string; readonly deviceId: DeviceId }[] = [];
  private readonly handedOut = new Set<string>();
  private readonly replaced = new Set<string>();
  private at = START;

  constructor(
    private readonly pair: Pair,
    ids: CountingIdSource,
  ) {
    this.devices = [ids.uuid() as DeviceId, ids.uuid() as DeviceId];
    this.accountId = ids.uuid() as AccountId;
  }

  async step(step: RefreshStep): Promise<void> {
    this.at = later(this.at, step.pauseMs);
    if (step.kind !== 'show') {
      const deviceId = this.devices[step.device]!;
      return step.kind === 'issue' ? this.issue(deviceId) : this.revoke(deviceId);
    }
    const shown = this.held[this.held.length - 1 - step.back];
    if (!shown) return;
    const deviceId = step.byOther ? this.devices.find((device) => device !== shown.deviceId)! : shown.deviceId;
    const answers = await this.show(shown.token, deviceId, step.times);
    if (answers[0]?.outcome === 'rotated' && !step.isLost) this.held.push({ token: answers[0].refreshToken, deviceId });
  }

  async issue(deviceId: DeviceId = this.devices[0]): Promise<void> {
    const token = await this.pair[0].issueRefresh({ accountId: this.accountId, deviceId }, this.at);
    this.model.issued(deviceId, token, this.at);
    this.held.push({ token, deviceId });
    this.handedOut.add(token);
  }

  private async revoke(deviceId: DeviceId): Promise<void> {
    await this.pair[1].revokeDevice(deviceId);
    this.model.revoked(deviceId);
  }

  private async show(token: string, deviceId: DeviceId, times: number): Promise<readonly RotateOutcome[]> {
    const showings = Array.from({ length: times }, (_, turn) => this.pair[turn % 2]!.rotateRefresh(token, deviceId, this.at));
    const answers = await Promise.all(showings);
    expect(answers).toEqual(answers.map((answer) => this.model.shown(token, deviceId, this.at, answer)));
    for (const answer of answers) {
      if (answer.outcome !== 'rotated') continue;
      this.replaced.add(token);
      this.handedOut.add(answer.refreshToken);
    }
    return answers;
  }

  /** Holds after every step. */
  async invariants(): Promise<void> {
    for (const deviceId of this.devices) {
      expect(await this.pair[0].isLive(deviceId, this.at)).toBe(this.model.isLive(deviceId, this.at));
    }
    expect(this.leaves(this.model.families.flatMap(({ tokens }) => tokens))).toHaveLength(this.model.families.length);
    expect(new Set(this.model.families.flatMap(({ tokens }) => tokens)).size).toBe(this.handedOut.size);
  }

  /** Everybody shows everything, long after the last rotation: one leaf lives at most, and the first reuse ends it. */
  async ending(): Promise<void> {
    this.at = later(this.at, 31_000);
    for (const { tokens, deviceId } of [...this.model.families]) {
      const before = [...tokens];
      const reusable = before.slice(0, -1).reverse();
      for (const token of reusable) await this.show(token, deviceId, 2);
      const last = await this.show(before.at(-1)!, deviceId, 1);
      if (reusable.length > 0) expect(last).toEqual([{ outcome: 'unknown' }]);
    }
    for (const token of this.handedOut) {
      if (!this.replaced.has(token)) continue;
      for (const deviceId of this.devices)
        expect((await this.pair[0].rotateRefresh(token, deviceId, later(this.at, 31_000))).outcome).not.toBe('rotated');
    }
  }

  private leaves(tokens: readonly string[]): readonly string[] {
    return tokens.filter((token) => !this.replaced.has(token));
  }
}

export async function refreshFamiliesHaveOneLeaf(pair: Pair, ids: CountingIdSource): Promise<void> {
  const property = fc.asyncProperty(fc.array(refreshStep, { maxLength: 25 }), async (steps) => {
    const run = new RefreshRun(pair, ids);
    await run.issue();
    for (const step of steps) {
      await run.step(step);
      await run.invariants();
    }
    await run.ending();
  });
  await fc.assert(property, { numRuns: 100 });
}

const CODE = '493817';

const spendStep = fc.record({
  code: fc.constantFrom(CODE, '000000', '493818', '49381', ''),
  device: fc.constantFrom(0, 0, 0, 1, 2),
  times: fc.constantFrom(1, 1, 1, 2, 7),
  pauseMs: fc.oneof(fc.constantFrom(0, 0, 0, 59_999, 60_000), fc.integer({ min: 0, max: 90_000 })),
});

interface CodeModel {
  wrong: number;
  spentBy?: number;
  until: number;
}

function expectedSpend(model: CodeModel, code: string, device: number, at: number): SpendOutcome['outcome'] {
  const isSpentElsewhere = model.spentBy !== undefined && model.spentBy !== device;
  if (model.wrong >= 5 || isSpentElsewhere || at >= model.until) return 'gone';
  if (code !== CODE) {
    model.wrong += 1;
    return model.spentBy === undefined ? 'wrong' : 'gone';
  }
  if (model.spentBy === undefined) [model.spentBy, model.until] = [device, at + 60_000];
  return 'spent';
}

export async function codesAreTriedFiveTimes(pair: Pair, ids: CountingIdSource): Promise<void> {
  const property = fc.asyncProperty(fc.array(spendStep, { maxLength: 20 }), async (steps) => {
    const verificationId = ids.uuid() as VerificationId;
    const model: CodeModel = { wrong: 0, until: START + 600_000 };
    const seen: { readonly device: number; readonly answer: SpendOutcome }[] = [];
    await pair[0].openVerification(verificationId, { kind: 'phone', value: '+4915112345678' }, CODE, later(START, 600_000));
    let at = START;
    for (const { code, device, times, pauseMs } of steps) {
      at = later(at, pauseMs);
      const tries = Array.from({ length: times }, (_, turn) => {
        const proposed = { accountId: ids.uuid() as AccountId, deviceId: ids.uuid() as DeviceId };
        return pair[turn % 2]!.spendCode({ verificationId, code, deviceKey: `key ${device}`, proposed, at });
      });
      const answers = await Promise.all(tries);
      expect(answers.map(({ outcome }) => outcome).sort()).toEqual(
        answers.map(() => expectedSpend(model, code, device, at)).sort(),
      );
      for (const answer of answers) seen.push({ device, answer });
    }
    const spent = seen.filter(({ answer }) => answer.outcome === 'spent');
    const triesLeft = seen.flatMap(({ answer }) => (answer.outcome === 'wrong' ? [answer.triesLeft] : []));
    expect([...triesLeft].sort().reverse()).toEqual([4, 3, 2, 1, 0].slice(0, triesLeft.length));
    expect(new Set(spent.map(({ device }) => device)).size).toBeLessThanOrEqual(1);
    expect(new Set(spent.map(({ answer }) => JSON.stringify(answer))).size).toBeLessThanOrEqual(1);
  });
  await fc.assert(property, { numRuns: 100 });
}
