/** Goal: however much a device has missed, no answer is larger than a phone or this server can bear, and nothing is lost by that. */
import { get, type IncomingHttpHeaders } from 'node:http';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { limits } from '../../src/domain/kernel/limits.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person } from '../support/person.js';

const MESSAGES = 45;
const TEXT = 'é'.repeat(20_000);

let app: AppUnderTest;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

describe('what was missed', () => {
  it('comes in pages of a mebibyte at most, and what a page leaves out is named and can be read', async () => {
    const [ada, ben] = [await Person.signIn(app), await Person.signIn(app)];
    const direct = await ada.directWith(ben);
    let position = '';
    for (let index = 0; index < MESSAGES; index += 1) {
      const sent = await ada.send(direct, `${index} ${TEXT}`);
      position = sent.headers.get('sottovoce-position') ?? '';
    }
    const { body } = await ben.call('GET', '/v1/sync', undefined, { 'sottovoce-min-position': position });
    expect(Buffer.byteLength(JSON.stringify(body))).toBeLessThanOrEqual(limits.syncPageBytesMax);
    const told = body.items.filter(({ type }: { type: string }) => type === 'message-posted').map(textIn);
    expect(told.length).toBeGreaterThan(10);
    const named: string[] = [];
    for (const { conversationId, fromSeq, toSeq } of body.limited) {
      for (let seq = fromSeq; seq <= toSeq; seq += 10) {
        const to = Math.min(toSeq, seq + 9);
        const page = await ben.call('GET', `/v1/conversations/${conversationId}/messages?fromSeq=${seq}&toSeq=${to}`);
        named.push(...page.body.items.filter(({ content }: Told) => content?.text).map((data: Told) => textIn({ data })));
      }
    }
    expect([...named, ...told]).toEqual(Array.from({ length: MESSAGES }, (_, index) => String(index)));
  }, 60_000);
});

interface Told {
  readonly content?: { readonly text?: string };
}

const textIn = ({ data }: { readonly data: Told }): string => data.content?.text?.split(' ')[0] ?? '';

describe('a large answer', () => {
  let ada: Person;
  let paths: readonly string[];
  beforeAll(async () => {
    ada = await Person.signIn(app);
    const direct = await ada.directWith(await Person.signIn(app));
    const sent = await ada.send(direct, 'over and over '.repeat(200));
    await ada.eventually(`/v1/conversations/${direct}`, ({ body }) => body?.lastSeq === sent.body.seq);
    paths = ['/v1/sync', `/v1/conversations/${direct}/messages`];
  });

  /** As it came over the wire: `fetch` would open it. */
  const raw = (path: string, encodings?: string): Promise<{ headers: IncomingHttpHeaders; bytes: Buffer }> =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${ada.accessToken}`,
        ...(encodings === undefined ? {} : { 'accept-encoding': encodings }),
      };
      get(app.url + path, { headers }, (answer) => {
        const chunks: Buffer[] = [];
        answer.on('data', (chunk: Buffer) => chunks.push(chunk));
        answer.on('end', () => resolve({ headers: answer.headers, bytes: Buffer.concat(chunks) }));
      }).on('error', reject);
    });

  it.each(['gzip', 'br, gzip;q=0.5', 'GZIP', 'deflate, gzip ; q=1'])('is compressed for who takes it: %s', async (encodings) => {
    for (const path of paths) {
      const plain = await raw(path);
      const small = await raw(path, encodings);
      expect([small.headers['content-encoding'], small.headers.vary]).toEqual(['gzip', 'Accept-Encoding']);
      expect(small.bytes.length).toBeLessThan(plain.bytes.length / 2);
      const opened = JSON.parse(gunzipSync(small.bytes).toString('utf8'));
      expect(opened.items).toEqual(JSON.parse(plain.bytes.toString('utf8')).items);
    }
  });

  it.each([undefined, 'identity', 'br', 'gzip;q=0', 'gzip;q=0.000', 'x-gzipped', ''])(
    'is plain for who does not: %s',
    async (encodings) => {
      for (const path of paths) {
        const { headers, bytes } = await raw(path, encodings);
        expect([headers['content-encoding'], headers.vary]).toEqual([undefined, 'Accept-Encoding']);
        expect(JSON.parse(bytes.toString('utf8')).items.length).toBeGreaterThan(0);
      }
    },
  );

  it('is plain when it is small, and so are errors and all that is never large', async () => {
    for (const path of ['/v1/conversations?limit=1', '/v1/me', '/v1/sync?cursor=none']) {
      expect((await raw(path, 'gzip')).headers['content-encoding']).toBeUndefined();
    }
  });
});
