/**
 * What every store of short-lived secrets promises. Goal: nothing that is guessed, stolen, replayed or late gets in, and
 * nobody whose answer was lost is shut out. Method: a second instance over the same store stands for another process, and
 * for the same one after a restart; properties with models stand in `credentials.properties.ts`.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type {
  Credentials,
  Principal,
  RotateOutcome,
  SpendOutcome,
  SpendRequest,
} from '../../src/application/ports/credentials.js';
import type { Identifier } from '../../src/application/ports/directory.js';
import type { AccountId, DeviceId, VerificationId } from '../../src/domain/kernel/ids.js';
import { instant, later } from '../../src/domain/kernel/instant.js';
import { CountingIdSource } from '../support/counting-id-source.js';
import { tracesOf } from '../support/dump.js';
import { codesAreTriedFiveTimes, refreshFamiliesHaveOneLeaf } from './credentials.properties.js';

export interface CredentialsUnderTest {
  readonly credentials: Credentials;
  /** Another one over the same store, with the same secret. */
  again(): Promise<Credentials>;
  /** All that is stored, as text. */
  dump(): Promise<string>;
  close(): Promise<void>;
}

const START = instant(Date.UTC(2031, 4, 6, 7, 8, 9));
const DAY_MS = 24 * 60 * 60 * 1_000;
const CODE_LIFE_MS = 600_000;
const PHONE: Identifier = { kind: 'phone', value: '+4915112345678' };
const CODE = '493817';
const ORIGIN = 'https://chat.example.org';

const ids = new CountingIdSource('credentials');
const device = () => ids.uuid() as DeviceId;
const principal = (): Principal => ({ accountId: ids.uuid() as AccountId, deviceId: device() });

