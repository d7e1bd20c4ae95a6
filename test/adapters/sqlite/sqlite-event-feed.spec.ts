/**
 * Goal: who sent is answered before a commit is handed to who follows the log.
 * Method: what is due at the end of the turn in which an append was answered, as an ack is, and a follower that waits.
 */
import { describe, expect, it } from '@jest/globals';
import Database from 'better-sqlite3';
import { EVENTS_SCHEMA } from '../../../src/adapters/sqlite/events-schema.js';
import { SqliteEventFeed } from '../../../src/adapters/sqlite/sqlite-event-feed.js';
import { SqliteEventStore } from '../../../src/adapters/sqlite/sqlite-event-store.js';
import { SqliteWriter } from '../../../src/adapters/sqlite/sqlite-writer.js';
import { write } from '../../support/new-events.js';

describe('the feed of a log', () => {
  it('hands out a commit in the turn after it', async () => {
    const connection = new Database(':memory:');
    for (const statements of EVENTS_SCHEMA) connection.exec(statements);
    const writer = new SqliteWriter(connection);
    const store = new SqliteEventStore(writer);
    const ending = new AbortController();
    const options = { from: 'end', batchMax: 10, signal: ending.signal } as const;
    const batches = new SqliteEventFeed(store, writer).follow('somebody', options)[Symbol.asyncIterator]();
    const order: string[] = [];
    const handed = batches.next().then(() => order.push('handed out'));
    await new Promise((resolve) => setImmediate(resolve));
    await store.append([write('one', 'no-stream')]);
    process.nextTick(() => order.push('answered'));
    await handed;
    expect(order).toEqual(['answered', 'handed out']);
    ending.abort();
    store.close();
  });
});
