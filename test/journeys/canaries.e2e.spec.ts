/**
 * Nothing of a person lies in clear on the disk or in the log. Forty and more canaries go in by every door, good requests
 * and bad ones; after the shutdown every byte of the data folder and of the log is searched for each of them, as text, as
 * UTF-16 and as base64. Development codes are looked for everywhere but in the log, where the development sender puts them.
 */
import { randomUUID } from 'node:crypto';
import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { impersonalFiles, personalStores } from '../../src/application/ports/personal-stores.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person, request } from '../support/person.js';

const canaries = new Map<string, string>();
let count = 0;

/** Text that stands nowhere else, kept under what it is. */
function canary(what: string, form: (unique: string) => string = (unique) => `Canary ${unique} sings`): string {
  const unique = `${randomUUID().slice(0, 13)}${count++}`;
  const value = form(unique);
  canaries.set(what, value);
  return value;
}

const number = (what: string): string => canary(what, () => `+1666${String(Math.trunc(Math.random() * 1e9)).padStart(9, '0')}`);

/** The ways in which a text may lie in bytes. Base64 has three alignments; the ends that depend on neighbours are cut. */
function spellings(text: string): readonly Buffer[] {
  const bytes = Buffer.from(text, 'utf8');
  const utf16 = Buffer.from(text, 'utf16le');
  const base64 = [0, 1, 2].flatMap((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset, 0x41), bytes])
      .toString('base64')
      .replaceAll('=', '');
    const core = encoded.slice(offset === 0 ? 0 : offset + 1, -2);
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')].map((one) => Buffer.from(one));
  });
  return [bytes, Buffer.from(JSON.stringify(text).slice(1, -1)), utf16, Buffer.from(utf16).swap16(), ...base64];
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { withFileTypes: true });
  const nested = await Promise.all(
    names.map((entry) => (entry.isDirectory() ? filesUnder(join(folder, entry.name)) : [join(folder, entry.name)])),
  );
  return nested.flat();
}

async function talk(app: AppUnderTest): Promise<void> {
  const ada = await Person.signIn(app, number('Ada’s number'));
  const ben = await Person.signIn(app, number('Ben’s number'));
  const cy = await Person.signIn(app, number('Cy’s number'));
  for (const [person, name] of [
    [ada, 'Ada'],
    [ben, 'Ben'],
  ] as const) {
    await person.call('PUT', '/v1/me/profile', { displayName: canary(`${name}’s name`) });
    await person.call('PUT', `/v1/me/devices/${person.deviceId}/name`, { name: canary(`${name}’s device name`) });
    canaries.set(`${name}’s device key`, person.publicKey);
    canaries.set(`${name}’s access token`, person.accessToken);
    canaries.set(`${name}’s refresh token`, person.refreshToken);
  }
  const email = { kind: 'email', value: canary('an e-mail address', (unique) => `canary.${unique}@example.org`) };
  const started = await request(app, 'POST', '/v1/verifications', email);
  await request(app, 'POST', `/v1/verifications/${started.body.verificationId}/complete`, {
    code: await app.codeOf(started.body.verificationId),
    device: { publicKey: cy.publicKey, name: canary('a new device’s name') },
  });
  await request(app, 'POST', '/v1/verifications', { kind: 'phone', value: number('a number that is only sent a code') });
  await ada.call('POST', '/v1/account-lookups', { kind: 'phone', value: number('a number that is looked for') });
  await ada.call('POST', '/v1/account-lookups', {
    kind: 'email',
    value: canary('an address that is looked for', (unique) => `${unique}@example.org`),
  });

  const direct = await ada.directWith(ben);
  const group = randomUUID();
  await ada.call('POST', '/v1/group-conversations', {
    conversationId: group,
    title: canary('a title'),
    accountIds: [ben.accountId, cy.accountId],
  });
  for (const at of [1, 2, 3, 4, 5]) await ada.send(direct, canary(`text ${at} over REST`));
  await ben.send(
    group,
    canary('text with marks', (unique) => `Кана́рейка ${unique} 🐤`),
  );
  await ben.send(
    group,
    canary('text with quotes', (unique) => `"${unique}"\n\\`),
  );
  const removed = await ben.send(group, canary('text that is removed'));
  await ben.call('DELETE', `/v1/conversations/${group}/messages/${removed.body.messageId}`);
  const ciphertext = canary('a ciphertext', (unique) => `Y2lwaGVy${unique.replaceAll('-', '_')}`);
  const header = canary('a header', (unique) => `aGVhZGVy${unique.replaceAll('-', '_')}`);
  const commitment = canary('a commitment', (unique) => unique.replaceAll('-', '_').padEnd(43, 'c'));
  const encrypted = { type: 'encrypted', scheme: 'canary.v1', header, ciphertext };
  await ada.call('POST', `/v1/conversations/${direct}/messages`, { messageId: randomUUID(), content: encrypted, commitment });
  const [media, reply] = [canary('a media id', () => randomUUID()), canary('a reply', () => randomUUID())];
  const referring = {
    content: { type: 'text', text: canary('a text that refers') },
    mediaIds: [media],
    relations: { replyTo: reply },
  };
  await ada.call('POST', `/v1/conversations/${direct}/messages`, { messageId: randomUUID(), ...referring });

  const line = await ada.online();
  for (const at of [1, 2, 3, 4, 5]) {
    await line.ask('send-message', {
      conversationId: direct,
      messageId: randomUUID(),
      content: { type: 'text', text: canary(`text ${at} over the socket`) },
    });
  }
  await line.ask('send-message', {
    conversationId: randomUUID(),
    messageId: randomUUID(),
    content: { type: 'text', text: canary('text to nobody') },
  });
  await line.ask('mark-read', { conversationId: direct, seq: 3, [canary('an unknown field')]: canary('its value') });
  await line.ask(
    canary('a frame type', (unique) => `t-${unique}`),
    { any: canary('data of an unknown frame') },
  );
  line.socket.send(`{"type":"${canary('a malformed frame')}`);
  const ticket = await ada.call('POST', '/v1/socket-tickets');
  canaries.set('a ticket', ticket.body.ticket);

  await ada.call(
    'GET',
    `/v1/conversations?${encodeURIComponent(canary('a parameter'))}=${encodeURIComponent(canary('a value'))}`,
  );
  await ada.call('GET', `/v1/${canary('a path', (unique) => unique)}`);
  await ada.call('POST', `/v1/conversations/${direct}/messages`, {
    messageId: canary('an id that is none'),
    content: { type: 'text', text: canary('text of a bad request') },
  });
  await fetch(`${app.url}/v1/me`, {
    headers: {
      authorization: `Bearer ${canary('a forged token', (unique) => unique)}`,
      'user-agent': canary('a user agent'),
      'x-forwarded-for': canary('a forwarded address'),
    },
  });
  await fetch(`${app.url}/v1/account-lookups`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${ada.accessToken}` },
    body: `{"kind":"${canary('broken JSON')}`,
  });
  await ben.eventually('/v1/conversations', ({ body }) => body.items.length === 2);
  await ben.call('GET', `/v1/conversations/${direct}/messages`);
  await ben.call('GET', '/v1/sync');
}

