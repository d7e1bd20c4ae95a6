/** What only the development sender does: a line and a file, both without the number or address, and neither for long. */
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type CodeLine, LogCodeSender } from '../../../src/adapters/log/log-code-sender.js';
import type { CodeMessage } from '../../../src/application/ports/code-sender.js';
import { Unavailable } from '../../../src/application/ports/failures.js';
import type { VerificationId } from '../../../src/domain/kernel/ids.js';
import { instant } from '../../../src/domain/kernel/instant.js';
import { CountingIdSource } from '../../support/counting-id-source.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const ids = new CountingIdSource('log-code-sender');
const NUMBER = '+4915112345678';

const message = (code: string): CodeMessage => ({
  verificationId: ids.uuid() as VerificationId,
  identifier: { kind: 'phone', value: NUMBER },
  code,
  expiresAt: instant(Date.UTC(2031, 4, 6)),
});

describe('LogCodeSender', () => {
  let root: string;
  let folder: string;
  let lines: CodeLine[];
  let clock: TestClock;
  let sender: LogCodeSender;

  const open = () => LogCodeSender.open({ folder, log: (line) => lines.push(line), clock });

  /** Lets the sweep come round once for every ten seconds. */
  const pass = async (seconds: number) => {
    for (let passed = 0; passed < seconds; passed += 10) {
      await until('the sweep waits', () => clock.waiting === 1);
      clock.advance(10_000);
    }
    await until('the sweep waits', () => clock.waiting === 1);
  };

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'sottovoce-test-codes-'));
    folder = join(root, 'data', 'dev-codes');
    lines = [];
    clock = new TestClock();
    sender = await open();
  });
  afterEach(async () => {
    await sender.close();
    await rm(root, { recursive: true });
  });

  it('writes the code into a file of its own that nobody else may read.', async () => {
    const sent = message('012345');
    await sender.send(sent);
    expect(await readdir(folder)).toEqual([sent.verificationId]);
    const path = join(folder, sent.verificationId);
    expect(await readFile(path, 'utf8')).toBe('012345\n');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('narrows a folder that was made too wide.', async () => {
    await sender.close();
    await rm(folder, { recursive: true });
    await mkdir(folder, { mode: 0o755 });
    sender = await open();
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
  });

  it('logs the verification and its code, and never the number or the address.', async () => {
    const first = message('111111');
    const second: CodeMessage = { ...message('222222'), identifier: { kind: 'email', value: 'ada@example.org' } };
    await sender.send(first);
    await sender.send(second);
    expect(lines).toEqual([
      { verificationId: first.verificationId, kind: 'phone', code: '111111', expiresAt: first.expiresAt },
      { verificationId: second.verificationId, kind: 'email', code: '222222', expiresAt: second.expiresAt },
    ]);
    const files = await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'utf8')));
    for (const written of [JSON.stringify(lines), ...files]) {
      for (const trace of [NUMBER, NUMBER.slice(1), 'ada', 'example.org']) expect(written).not.toContain(trace);
    }
  });

  it('removes a file ten minutes after the sending, and no sooner.', async () => {
    const early = message('111111');
    await sender.send(early);
    await pass(300);
    const late = message('222222');
    await sender.send(late);
    await pass(290);
    expect((await readdir(folder)).sort()).toEqual([early.verificationId, late.verificationId].sort());
    await pass(10);
    await until('the early file is gone', async () => (await readdir(folder)).length === 1);
    expect(await readdir(folder)).toEqual([late.verificationId]);
    await pass(300);
    await until('the late file is gone', async () => (await readdir(folder)).length === 0);
  });

  it('empties the folder at the start and at the end, of codes alone.', async () => {
    await sender.send(message('111111'));
    const left = [ids.uuid(), `${ids.uuid()}.unfinished`, 'notes.txt'];
    for (const name of left) await writeFile(join(folder, name), 'left by a process that was killed');
    const second = await open();
    expect(await readdir(folder)).toEqual(['notes.txt']);
    await second.send(message('222222'));
    await second.close();
    expect(await readdir(folder)).toEqual(['notes.txt']);
    await second.close();
  });

  it('leaves nothing behind of a sending that was under way when it closed, and sends no more.', async () => {
    const sendings = Array.from({ length: 20 }, (_, index) => sender.send(message(`${index}`)));
    await sender.close();
    await Promise.all(sendings);
    expect(await readdir(folder)).toEqual([]);
    await expect(sender.send(message('333333'))).rejects.toBeInstanceOf(Unavailable);
    expect(clock.waiting).toBe(0);
  });

  it('refuses to make a path of anything but a UUID.', async () => {
    const escaping = { ...message('444444'), verificationId: '../escaped' as VerificationId };
    await expect(sender.send(escaping)).rejects.toThrow('UUID');
    expect(await readdir(join(root, 'data'))).toEqual(['dev-codes']);
  });
});
