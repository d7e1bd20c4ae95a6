/** A backup that is made while people talk holds everything that was acknowledged before it, and comes back as a server. */

import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { backUp, restore } from '../../src/backup.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person } from '../support/person.js';

describe('a backup made under load', () => {
  const scratch = mkdtempSync(join(tmpdir(), 'sottovoce-backup-'));
  const archives = { log: join(scratch, 'log'), keys: join(scratch, 'keys') };
  const restored = join(scratch, 'restored');
  const before: string[] = [];
  let conversationId: string;
  let [ada, ben]: Person[] = [];
  let app: AppUnderTest;
  let again: AppUnderTest;
  let cursor: string;

  beforeAll(async () => {
    app = await openApp();
    [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const adas = await ada!.online();
    conversationId = await ada!.directWith(ben!);
    const send = async (): Promise<string> => {
      const messageId = crypto.randomUUID();
      const data = { conversationId, messageId, content: { type: 'text', text: `Message ${messageId}` } };
      expect((await adas.ask('send-message', data)).type).toBe('ack');
      return messageId;
    };
    for (let count = 0; count < 50; count += 1) before.push(await send());
    cursor = (await ada!.call('GET', '/v1/sync')).body.cursor;
    // People go on talking while it is made, and somebody joins.
    let isMade = false;
    const talk = async (): Promise<void> => {
      while (!isMade) await send();
    };
    const talking = [talk(), talk(), Person.signIn(app)];
    await backUpElsewhere(app.folder, archives);
    isMade = true;
    await Promise.all(talking);
    await send();
    await adas.close();

    await restore(archives, join(restored, 'data'));
    cpSync(join(app.folder, 'keys'), join(restored, 'keys'), { recursive: true });
    again = await openApp({}, restored);
  }, 60_000);
  afterAll(async () => {
    await app.close();
    await again.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('brings back every message that was acknowledged before it began', async () => {
    const back = await Person.signIn(again, ben!.number);
    expect(back.accountId).toBe(ben!.accountId);
    const path = `/v1/conversations/${conversationId}/messages/${before.at(-1)}`;
    await back.eventually(path, ({ status }) => status === 200);
    const page = await back.call('GET', `/v1/conversations/${conversationId}/messages?limit=200`);
    const texts = new Map(
      page.body.items.map((one: { messageId: string; content?: { text: string } }) => [one.messageId, one.content?.text]),
    );
    expect(before.filter((id) => texts.get(id) !== `Message ${id}`)).toEqual([]);
  });

  it('lets nobody go on with a session or a cursor from before: they sign in, and sync anew', async () => {
    const old = ada!.at(again);
    expect((await old.call('GET', '/v1/me')).status).toBe(401);
    const back = await Person.signIn(again, ada!.number);
    expect(back.accountId).toBe(ada!.accountId);
    const answer = await back.call('GET', `/v1/sync?cursor=${encodeURIComponent(cursor)}`);
    // It was another device's; that device cannot sign for a session any more, and comes as a new one.
    expect(answer.body.code).toBe('invalid-cursor');
    expect(readFileSync(join(restored, 'data', 'log-id'), 'utf8')).not.toBe(
      readFileSync(join(app.folder, 'data', 'log-id'), 'utf8'),
    );
    expect((await back.call('GET', '/v1/sync')).status).toBe(200);
  });

  it('holds the log and the keys apart, and no key that opens them', () => {
    expect(readdirSync(archives.log).sort()).toEqual(['backup.json', 'events.sqlite']);
    expect(readdirSync(archives.keys).sort()).toEqual(['backup.json', 'keys.sqlite']);
  });

  it('is refused where it would overwrite or mix anything', async () => {
    const data = join(app.folder, 'data');
    await expect(backUp(data, archives)).rejects.toThrow('exists');
    const nested = { log: join(scratch, 'one'), keys: join(scratch, 'one', 'keys') };
    await expect(backUp(data, nested)).rejects.toThrow('apart');
    await expect(restore({ log: archives.keys, keys: archives.log }, join(scratch, 'new'))).rejects.toThrow('not the archive');
    await expect(restore(archives, join(app.folder, 'keys'))).rejects.toThrow('not empty');
    expect(existsSync(join(scratch, 'new'))).toBe(false);
  });

  it('starts no server on a restore that was cut short', async () => {
    const folder = join(scratch, 'cut');
    await restore(archives, join(folder, 'data'));
    writeFileSync(join(folder, 'data', 'restoring'), '');
    cpSync(join(app.folder, 'keys'), join(folder, 'keys'), { recursive: true });
    await expect(openApp({}, folder)).rejects.toThrow('cut short');
  });
});

/** In a process of its own, as an operator runs it. */
async function backUpElsewhere(folder: string, { log, keys }: { readonly log: string; readonly keys: string }): Promise<void> {
  const script = `const { backUp } = await import('./src/backup.ts');
    await backUp(${JSON.stringify(join(folder, 'data'))}, ${JSON.stringify({ log, keys })});`;
  const hooks = ['--import', './test/support/typescript-hooks.mjs', '--input-type=module'];
  await promisify(execFile)(process.execPath, [...hooks, '--eval', script]);
}