describe('canaries', () => {
  let app: AppUnderTest;
  const files = new Map<string, Buffer>();
  beforeAll(async () => {
    app = await openApp();
    await talk(app);
    await app.server.stop();
    const data = join(app.folder, 'data');
    for (const path of await filesUnder(data)) files.set(relative(data, path), await readFile(path));
    files.set('the log', Buffer.from(app.logged.join('')));
  });
  afterAll(() => rm(app.folder, { recursive: true, force: true }));

  const found = (text: string): readonly string[] =>
    [...files].filter(([, bytes]) => spellings(text).some((spelling) => bytes.includes(spelling))).map(([file]) => file);

  it('lie nowhere in clear', () => {
    expect(canaries.size).toBeGreaterThanOrEqual(40);
    const clear = [...canaries].flatMap(([what, value]) => found(value).map((file) => `${what} in ${file}`));
    expect(clear).toEqual([]);
  });

  it('would be found: what is stored in clear on purpose is', () => {
    expect(found('conversation-timeline.v1')).toContain('read.sqlite');
    expect(found('MessagePosted').some((file) => file.startsWith('events.sqlite'))).toBe(true);
    const planted = Buffer.concat([Buffer.from('xx'), Buffer.from(canaries.get('a title') ?? '')]).toString('base64');
    files.set('planted', Buffer.from(planted));
    expect(found(canaries.get('a title') ?? '')).toEqual(['planted']);
    files.delete('planted');
  });

  it('were stored: every file of the data folder stands in the registry or holds nothing of a person', () => {
    const registered = new Set([
      ...Object.values(personalStores).flatMap((store) => store.files),
      ...impersonalFiles,
    ] as readonly string[]);
    const bare = [...files.keys()].filter((file) => file !== 'the log').map((file) => file.replace(/-(?:wal|shm|journal)$/, ''));
    expect(bare.filter((file) => !registered.has(file) && !registered.has(file.split('/')[0] ?? ''))).toEqual([]);
    expect(files.get('events.sqlite')?.length).toBeGreaterThan(10_000);
  });

  it('and development codes are gone with the process', async () => {
    expect(await readdir(join(app.folder, 'data', 'dev-codes'))).toEqual([]);
    expect((await stat(join(app.folder, 'keys', 'root.key'))).mode & 0o777).toBe(0o600);
  });
});
