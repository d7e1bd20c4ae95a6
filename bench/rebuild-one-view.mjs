/**
 * How fast a view is built anew from a log of posts (a compose, its post, now and then a joining), against the limit of the
 * same log: reading it, decoding it, opening what is opened, and folding it into a map. Only the ratios say something.
 *
 *   node bin/run-on-node24.cjs bench/rebuild-one-view.mjs [events] [projection] [rounds]
 */
import '../test/support/typescript-hooks.mjs';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const { openEmbedded } = await import('../src/compose.ts');
const { rebuildSources } = await import('../src/processes.ts');
const { allProjections } = await import('../src/projections/projections.ts');
const { wantedBy, opsOf } = await import('../src/projections/kernel/projection.ts');

const EVENTS = Number(process.argv[2] ?? 100_000);
const NAME = process.argv[3] ?? 'conversation-timeline';
const ROUNDS = Number(process.argv[4] ?? 3);
const MEMBERS = 5;
const EVENTS_PER_CONVERSATION = 1_000;
const AT_ONCE = 64;

const silent = { info() {}, warn() {}, error() {} };
const folder = mkdtempSync(join(tmpdir(), 'sottovoce-bench-rebuild-'));
const limits = { signInsPerTargetHourMax: 1, signInsPerAddressHourMax: 1, lookupsPerAccountMinuteMax: 1 };
const foundation = await openEmbedded({ folders: { data: join(folder, 'data'), keys: join(folder, 'keys') }, limits }, silent);
const { deps } = foundation;
const sources = rebuildSources(foundation, (work) => work());
const { fillBeside, rebuild } = await import('../src/projections/kernel/rebuild.ts');

async function store() {
  const accounts = Array.from({ length: 200 }, () => randomUUID());
  for (const account of accounts) await deps.keys.register(account);
  let [stored, waiting] = [0, []];
  const write = async (stream, expected, drafts) => {
    const encoded = await deps.codec.encode(
      drafts.map(({ event, actor }) => ({
        event,
        stream,
        id: randomUUID(),
        recordedAt: deps.clock.now(),
        correlationId: randomUUID(),
        actor,
      })),
    );
    return { stream, expected, events: encoded };
  };
  const append = async (writes) => {
    stored += writes.reduce((sum, { events }) => sum + events.length, 0);
    waiting.push(deps.eventStore.append(writes));
    if (waiting.length >= AT_ONCE) await Promise.all(waiting.splice(0));
  };
  while (stored < EVENTS) {
    const conversationId = randomUUID();
    const stream = `conversation-${conversationId}`;
    const people = Array.from({ length: MEMBERS }, (_, n) => ({
      account: accounts[(stored + n * 7) % accounts.length],
      memberId: randomUUID(),
    }));
    const data = { conversationId, kind: 'group', createdAt: deps.clock.now() };
    const joined = people.map(({ account, memberId }, n) => ({
      event: {
        type: 'MemberAdded',
        data: {
          conversationId,
          memberId,
          account,
          role: n ? 'member' : 'owner',
          addedBy: people[0].memberId,
          fromSeq: 1,
          seq: n + 1,
          count: 0,
          addedAt: data.createdAt,
        },
      },
    }));
    await deps.keys.register(conversationId);
    await append([await write(stream, 'no-stream', [{ event: { type: 'ConversationCreated', data } }, ...joined])]);
    for (let n = 0; n < EVENTS_PER_CONVERSATION / 2 && stored < EVENTS; n += 1) {
      const { account: actor, memberId } = people[n % MEMBERS];
      const [messageId, composeId] = [randomUUID(), randomUUID()];
      const composed = {
        conversationId,
        messageId,
        memberId,
        composeId,
        baseRevision: MEMBERS + n,
        bodyMac: 'x'.repeat(43),
        body: { content: { type: 'text', text: 'The boats are back in the shed, and the tea is on.' } },
      };
      const posted = {
        conversationId,
        messageId,
        memberId,
        seq: MEMBERS + 1 + n,
        count: n + 1,
        class: 'post',
        composeId,
        postedAt: deps.clock.now(),
      };
      await append([
        await write(`message-${messageId}`, 'no-stream', [{ event: { type: 'MessageComposed', data: composed }, actor }]),
        await write(stream, MEMBERS + n, [{ event: { type: 'MessagePosted', data: posted } }]),
      ]);
    }
  }
  await Promise.all(waiting);
  return stored;
}

/** Everything but the writing: what no store of views can be faster than. */
async function limitOf(projection, head) {
  const enrich = sources.enrich();
  const fold = new Map();
  for await (const { events } of sources.read(0, head, wantedBy(projection))) {
    for (const event of await enrich(events)) {
      for (const op of opsOf(projection, event, event.meta)) fold.set(JSON.stringify(op.key ?? op.equal), op);
    }
  }
  return fold.size;
}

const fill = async (projection, options, head) => (await fillBeside(sources, projection, options, head)).discard();

const timed = async (work) => {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
};

// Waiting alone does not keep a process alive.
const alive = setInterval(() => undefined, 1_000);
try {
  const stored = await store();
  const head = await deps.eventStore.headPosition();
  const projection = allProjections.find(({ name }) => name === NAME);
  const options = { acceptDifferences: true, signal: new AbortController().signal, report() {} };
  // The view stands, so that comparing costs what it costs.
  await rebuild(sources, projection, { ...options, pace: 'alone' });
  const rates = { limit: [], alone: [], served: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    rates.limit.push(stored / (await timed(() => limitOf(projection, head))));
    for (const pace of ['alone', 'served'])
      rates[pace].push(stored / (await timed(() => fill(projection, { ...options, pace }, head))));
  }
  const median = (values) => [...values].sort((one, other) => one - other)[values.length >> 1];
  const [limit, alone, served] = [rates.limit, rates.alone, rates.served].map(median);
  const whole = await timed(() => rebuild(sources, projection, { ...options, pace: 'served' }));
  console.log(
    `${NAME}, ${stored} events, in thousands a second: limit ${limit.toFixed(0)}, alone ${alone.toFixed(0)} (${(alone / limit).toFixed(2)}), served ${served.toFixed(0)} (${(served / limit).toFixed(2)}); whole command ${(whole / 1_000).toFixed(1)} s`,
  );
} finally {
  clearInterval(alive);
  await foundation.close();
  rmSync(folder, { recursive: true, force: true });
}
