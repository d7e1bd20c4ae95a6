/**
 * What the three adapters of `accounts.db` owe beyond their contracts: nothing readable in the bytes of the file and its
 * write-ahead log, one kind of failure when the database is gone, tables that shrink again.
 */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SqliteCredentials } from '../../../src/adapters/sqlite/sqlite-credentials.js';
import type { Connection } from '../../../src/adapters/sqlite/sqlite-database.js';
import { SqliteDirectory } from '../../../src/adapters/sqlite/sqlite-directory.js';
import { SqliteRateLimiter } from '../../../src/adapters/sqlite/sqlite-rate-limiter.js';
import type { Identifier } from '../../../src/application/ports/directory.js';
import { Unavailable } from '../../../src/application/ports/failures.js';
import type { AccountId, DeviceId, VerificationId } from '../../../src/domain/kernel/ids.js';
import { instant, later } from '../../../src/domain/kernel/instant.js';
import { AccountsFile } from '../../support/accounts-file.js';
import { CountingIdSource } from '../../support/counting-id-source.js';
import { tracesOf } from '../../support/dump.js';

const START = instant(Date.UTC(2031, 4, 6, 7, 8, 9));
const PHONE: Identifier = { kind: 'phone', value: '+4915112345678' };
const LIMIT = { name: 'codes-per-number', max: 3, windowMs: 60_000 };
const secretOf = (byte: number) => Buffer.alloc(32, byte);

describe('The adapters of accounts.db', () => {
  const ids = new CountingIdSource('accounts');
  let file: AccountsFile;
  let connection: Connection;
  let directory: SqliteDirectory;
  let credentials: SqliteCredentials;
  let limiter: SqliteRateLimiter;

  beforeEach(async () => {
    file = await AccountsFile.make();
    connection = file.connect();
    directory = new SqliteDirectory(connection, secretOf(1));
    credentials = new SqliteCredentials(connection, secretOf(2), ids);
    limiter = new SqliteRateLimiter(connection, secretOf(3));
  });
  afterEach(() => file.close());

  const owner = () => ({ accountId: ids.uuid() as AccountId, deviceId: ids.uuid() as DeviceId });
  const rowsOf = (table: string) => connection.prepare<[], number>(`SELECT count(*) FROM ${table}`).pluck().get();

  it('leave no number, code, token or ticket in the bytes on the disk.', async () => {
    const verificationId = ids.uuid() as VerificationId;
    const someone = owner();
    await directory.reserve(PHONE, someone.accountId);
    await credentials.openVerification(verificationId, PHONE, 'canary code', later(START, 600_000));
    await credentials.spendCode({ verificationId, code: 'canary guess', deviceKey: 'canary key', proposed: someone, at: START });
    await credentials.spendCode({ verificationId, code: 'canary code', deviceKey: 'canary key', proposed: someone, at: START });
    const token = await credentials.issueRefresh(someone, START);
    const ticket = await credentials.issueTicket(someone, 'https://canary.example', START);
    await limiter.take(LIMIT, PHONE.value, START);
    const bytes = await file.bytes();
    expect(bytes.includes(someone.accountId)).toBe(true);
    const hidden = [PHONE.value, 'canary code', 'canary guess', 'canary key', 'canary.example', token, ticket];
    for (const trace of hidden.flatMap(tracesOf)) expect(bytes.includes(trace)).toBe(false);
    const secretParts = [Buffer.from(token.slice(4), 'base64url').subarray(20), Buffer.from(ticket.slice(4), 'base64url')];
    for (const part of secretParts) expect(bytes.includes(part)).toBe(false);
  });

  it('throw `Unavailable`, with the cause and without a person, when the database is gone.', async () => {
    connection.close();
    const someone = owner();
    const verificationId = ids.uuid() as VerificationId;
    const calls = [
      () => directory.find(PHONE),
      () => directory.reserve(PHONE, someone.accountId),
      () => directory.release(someone.accountId),
      () => credentials.openVerification(verificationId, PHONE, '493817', START),
      () => credentials.spendCode({ verificationId, code: '493817', deviceKey: 'key', proposed: someone, at: START }),
      () => credentials.issueRefresh(someone, START),
      () => credentials.rotateRefresh('sr1.', someone.deviceId, START),
      () => credentials.revokeDevice(someone.deviceId),
      () => credentials.isLive(someone.deviceId, START),
      () => credentials.issueTicket(someone, undefined, START),
      () => credentials.takeTicket('st1.', undefined, START),
      () => limiter.take(LIMIT, PHONE.value, START),
    ];
    for (const call of calls) {
      const failure = (await call().catch((error: unknown) => error)) as Error;
      expect(failure).toBeInstanceOf(Unavailable);
      expect(failure.cause).toMatchObject({ message: expect.any(String) });
      for (const trace of [PHONE.value, '493817', 'sr1.', 'st1.']) expect(failure.message).not.toContain(trace);
    }
  });

  it('forget a bounded number of ended rows with each write, until none is left.', async () => {
    for (let index = 0; index < 50; index += 1) {
      await credentials.openVerification(ids.uuid() as VerificationId, PHONE, '493817', later(START, 600_000));
      await limiter.take(LIMIT, `key ${index}`, START);
    }
    const late = later(START, 600_000);
    const left: unknown[] = [];
    for (let write = 0; write < 4; write += 1) {
      await credentials.issueTicket(owner(), undefined, late);
      await limiter.take(LIMIT, `late key ${write}`, late);
      left.push([rowsOf('verifications'), rowsOf('rate_windows')]);
    }
    expect(left).toEqual([
      [34, 35],
      [18, 20],
      [2, 5],
      [0, 4],
    ]);
  });

  it('count a full table anew after a second, so that room which another process made is found.', async () => {
    const small = new SqliteRateLimiter(connection, secretOf(3), { windowsMax: 2 });
    await small.take(LIMIT, 'one', START);
    await small.take(LIMIT, 'two', START);
    connection.exec('DELETE FROM rate_windows');
    await expect(small.take(LIMIT, 'three', later(START, 999))).rejects.toBeInstanceOf(Unavailable);
    expect(await small.take(LIMIT, 'three', later(START, 1_000))).toMatchObject({ allowed: true });
  });

  it('refuse a secret that is not 32 bytes long.', () => {
    const short = Buffer.alloc(31, 1);
    expect(() => new SqliteDirectory(connection, short)).toThrow('32 bytes');
    expect(() => new SqliteCredentials(connection, short, ids)).toThrow('32 bytes');
    expect(() => new SqliteRateLimiter(connection, short)).toThrow('32 bytes');
  });

  it('know nothing of each other under another secret.', async () => {
    const someone = owner();
    await directory.reserve(PHONE, someone.accountId);
    const token = await credentials.issueRefresh(someone, START);
    const ticket = await credentials.issueTicket(someone, undefined, START);
    const stranger = new SqliteCredentials(connection, secretOf(9), ids);
    expect(await new SqliteDirectory(connection, secretOf(9)).find(PHONE)).toBeUndefined();
    expect(await stranger.rotateRefresh(token, someone.deviceId, START)).toEqual({ outcome: 'unknown' });
    expect(await stranger.takeTicket(ticket, undefined, START)).toBeUndefined();
    expect((await credentials.rotateRefresh(token, someone.deviceId, START)).outcome).toBe('rotated');
  });
});
