/** Goal: what an operator's tool says of a folder is so, also of a broken one, and nothing that is sealed comes out. */

import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { operatorTools } from '../../../src/adapters/cli/operator-tools.js';
import { doctor, type Finding } from '../../../src/inspection.js';
import { verify } from '../../../src/verification.js';
import { type AppUnderTest, openApp } from '../../support/app-under-test.js';
import { Person } from '../../support/person.js';

const SECRET = 'Nobody may read this';

describe('the tools of an operator', () => {
  let app: AppUnderTest;
  let folders: { readonly data: string; readonly keys: string };
  let conversationId: string;
  beforeAll(async () => {
    app = await openApp();
    folders = { data: join(app.folder, 'data'), keys: join(app.folder, 'keys') };
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    conversationId = await ada.directWith(ben);
    await ada.send(conversationId, SECRET);
  });
  afterAll(() => app.close());

  const run = async (name: string, ...args: string[]): Promise<{ readonly code: number; readonly text: string }> => {
    const lines: string[] = [];
    const hands = { dataFolder: folders.data, print: (line: string) => void lines.push(line), progress: () => undefined };
    const code = await operatorTools[name]!.run(args, hands);
    return { code, text: lines.join('\n') };
  };
  const verdictOf = (findings: readonly Finding[], check: string) => findings.find((one) => one.check === check)?.verdict;

  it('show a stream as metadata and lengths, and nothing of what was said', async () => {
    const { code, text } = await run('stream show', `conversation-${conversationId}`);
    expect(code).toBe(0);
    expect(text).toMatch(/MessagePosted/);
    const all = [text];
    for (const name of ['store stats', 'feed lag', 'projections', 'doctor', 'verify']) all.push((await run(name, '--json')).text);
    expect(all.join('')).not.toContain(SECRET);
    await expect(run('stream show')).rejects.toThrow('Name one stream');
    await expect(run('stream show', 'conversation-none')).rejects.toThrow('There is no stream');
  });

  it('count the log', async () => {
    const { head, events, byType } = JSON.parse((await run('store stats', '--json')).text);
    expect(events).toBe(head);
    expect(byType.find(({ type }: { type: string }) => type === 'AccountRegistered').events).toBe(2);
    expect((await run('store stats')).text).toMatch(/^type +events +bytes\n/);
  });

  it('find a whole store whole, and a log with a hole not', async () => {
    expect((await verify(folders)).filter(({ verdict }) => verdict !== 'ok')).toEqual([]);
    const events = new Database(join(folders.data, 'events.sqlite'));
    const [first] = events
      .prepare('SELECT * FROM events WHERE stream = ? AND revision = 1')
      .all(`conversation-${conversationId}`) as { position: number }[];
    events.prepare('UPDATE events SET revision = 77 WHERE position = ?').run(first!.position);
    const damaged = await verify(folders);
    events.prepare('UPDATE events SET revision = 1 WHERE position = ?').run(first!.position);
    events.close();
    expect(verdictOf(damaged, 'revisions')).toBe('fail');
  });

  it('tell a stream that was truncated from one that lost its beginning', async () => {
    const events = new Database(join(folders.data, 'events.sqlite'));
    const stream = `conversation-${conversationId}`;
    events.exec('BEGIN');
    try {
      events.prepare('INSERT INTO truncations VALUES (1, ?, 1, 0)').run(stream);
      expect(events.prepare('DELETE FROM events WHERE stream = ? AND revision = 0').run(stream).changes).toBe(1);
      events.exec('COMMIT');
      expect(verdictOf(await verify(folders), 'revisions')).toBe('ok');
      events.exec('DELETE FROM truncations');
      expect(verdictOf(await verify(folders), 'revisions')).toBe('fail');
    } finally {
      events.close();
    }
  });

  it('see folders that others may read, keys among the data, wrong settings, and no backup', () => {
    const good = doctor(folders, {});
    for (const check of ['node', 'sqlite', 'clock', 'keys apart', 'data folder', 'configuration'])
      expect([check, verdictOf(good, check)]).toEqual([check, 'ok']);
    expect(verdictOf(good, 'backup')).toBe('warn');
    chmodSync(folders.data, 0o755);
    expect(verdictOf(doctor(folders, {}), 'data folder')).toBe('fail');
    chmodSync(folders.data, 0o700);
    expect(verdictOf(doctor({ ...folders, keys: join(folders.data, 'keys') }, {}), 'keys apart')).toBe('fail');
    expect(verdictOf(doctor(folders, { PORT: 'x' }), 'configuration')).toBe('fail');
    expect(verdictOf(doctor(folders, { SOTTOVOCE_HOST: '0.0.0.0' }), 'configuration')).toBe('warn');
    expect(good.filter(({ verdict, toDo }) => verdict !== 'ok' && toDo === undefined)).toEqual([]);
  });
});
