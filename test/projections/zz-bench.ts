const it = async (n: string, f: () => Promise<void>, t: number) => { await f(); };
import Database from 'better-sqlite3';
import { rmSync } from 'node:fs';
import { SqliteProjectionWriter } from '../../src/adapters/sqlite/sqlite-projection-writer.js';
import { SqliteViews } from '../../src/adapters/sqlite/sqlite-views.js';
import { allCollections, allProjections } from '../../src/projections/projections.js';
import { ProjectionRunner } from '../../src/projections/kernel/runner.js';
import { enricher } from '../../src/projections/kernel/pairing.js';
import { fakeKeys, handleOf, sealed } from '../support/fake-keys.js';
import { TestClock } from '../support/test-clock.js';
import { factsSince } from '../../src/projections/facts-since.js';
import { messagesFor } from '../../src/projections/messages-for.js';
import { conversationsOf } from '../../src/projections/conversation-list.js';
import { randomUUID } from 'node:crypto';
it('bench', async () => {
  rmSync('/tmp/bench.sqlite', { force: true });
  const db = new Database('/tmp/bench.sqlite'); db.pragma('journal_mode=WAL'); db.pragma('synchronous=NORMAL');
  const writer = new SqliteProjectionWriter(db, allCollections); const views = new SqliteViews(db, allCollections);
  const keys = fakeKeys();
  const runner = new ProjectionRunner({ projections: allProjections, writer, enrich: enricher({ bodies: async (w) => w.map(() => 'absent' as const), open: keys.open, handles: keys.handles }), time: new TestClock() });
  const C = 200, M = 100_000; let position = 0;
  const convs = Array.from({ length: C }, () => ({ id: randomUUID(), a: randomUUID(), b: randomUUID(), rev: 0, seq: 0 }));
  const evs: any[] = [];
  const push = (type: string, data: any, c: any) => evs.push({ type, data, meta: { position: ++position, revision: type === 'MessageComposed' ? 0 : c.rev++, recordedAt: position, feedKey: c.id, stream: 's', id: 'x' } });
  for (const c of convs) { push('ConversationCreated', { conversationId: c.id, kind: 'direct', createdAt: 1 }, c);
    for (const [m, acc] of [[c.a, 'ada'], [c.b, 'bea']]) push('MemberAdded', { conversationId: c.id, memberId: m, account: sealed(acc, acc), role: 'member', addedBy: c.a, fromSeq: 1, seq: ++c.seq, count: 0, addedAt: 1 }, c); }
  for (let i = 0; i < M; i++) { const c = convs[(Math.random() * C) | 0]!; const messageId = randomUUID(), composeId = randomUUID();
    push('MessageComposed', { messageId, composeId, conversationId: c.id, memberId: c.a, body: { sealed: 'x'.repeat(250) } }, c);
    push('MessagePosted', { messageId, composeId, conversationId: c.id, memberId: c.a, seq: ++c.seq, count: c.seq - 2, class: 'post', postedAt: i }, c); }
  async function* src() { for (let i = 0; i < evs.length; i += 500) { const events = evs.slice(i, i + 500); yield { events, upTo: events.at(-1).meta.position }; } }
  let t = performance.now(); await runner.run(src()); let ms = performance.now() - t;
  const time = async (name: string, n: number, f: () => Promise<unknown>) => { await f(); const t = performance.now(); for (let i = 0; i < n; i++) await f(); console.log(name, ((performance.now() - t) / n).toFixed(3), 'ms'); };
  console.log(`${M} posts in ${ms | 0} ms: ${(evs.length / ms * 1000) | 0} events/s`);
  const h = handleOf('bea' as any);
  await time('page of 50', 500, () => messagesFor(views, h, convs[(Math.random() * C) | 0]!.id as any, { limit: 50, olderThan: 300 }));
  await time('list of 50 of 200', 20, () => conversationsOf(views, h, { limit: 50 }));
  const L = { conversationsMax: 50, factsMax: 200, membersMax: 50 };
  await time('sync nothing new', 20, () => factsSince(views, { accountId: 'bea' as any, handle: h }, { after: position }, L));
  await time('sync 5000 missed', 5, async () => { let c: any = { after: position - 10000 }; let n = 0; for (;;) { const r = await factsSince(views, { accountId: 'bea' as any, handle: h }, c, L); n += r.items.length; c = r.cursor; if (r.caughtUp) return n; } });
  await time('full sync page', 5, () => factsSince(views, { accountId: 'bea' as any, handle: h }, { after: 0 }, L));
}, 120000);
