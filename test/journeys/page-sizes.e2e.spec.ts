/** Goal: however much a device has missed, no answer is larger than a phone or this server can bear, and nothing is lost by that. */
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
