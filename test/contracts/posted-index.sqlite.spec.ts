import Database from 'better-sqlite3';
import { SqlitePostedIndex } from '../../src/adapters/sqlite/sqlite-posted-index.js';
import { SqliteProjectionWriter } from '../../src/adapters/sqlite/sqlite-projection-writer.js';
import { SqliteViews } from '../../src/adapters/sqlite/sqlite-views.js';
import type { Envelope } from '../../src/domain/kernel/envelope.js';
import { conversationTimeline } from '../../src/projections/conversation-timeline.js';
import type { ProjectedEnvelope } from '../../src/projections/kernel/feed-events.js';
import { ProjectionRunner } from '../../src/projections/kernel/runner.js';
import { LogOfPosts } from '../support/log-of-posts.js';
import { TestClock } from '../support/test-clock.js';
import { postedIndexContract } from './posted-index.contract.js';

postedIndexContract('SqlitePostedIndex', async () => {
  const connection = new Database(':memory:');
  const shapes = [conversationTimeline.collection];
  const writer = new SqliteProjectionWriter(connection, shapes);
  const runner = new ProjectionRunner({
    projections: [conversationTimeline],
    writer,
    enrich: async (events) => events as readonly ProjectedEnvelope[],
    time: new TestClock(),
  });
  const log = new LogOfPosts();
  async function* all() {
    const events = log.events.map(({ type, data, ...meta }) => ({ type, data: JSON.parse(data), meta }) as Envelope);
    yield { events, upTo: log.events.at(-1)?.position ?? 0 };
  }
  return {
    index: new SqlitePostedIndex(new SqliteViews(connection, shapes)),
    append: async (events) => log.append(events),
    removeContent: async (messageId) => log.removeContent(messageId),
    indexed: () => runner.run(all()),
    close: async () => void connection.close(),
  };
});
