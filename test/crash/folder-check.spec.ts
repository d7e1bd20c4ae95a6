/**
 * Goal: the check after a crash believes nothing: it finds each thing that was told and is not so, and each file that does
 * not fit the others. Method: a short history that passes, then one lie or one lost row at a time.
 */
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { aggregates } from '../../src/application/aggregates.js';
import { truncateReceiptsBefore } from '../../src/application/receipts/truncate-receipts-before.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { Dice } from './dice.js';
import { folderProblems } from './folder-check.js';
import { History } from './history.js';
import { openFolder } from './open-folder.js';
import { type Entry, Told } from './told.js';

const ROUNDS = 12;
let folder: string;
const entries: Entry[] = [];
let copies = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sottovoce-test-folder-'));
  const life = join(folder, 'life');
  const history = new History(life, new Dice(3), (entry) => void entries.push(structuredClone(entry)));
  history.open(await openFolder(life));
  await history.live(ROUNDS);
  await history.close();
});
afterAll(() => rm(folder, { recursive: true }));

async function problemsAfter(harm: (told: Told, data: string) => void | Promise<void>): Promise<string> {
  copies += 1;
  const copy = join(folder, `copy-${copies}`);
  await cp(join(folder, 'life'), copy, { recursive: true });
  const told = new Told();
  for (const entry of structuredClone(entries)) told.take(entry);
  await harm(told, join(copy, 'data'));
  const at = instant(told.tickets.at(-1)?.toldAtMs ?? Date.now());
  return (await folderProblems(copy, told, at).catch((error: unknown) => [String(error)])).join('\n');
}

function sql(data: string, file: string, statement: string): void {
  const connection = new Database(join(data, file));
  connection.exec(statement);
  connection.close();
}

const someAcked = (told: Told) => [...told.messages.values()].find(({ ack, messageId }) => ack && !told.removals.has(messageId))!;

describe('the check of a folder', () => {
  it('finds nothing where all is as it was told', async () => {
    expect(await problemsAfter(() => undefined)).toBe('');
  });

  it('finds nothing where superseded marks were let go of', async () => {
    let letGo = 0;
    const truncated = async (_: Told, data: string): Promise<void> => {
      const foundation = await openFolder(dirname(data));
      const { eventStore, codec, receiptMarks } = foundation.deps;
      const stored = (await eventStore.readAll(0, 100_000)).filter(({ type }) => type === 'MemberAdded');
      for (const event of stored) {
        const joined = codec.decode(event);
        if (joined.type !== 'MemberAdded') continue;
        const { conversationId, memberId, seq } = joined.data;
        for (const kind of ['MarkDelivered', 'MarkRead'] as const) {
          await receiptMarks.mark({ kind, conversationId, memberId, seq }, { correlationId: joined.meta.correlationId });
        }
        const stream = aggregates.receipts.stream(memberId);
        const slice = await eventStore.readStream(stream, 0, 1_000);
        const marks = slice.status === 'found' ? slice.events.map((mark) => codec.decode(mark)) : [];
        const outcome = await eventStore.truncate(stream, await truncateReceiptsBefore(foundation.deps, marks));
        letGo += outcome.outcome === 'truncated' ? outcome.first : 0;
      }
      await foundation.close();
    };
    expect(await problemsAfter(truncated)).toBe('');
    expect(letGo).toBeGreaterThan(0);
  });

  it.each<[string, (told: Told, data: string) => void, RegExp]>([
    ['an acked message that is not there', (told) => told.messages.set('x', { ...someAcked(told), messageId: 'x' }), /LOST: x/],
    ['another place', (told) => (someAcked(told).ack = { ...someAcked(told).ack!, seq: 999 }), /was acked as .*999/],
    [
      'another text',
      (told) => told.messages.set(someAcked(told).messageId, { ...someAcked(told), text: 'y' }),
      /was acked as .*"y"/,
    ],
    ['a removal that is not there', (told) => told.removals.set(someAcked(told).messageId, 'told'), /removal of .* is not there/],
    [
      'an account that is not there',
      (told) => told.accounts.set('00000000-0000-4000-8000-000000000000', '+15550'),
      /is not registered/,
    ],
    [
      'a revocation that is not there',
      (told) => (told.devices.values().next().value!.revoked = 'told'),
      /was revoked, and it is not/,
    ],
    [
      'a read mark that is not there',
      (told) => told.readUpTo(someAcked(told).conversationId, someAcked(told).accountId, 9_999),
      /9999/,
    ],
    [
      'events that went from the end',
      (_, data) => sql(data, 'events.sqlite', DELETE_LAST),
      /LOST|Position|index differs|ends at/,
    ],
    [
      'a document that went',
      (_, data) => sql(data, 'read.sqlite', 'DELETE FROM "accounts.v1"'),
      /view accounts\.v1: .* is missing/,
    ],
    ['a key that went', (_, data) => sql(data, 'keys.sqlite', 'DELETE FROM locators'), /does not open/],
  ])('finds %s', async (_, harm, expected) => {
    expect(await problemsAfter(harm)).toMatch(expected);
  });
});

const DELETE_LAST = 'DELETE FROM events WHERE position > (SELECT max(position) - 3 FROM events)';
