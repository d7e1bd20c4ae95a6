/** What a server does not start on, and what it says then: one line that tells what to do. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { StartRefused } from '../../src/application/ports/failures.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person } from '../support/person.js';

describe('a start is refused', () => {
  let app: AppUnderTest;
  beforeEach(async () => {
    app = await openApp();
    await Person.signIn(app);
    await app.server.stop();
  });
  afterEach(() => rm(app.folder, { recursive: true, force: true }));

  const remove = async (...names: string[]) => {
    for (const name of names) await rm(join(app.folder, name), { recursive: true, force: true });
  };
  const start = () => openApp({}, app.folder);

  it.each([
    ['when the key folder is gone', ['keys'], /key/],
    ['when the root key is gone', ['keys/root.key'], /root\.key/],
    [
      'when the key store is gone although there are events',
      ['data/keys.sqlite', 'data/keys.sqlite-wal', 'data/keys.sqlite-shm'],
      /keys\.sqlite/,
    ],
  ])('%s', async (_what, names, says) => {
    await remove(...names);
    const refusal = await start().catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(StartRefused);
    expect((refusal as Error).message).toMatch(says);
    expect((refusal as Error).message).not.toContain('\n');
  });

  it('but not when only views, limits and the log id are gone: they are made anew', async () => {
    await remove('data/read.sqlite', 'data/read.sqlite-wal', 'data/read.sqlite-shm', 'data/log-id');
    const again = await start();
    expect((await fetch(`${again.url}/health/live`)).status).toBe(200);
    await again.server.stop();
  });
});