export function credentialsContract(name: string, open: () => Promise<CredentialsUnderTest>): void {
  describe(`Credentials: ${name}`, () => {
    let under: CredentialsUnderTest;
    let credentials: Credentials;

    beforeEach(async () => {
      under = await open();
      credentials = under.credentials;
    });
    afterEach(() => under.close());

    const opened = async (code = CODE, identifier = PHONE): Promise<VerificationId> => {
      const verificationId = ids.uuid() as VerificationId;
      await credentials.openVerification(verificationId, identifier, code, later(START, CODE_LIFE_MS));
      return verificationId;
    };
    const request = (verificationId: VerificationId, changes: Partial<SpendRequest> = {}): SpendRequest => ({
      ...{ verificationId, code: CODE, deviceKey: 'key of the device', proposed: principal(), at: START },
      ...changes,
    });
    const spend = (verificationId: VerificationId, changes: Partial<SpendRequest> = {}): Promise<SpendOutcome> =>
      credentials.spendCode(request(verificationId, changes));
    const rotate = (token: string, deviceId: DeviceId, ms: number): Promise<RotateOutcome> =>
      credentials.rotateRefresh(token, deviceId, later(START, ms));
    const successorOf = async (token: string, deviceId: DeviceId, ms: number): Promise<string> => {
      const answer = await rotate(token, deviceId, ms);
      if (answer.outcome !== 'rotated') throw new Error(`Not rotated: ${answer.outcome}.`);
      return answer.refreshToken;
    };

    it('Short-lived secrets: one-time codes, refresh families and socket tickets, each of which ends by itself (ADR 0006).', async () => {
      const owner = principal();
      const verificationId = await opened();
      const token = await credentials.issueRefresh(owner, START);
      const ticket = await credentials.issueTicket(owner, ORIGIN, START);
      expect(await spend(verificationId, { at: later(START, CODE_LIFE_MS) })).toEqual({ outcome: 'gone' });
      expect(await credentials.takeTicket(ticket, ORIGIN, later(START, 30_000))).toBeUndefined();
      expect(await rotate(token, owner.deviceId, 90 * DAY_MS)).toEqual({ outcome: 'unknown' });

      const newcomer = principal();
      const late = later(START, 91 * DAY_MS);
      for (let write = 0; write < 3; write += 1) {
        await credentials.openVerification(ids.uuid() as VerificationId, PHONE, CODE, later(late, CODE_LIFE_MS));
        await credentials.issueRefresh(newcomer, late);
        await credentials.issueTicket(newcomer, ORIGIN, late);
      }
      const stored = await under.dump();
      expect(stored).toContain(newcomer.deviceId);
      for (const trace of [verificationId, owner.deviceId, owner.accountId]) expect(stored).not.toContain(trace);
    });

    it('Secrets are kept hashed and identifiers sealed: no code, token, ticket, number or address can be read out of the store.', async () => {
      const owner = principal();
      const email: Identifier = { kind: 'email', value: 'ada@example.org' };
      const [first, second] = [await opened('code one'), await opened('code two', email)];
      await spend(first, { code: 'code one' });
      const token = await credentials.issueRefresh(owner, START);
      const ticket = await credentials.issueTicket(owner, ORIGIN, START);
      const stored = await under.dump();
      expect(stored).toContain(first);
      expect(stored).toContain(owner.deviceId);
      const mac = Buffer.from(token.slice(4), 'base64url').subarray(20).toString('hex');
      const body = Buffer.from(ticket.slice(4), 'base64url').toString('hex');
      const forms = ['code one', 'code two', `${first}code one`, `${second}code two`, PHONE.value, email.value, token, ticket];
      for (const trace of [...forms.flatMap(tracesOf), mac, body]) expect(stored).not.toContain(trace);
    });

    it('Whatever cannot be decided is refused.', async () => {
      const owner = principal();
      const token = await credentials.issueRefresh(owner, START);
      const ticket = await credentials.issueTicket(owner, ORIGIN, START);
      const bytes = Buffer.from(token.slice(4), 'base64url');
      const spelled = (change: (copy: Buffer) => unknown) => {
        const copy = Buffer.from(bytes);
        change(copy);
        return `sr1.${copy.toString('base64url')}`;
      };
      const flips = Array.from({ length: bytes.length }, (_, at) => spelled((copy) => copy.writeUInt8(copy[at]! ^ 1, at)));
      const cut = [
        token.slice(0, -1),
        `${token}A`,
        `${token}=`,
        ` ${token}`,
        token.slice(4),
        token.replace('sr1', 'sr2'),
        'sr1.',
        '',
      ];
      const rewritten = `sr1.${bytes.toString('base64')}==`;
      const next = token.slice(0, -1) + String.fromCharCode(token.charCodeAt(token.length - 1) + 1);
      for (const forged of [...flips, ...cut, rewritten, next, ticket, '\u{1F600}', `${token}\u0000`]) {
        expect(await rotate(forged, owner.deviceId, 0)).toEqual({ outcome: 'unknown' });
        expect(await credentials.takeTicket(forged === ticket ? token : forged, ORIGIN, START)).toBeUndefined();
      }
      expect(await spend(ids.uuid() as VerificationId)).toEqual({ outcome: 'gone' });
      expect(await credentials.isLive(device(), START)).toBe(false);
      expect((await rotate(token, owner.deviceId, 0)).outcome).toBe('rotated');
      expect(await credentials.takeTicket(ticket, ORIGIN, START)).toEqual(owner);
    });

    it('Keeps a code for an identifier until it expires.', async () => {
      const [first, second] = [await opened(), await opened()];
      const outcome = await spend(first, { at: later(START, CODE_LIFE_MS - 1) });
      expect(outcome).toMatchObject({ outcome: 'spent', identifier: PHONE });
      expect(await spend(second, { at: later(START, CODE_LIFE_MS) })).toEqual({ outcome: 'gone' });
    });

    it('A verification that is kept already stays as it is, with its tries.', async () => {
      const verificationId = await opened();
      for (let wrong = 0; wrong < 4; wrong += 1) await spend(verificationId, { code: '000000' });
      const other: Identifier = { kind: 'email', value: 'eve@example.org' };
      await (await under.again()).openVerification(verificationId, other, '111111', later(START, 2 * CODE_LIFE_MS));
      expect(await spend(verificationId, { code: '111111' })).toEqual({ outcome: 'wrong', triesLeft: 0 });
      await credentials.openVerification(verificationId, PHONE, CODE, later(START, CODE_LIFE_MS));
      expect(await spend(verificationId)).toEqual({ outcome: 'gone' });
    });

    it('A right code is spent once: replayed by another device it is worth nothing.', async () => {
      const verificationId = await opened();
      const proposed = principal();
      expect(await spend(verificationId, { proposed })).toEqual({ outcome: 'spent', identifier: PHONE, proposed });
      const thief = { deviceKey: 'key of a thief' };
      for (const ms of [0, 1, 59_999, 60_000, CODE_LIFE_MS]) {
        expect(await spend(verificationId, { ...thief, at: later(START, ms) })).toEqual({ outcome: 'gone' });
      }
      const raced = await opened();
      const other = await under.again();
      const keys = Array.from({ length: 10 }, (_, racer) => `key ${racer}`);
      const outcomes = await Promise.all(
        keys.map((deviceKey, racer) => (racer % 2 ? other : credentials).spendCode(request(raced, { deviceKey }))),
      );
      expect(outcomes.map(({ outcome }) => outcome).sort()).toEqual([...new Array(9).fill('gone'), 'spent']);
    });

    it('The same device with the same code gets the same answer again for 60 seconds.', async () => {
      const verificationId = await opened();
      const at = later(START, CODE_LIFE_MS - 1);
      const first = await spend(verificationId, { at });
      expect(first.outcome).toBe('spent');
      expect(await spend(verificationId, { at })).toEqual(first);
      expect(await (await under.again()).spendCode(request(verificationId, { at: later(at, 59_999) }))).toEqual(first);
      await credentials.issueRefresh(principal(), later(at, 59_999));
      expect(await spend(verificationId, { at: later(at, 59_999), code: '493818' })).toEqual({ outcome: 'gone' });
      expect(await spend(verificationId, { at: later(at, 59_999) })).toEqual(first);
      expect(await spend(verificationId, { at: later(at, 60_000) })).toEqual({ outcome: 'gone' });
    });

    it('Every wrong try is counted before it is answered; after the fifth the verification is gone.', async () => {
      const verificationId = await opened();
      const wrong = { code: '000000' };
      for (const triesLeft of [4, 3]) expect(await spend(verificationId, wrong)).toEqual({ outcome: 'wrong', triesLeft });
      const other = await under.again();
      const racing = Array.from({ length: 12 }, (_, racer) =>
        (racer % 2 ? other : credentials).spendCode(request(verificationId, wrong)),
      );
      const answers = await Promise.all(racing);
      expect(answers.flatMap((answer) => (answer.outcome === 'wrong' ? [answer.triesLeft] : [])).sort()).toEqual([0, 1, 2]);
      expect(answers.filter(({ outcome }) => outcome === 'gone')).toHaveLength(9);
      expect(await spend(verificationId)).toEqual({ outcome: 'gone' });
      expect(await (await under.again()).spendCode(request(verificationId))).toEqual({ outcome: 'gone' });
      const spent = await opened();
      await spend(spent);
      for (let guess = 0; guess < 5; guess += 1) expect(await spend(spent, wrong)).toEqual({ outcome: 'gone' });
      expect(await spend(spent)).toEqual({ outcome: 'gone' });
    });

    it('Unknown, expired, used up by wrong tries, or spent by another device: not to be told apart.', async () => {
      const [expired, usedUp, spent] = [await opened(), await opened(), await opened()];
      for (let wrong = 0; wrong < 5; wrong += 1) await spend(usedUp, { code: '000000' });
      await spend(spent, { deviceKey: 'key of the first' });
      const answers = await Promise.all([
        spend(ids.uuid() as VerificationId),
        spend(expired, { at: later(START, CODE_LIFE_MS) }),
        ...[CODE, '000000'].flatMap((code) => [usedUp, spent].map((verificationId) => spend(verificationId, { code }))),
      ]);
      expect(answers).toEqual(new Array(6).fill({ outcome: 'gone' }));
    });

    it('A used code replayed and guesses in any order: at most five wrong tries are ever evaluated.', async () => {
      await codesAreTriedFiveTimes([credentials, await under.again()], ids);
    });

    it("Starts a refresh family for a device and ends the device's earlier one.", async () => {
      const owner = principal();
      const earlier = await credentials.issueRefresh(owner, START);
      const current = await credentials.issueRefresh(owner, START);
      expect(current).not.toBe(earlier);
      expect(await rotate(earlier, owner.deviceId, 0)).toEqual({ outcome: 'unknown' });
      expect((await rotate(current, owner.deviceId, 0)).outcome).toBe('rotated');
      const other = principal();
      await credentials.issueRefresh(other, START);
      expect(await credentials.isLive(owner.deviceId, START)).toBe(true);
    });

    it('Replaces a refresh token of the device by its successor and prolongs the family to 90 days.', async () => {
      const owner = principal();
      const tokens = [await credentials.issueRefresh(owner, START)];
      for (let turn = 1; turn <= 3; turn += 1) {
        tokens.push(await successorOf(tokens.at(-1)!, owner.deviceId, turn * (90 * DAY_MS - 1)));
      }
      expect(new Set(tokens).size).toBe(4);
      const endMs = 3 * (90 * DAY_MS - 1) + 90 * DAY_MS;
      expect(await (await under.again()).isLive(owner.deviceId, later(START, endMs - 1))).toBe(true);
      expect(await credentials.isLive(owner.deviceId, later(START, endMs))).toBe(false);
      expect(await rotate(tokens.at(-1)!, owner.deviceId, endMs)).toEqual({ outcome: 'unknown' });
    });

    it('The token just replaced gives the same successor again for 30 seconds.', async () => {
      const owner = principal();
      const first = await credentials.issueRefresh(owner, START);
      const second = await successorOf(first, owner.deviceId, 0);
      for (const ms of [0, 1, 29_999]) expect(await successorOf(first, owner.deviceId, ms)).toBe(second);
      expect(await (await under.again()).rotateRefresh(first, owner.deviceId, START)).toEqual({
        outcome: 'rotated',
        refreshToken: second,
      });
      expect(await successorOf(second, owner.deviceId, 29_999)).not.toBe(second);
      expect(await rotate(first, owner.deviceId, 29_999)).toEqual({ outcome: 'reused' });
    });

    it('Of N that rotate one token at once, all get the same successor.', async () => {
      const owner = principal();
      const token = await credentials.issueRefresh(owner, START);
      const other = await under.again();
      const racing = Array.from({ length: 10 }, (_, racer) =>
        (racer % 2 ? other : credentials).rotateRefresh(token, owner.deviceId, START),
      );
      const answers = await Promise.all(racing);
      expect(new Set(answers.map((answer) => (answer.outcome === 'rotated' ? answer.refreshToken : answer.outcome))).size).toBe(
        1,
      );
      expect(answers[0]!.outcome).toBe('rotated');
    });

    it("An older token, or the replaced one later, ends the family and the device's tickets, and stays `reused`.", async () => {
      for (const [older, ms] of [
        [true, 0],
        [false, 30_000],
      ] as const) {
        const owner = principal();
        const first = await credentials.issueRefresh(owner, START);
        const second = await successorOf(first, owner.deviceId, 0);
        const leaf = older ? await successorOf(second, owner.deviceId, 0) : second;
        const ticket = await credentials.issueTicket(owner, ORIGIN, later(START, ms));
        for (let turn = 0; turn < 3; turn += 1) expect(await rotate(first, owner.deviceId, ms)).toEqual({ outcome: 'reused' });
        if (older) expect(await rotate(second, owner.deviceId, ms)).toEqual({ outcome: 'reused' });
        expect(await rotate(leaf, owner.deviceId, ms)).toEqual({ outcome: 'unknown' });
        expect(await (await under.again()).isLive(owner.deviceId, later(START, ms))).toBe(false);
        expect(await credentials.takeTicket(ticket, ORIGIN, later(START, ms))).toBeUndefined();
      }
    });

    it('A token that was replaced before: somebody has a copy, so the family has ended.', async () => {
      await refreshFamiliesHaveOneLeaf([credentials, await under.again()], ids);
    });

    it('No token of this device, or one whose family has ended otherwise.', async () => {
      const [owner, other] = [principal(), principal()];
      const token = await credentials.issueRefresh(owner, START);
      await credentials.issueRefresh(other, START);
      expect(await rotate(token, device(), 0)).toEqual({ outcome: 'unknown' });
      await credentials.revokeDevice(owner.deviceId);
      expect(await rotate(token, owner.deviceId, 0)).toEqual({ outcome: 'unknown' });
    });

    it('A token of another device is unknown and changes nothing.', async () => {
      const [owner, thief] = [principal(), principal()];
      const first = await credentials.issueRefresh(owner, START);
      const thiefs = await credentials.issueRefresh(thief, START);
      const second = await successorOf(first, owner.deviceId, 0);
      const stored = await under.dump();
      for (const token of [first, second]) expect(await rotate(token, thief.deviceId, 60_000)).toEqual({ outcome: 'unknown' });
      expect(await under.dump()).toBe(stored);
      expect((await rotate(second, owner.deviceId, 60_000)).outcome).toBe('rotated');
      expect((await rotate(thiefs, thief.deviceId, 60_000)).outcome).toBe('rotated');
    });

    it("Ends the device's family and tickets and keeps nothing of them.", async () => {
      const [owner, other] = [principal(), principal()];
      const [token] = [await credentials.issueRefresh(owner, START), await credentials.issueRefresh(other, START)];
      const tickets = [
        await credentials.issueTicket(owner, ORIGIN, START),
        await credentials.issueTicket(owner, undefined, START),
      ];
      const othersTicket = await credentials.issueTicket(other, ORIGIN, START);
      await credentials.revokeDevice(owner.deviceId);
      expect(await rotate(token!, owner.deviceId, 0)).toEqual({ outcome: 'unknown' });
      expect(await (await under.again()).isLive(owner.deviceId, START)).toBe(false);
      for (const ticket of tickets) {
        for (const origin of [ORIGIN, undefined]) expect(await credentials.takeTicket(ticket, origin, START)).toBeUndefined();
      }
      const stored = await under.dump();
      for (const trace of [owner.deviceId, owner.accountId]) expect(stored).not.toContain(trace);
      expect(await credentials.isLive(other.deviceId, START)).toBe(true);
      expect(await credentials.takeTicket(othersTicket, ORIGIN, START)).toEqual(other);
    });

    it('A second time changes nothing.', async () => {
      const owner = principal();
      await credentials.revokeDevice(owner.deviceId);
      await credentials.issueRefresh(owner, START);
      await credentials.revokeDevice(owner.deviceId);
      const stored = await under.dump();
      await credentials.revokeDevice(owner.deviceId);
      expect(await under.dump()).toBe(stored);
      await credentials.issueRefresh(owner, START);
      expect(await credentials.isLive(owner.deviceId, START)).toBe(true);
    });

    it('Whether the device has a living family.', async () => {
      const owner = principal();
      expect(await credentials.isLive(owner.deviceId, START)).toBe(false);
      await credentials.issueRefresh(owner, START);
      expect(await credentials.isLive(owner.deviceId, START)).toBe(true);
      expect(await credentials.isLive(owner.deviceId, later(START, 90 * DAY_MS - 1))).toBe(true);
      expect(await credentials.isLive(owner.deviceId, later(START, 90 * DAY_MS))).toBe(false);
      expect(await credentials.isLive(device(), START)).toBe(false);
    });

    it('A socket ticket: valid once, for 30 seconds, from the same origin (absent for a client that is no browser).', async () => {
      const owner = principal();
      for (const origin of [ORIGIN, undefined, '']) {
        const ticket = await credentials.issueTicket(owner, origin, START);
        expect(ticket).toMatch(/^[A-Za-z0-9._-]{40,}$/);
        expect(await (await under.again()).takeTicket(ticket, origin, later(START, 29_999))).toEqual(owner);
        expect(await credentials.takeTicket(ticket, origin, later(START, 29_999))).toBeUndefined();
      }
    });

    it('Takes a ticket: whoever comes second, too late or from elsewhere gets nothing.', async () => {
      const owner = principal();
      const other = await under.again();
      const raced = await credentials.issueTicket(owner, ORIGIN, START);
      const racing = Array.from({ length: 10 }, (_, racer) => (racer % 2 ? other : credentials).takeTicket(raced, ORIGIN, START));
      expect((await Promise.all(racing)).filter((taken) => taken !== undefined)).toEqual([owner]);
      const late = await credentials.issueTicket(owner, ORIGIN, START);
      expect(await credentials.takeTicket(late, ORIGIN, later(START, 30_000))).toBeUndefined();
      for (const [from, to] of [
        [ORIGIN, 'https://evil.example.org'],
        [ORIGIN, undefined],
        [undefined, ORIGIN],
        [undefined, ''],
        ['', undefined],
      ] as const) {
        const ticket = await credentials.issueTicket(owner, from, START);
        expect(await credentials.takeTicket(ticket, to, START)).toBeUndefined();
      }
    });

    it('A ticket shown from elsewhere is used up by it.', async () => {
      const ticket = await credentials.issueTicket(principal(), ORIGIN, START);
      await credentials.takeTicket(ticket, 'https://evil.example.org', START);
      expect(await credentials.takeTicket(ticket, ORIGIN, START)).toBeUndefined();
    });
  });
}
