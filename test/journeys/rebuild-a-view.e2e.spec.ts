/** An operator has a view built anew while two people talk: they notice nothing, and nothing is lost by a restart. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { askServer } from '../../src/adapters/control/control-client.js';
import { allProjections } from '../../src/projections/projections.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { type Frame, Person } from '../support/person.js';

describe('an operator rebuilds views', () => {
  let app: AppUnderTest;
  beforeAll(async () => {
    app = await openApp();
  });
  afterAll(() => app.close());

  const rebuild = (name: string) =>
    askServer(join(app.folder, 'data'), 'projections-rebuild', { name, acceptDifferences: false });

  it('while messages are sent, without a difference, and every message is there afterwards', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const conversationId = await ada.directWith(ben);
    const texts: string[] = [];
    const send = async () => {
      const text = `message ${texts.length}`;
      texts.push(text);
      expect((await ada.send(conversationId, text)).status).toBe(201);
    };
    for (let count = 0; count < 5; count += 1) await send();
    for (const { name } of allProjections) {
      const [report] = await Promise.all([rebuild(name), send(), send()]);
      expect(report).toMatchObject({ differences: 0, outcome: 'switched' });
      await send();
    }
    const path = `/v1/conversations/${conversationId}/messages?limit=100`;
    const textsOf = (body: Frame): string[] =>
      body.items.flatMap((item: Frame) => (item.content?.type === 'text' ? [item.content.text] : []));
    const shown = async () =>
      textsOf((await ben.at(app).eventually(path, ({ body }) => textsOf(body).length >= texts.length)).body);
    expect((await shown()).sort()).toEqual([...texts].sort());
    expect(await readdir(join(app.folder, 'data'))).toContain('control.sock');
    app = await app.restart();
    expect((await shown()).sort()).toEqual([...texts].sort());
    expect(app.logged.filter((line) => line.includes('failed'))).toEqual([]);
  });

  it('is told when there is no such view', async () => {
    await expect(rebuild('no-such-view')).rejects.toMatchObject({ code: 'unknown-name' });
  });
});
