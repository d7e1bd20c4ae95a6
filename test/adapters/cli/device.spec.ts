/** Goal: a device's key proves what the server checks, and its state survives, whole and for its owner alone. */
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DevicePrivateKey } from '../../../src/adapters/cli/device-key.js';
import { type DeviceState, FileState, InMemoryState, newState } from '../../../src/adapters/cli/device-state.js';
import { problemOf, RestDoor } from '../../../src/adapters/cli/rest-door.js';
import { DeviceTokens, identifierOf, signIn } from '../../../src/adapters/cli/signing-in.js';
import { NodeKeyProofs } from '../../../src/adapters/crypto/node-key-proofs.js';
import { refreshMessage } from '../../../src/application/device/refresh-session.js';
import type { DeviceId } from '../../../src/domain/kernel/ids.js';
import { TestClock } from '../../support/test-clock.js';
import { FakeServer, problem } from './fake-server.js';

describe.each(['Ed25519', 'P-256'] as const)('a key of %s', (algorithm) => {
  it('signs what the server verifies, also after it was stored', () => {
    const key = DevicePrivateKey.generate(algorithm);
    const read = new NodeKeyProofs().read(key.publicKey);
    if (read === 'unsupported') throw new Error('The server does not take this key.');
    const stored = DevicePrivateKey.fromText(key.toText());
    expect(stored.publicKey).toBe(key.publicKey);
    const message = refreshMessage('token', 'device' as DeviceId, new TestClock().now());
    const signature = stored.sign(message);
    expect(new NodeKeyProofs().verify(read, message, signature)).toBe(true);
    expect(new NodeKeyProofs().verify(read, `${message} `, signature)).toBe(false);
  });
});

describe('an identifier', () => {
  it.each([
    ['+15550100', { kind: 'phone', value: '+15550100' }],
    ['+1 (555) 01-00', { kind: 'phone', value: '+15550100' }],
    [' Anna@Example.org ', { kind: 'email', value: 'anna@example.org' }],
    ['15550100', undefined],
    ['+0555010012', undefined],
    ['+1555', undefined],
    ['anna', undefined],
    ['a@b@c', undefined],
    ['', undefined],
  ])('is read from %j', (text, expected) => {
    expect(identifierOf(text)).toEqual(expected);
  });
});

describe('the state of a device', () => {
  let folder: string;
  const state: DeviceState = { ...newState('http://x', 'secret'), cursor: 'c', revisions: { talk: 4 } };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sottovoce-cli-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('comes back as it was saved, in a file of its owner alone, whose name shows nobody', async () => {
    const store = new FileState(join(folder, 'made'), 'http://x', '+15550100');
    expect(await store.load()).toBeUndefined();
    await store.save(state);
    expect(await new FileState(join(folder, 'made'), 'http://x', '+15550100').load()).toEqual(state);
    const [name = '', ...others] = await readdir(join(folder, 'made'));
    expect(others).toEqual([]);
    expect(name).not.toContain('5550100');
    expect((await stat(join(folder, 'made', name))).mode & 0o777).toBe(0o600);
    expect((await stat(join(folder, 'made'))).mode & 0o777).toBe(0o700);
  });

  it('is another one for another person and for another server', async () => {
    await new FileState(folder, 'http://x', '+15550100').save(state);
    expect(await new FileState(folder, 'http://x', '+15550101').load()).toBeUndefined();
    expect(await new FileState(folder, 'http://y', '+15550100').load()).toBeUndefined();
  });

  it('is the last of many that were saved at once, and gone when it is forgotten', async () => {
    const store = new FileState(folder, 'http://x', '+15550100');
    await Promise.all(Array.from({ length: 20 }, (_, index) => store.save({ ...state, cursor: `c${index}` })));
    expect((await store.load())?.cursor).toBe('c19');
    await store.forget();
    expect(await store.load()).toBeUndefined();
    expect(await readdir(folder)).toEqual([]);
  });

  it('that is damaged is said to be so', async () => {
    const store = new FileState(folder, 'http://x', '+15550100');
    await store.save(state);
    const path = join(folder, (await readdir(folder))[0] ?? '');
    await writeFile(path, (await readFile(path, 'utf8')).slice(0, 20));
    await chmod(path, 0o600);
    await expect(store.load()).rejects.toThrow(/damaged/);
  });
});

describe('signing in', () => {
  let server: FakeServer;
  const clock = new TestClock();
  const answer = { accountId: 'me', deviceId: 'device', refreshToken: 'r1', accessToken: 'a1' };
  const accessTokenExpiresAt = new Date(clock.now() + 900_000).toISOString();

  beforeEach(async () => {
    server = await FakeServer.open();
  });

  afterEach(() => server.close());

  it('asks again for a code that was wrong, and stores what it got', async () => {
    const wrong = [{ status: 401, body: problem('code-wrong', { status: 401, triesLeft: 4 }) }];
    server.rest = (request) => {
      if (request === 'POST /v1/verifications') return { status: 201, body: { verificationId: 'v', codeDigits: 6 } };
      return wrong.shift() ?? { status: 201, body: { ...answer, accessTokenExpiresAt } };
    };
    const store = new InMemoryState();
    const tries: number[] = [];
    await signIn({
      ...{ rest: new RestDoor(server.url, clock), store, identifier: { kind: 'phone', value: '+15550100' }, deviceName: 'test' },
      codeFor: ({ wrongTries }) => Promise.resolve(String(100_000 + tries.push(wrongTries))),
    });
    expect(tries).toEqual([0, 1]);
    expect(await store.load()).toMatchObject(answer);
  });

  it('once done refreshes once for all who ask at the same time, and stores the successor first', async () => {
    const store = new InMemoryState();
    server.rest = () => ({ status: 201, body: { ...answer, accessTokenExpiresAt } });
    const state = {
      ...newState(server.url, DevicePrivateKey.generate().toText()),
      ...answer,
      accessToken: 'a0',
      refreshToken: 'r0',
    };
    const tokens = new DeviceTokens(state, { rest: new RestDoor(server.url, clock), store, clock });
    const got = await Promise.all([tokens.accessToken(), tokens.accessToken(), tokens.renew('a0')]);
    expect(got).toEqual(['a1', 'a1', 'a1']);
    expect(server.requests).toEqual(['POST /v1/tokens']);
    expect(await store.load()).toMatchObject({ refreshToken: 'r1' });
    expect(await tokens.renew('a0')).toBe('a1');
    expect(server.requests).toHaveLength(1);
  });
});

describe('an answer that is no problem', () => {
  it('is one by its status', () => {
    expect(problemOf(502, '<html>')).toMatchObject({ status: 502, code: 'http-502', retryable: true });
    expect(problemOf(404, '{"x":1}')).toMatchObject({ status: 404, code: 'http-404', retryable: false });
    expect(problemOf(413, '{"code":"content-too-large","retryable":false,"title":"T"}')).toMatchObject({
      code: 'content-too-large',
    });
  });
});
