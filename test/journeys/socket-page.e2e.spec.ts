/** The page that shows the socket's document: it comes whole from the server itself, under a policy that lets nothing else in. */

import { Parser, unstringify } from '@asyncapi/parser';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';

describe('the page at /docs/socket', () => {
  let app: AppUnderTest;
  beforeAll(async () => {
    app = await openApp();
  });
  afterAll(() => app.close());

  const get = async (path: string) => {
    const answer = await fetch(app.url + path);
    return { status: answer.status, headers: answer.headers, text: await answer.text() };
  };

  it('allows scripts and data from this server only, and no eval', async () => {
    const { status, headers, text } = await get('/docs/socket');
    const policy = headers.get('content-security-policy') ?? '';
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(policy).toMatch(/default-src 'self';/);
    expect(policy).toMatch(/script-src 'self';/);
    expect(policy).not.toMatch(/unsafe-eval/);
    const addresses = [...text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address ?? '');
    expect(addresses).toHaveLength(3);
    for (const address of addresses) expect([address, (await get(address)).status]).toEqual([address, 200]);
  });

  it.each([
    ['/docs/socket/asyncapi.js', 'text/javascript; charset=utf-8', 'AsyncApiStandalone'],
    ['/docs/socket/show.js', 'text/javascript; charset=utf-8', '/docs/socket/document.json'],
    ['/docs/socket/style.css', 'text/css; charset=utf-8', '{'],
  ])('%s is what it says it is', async (path, type, content) => {
    const { headers, text } = await get(path);
    expect([headers.get('content-type'), text.includes(content)]).toEqual([type, true]);
  });

  it('shows what the parser makes of the document', async () => {
    const { document: parsed } = await new Parser().parse((await get('/asyncapi.json')).text);
    const shown = unstringify(JSON.parse((await get('/docs/socket/document.json')).text));
    const summary = (document: typeof parsed | undefined) =>
      document
        ?.operations()
        .all()
        .map((operation) => ({
          id: operation.id(),
          channels: operation
            .channels()
            .all()
            .map((channel) => [channel.id(), channel.address()]),
          messages: operation
            .messages()
            .all()
            .map((message) => [message.id(), message.name(), message.payload()?.required()]),
        }));
    expect(summary(parsed)?.flatMap(({ messages }) => messages).length).toBeGreaterThan(20);
    expect(summary(shown)).toEqual(summary(parsed));
  });
});
