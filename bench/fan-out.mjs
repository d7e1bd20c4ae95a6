/**
 * How much of the rate at which one prebuilt frame can be written to many sockets is left when a fact goes the whole way:
 * encoded once, handed to a hub with that many members, budgeted and written. Raw and ours in turn, over the same sockets.
 * Only the ratio says something.
 *
 *   node bin/run-on-node24.cjs bench/fan-out.mjs [members] [rounds] [facts per round] [facts per turn]
 */
import '../test/support/typescript-hooks.mjs';
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { WebSocketServer } from 'ws';

const { SocketSession } = await import('../src/adapters/websocket/session.ts');
const { textFrame } = await import('../src/adapters/websocket/text-frame.ts');
const { Turn } = await import('../src/adapters/websocket/turn.ts');
const { SessionHub } = await import('../src/adapters/websocket/session-hub.ts');

const [MEMBERS = 256, ROUNDS = 7, FACTS = 400, PER_TURN = 1] = process.argv.slice(2).map(Number);
const clock = { now: () => Date.now(), monotonicMs: () => performance.now(), wait: () => new Promise(() => undefined) };
const conversationId = randomUUID();
const fact = {
  type: 'message-posted',
  scope: conversationId,
  revision: 12_345,
  data: {
    ...{ conversationId, messageId: randomUUID(), seq: 12_345, class: 'post', senderId: randomUUID(), version: 1, state: 'sent' },
    ...{ postedAt: '2026-11-24T12:00:00.000Z', content: { type: 'text', text: 'x'.repeat(40) } },
  },
};

const streams = [];
const hub = new SessionHub();
const around = { clock, turn: new Turn(), counts: hub.counts, fellBehind: () => undefined };
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
const server = createServer();
server.on('upgrade', (request, stream, head) => {
  sockets.handleUpgrade(request, stream, head, (socket) => {
    streams.push(stream);
    const principal = { accountId: randomUUID(), deviceId: randomUUID(), expiresAt: Number.MAX_SAFE_INTEGER };
    const session = new SocketSession(socket, stream, principal, around);
    hub.register(session);
    hub.identify(session, randomUUID());
    hub.join(session, { conversationId, memberId: randomUUID() });
    session.phase = 'catching-up';
    session.goLive(0);
  });
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
const reader = fork(fileURLToPath(new URL('fan-out-reader.mjs', import.meta.url)), [server.address().port, MEMBERS]);
const answer = () => new Promise((resolve) => reader.once('message', resolve));
await answer();

function rawFrame(text) {
  const payload = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]), payload]);
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
let position = 0;
const variants = {
  raw: () => {
    const frame = rawFrame(JSON.stringify(fact));
    for (const stream of streams) stream.write(frame);
  },
  ours: () => {
    position += 1;
    hub.toConversation(conversationId, { position, frame: textFrame(JSON.stringify(fact)) });
  },
};

async function rate(broadcast) {
  const frameBytes = rawFrame(JSON.stringify(fact)).length;
  const startedMs = performance.now();
  const busyFrom = process.cpuUsage();
  let sent = 0;
  while (sent < FACTS) {
    for (let index = 0; index < PER_TURN; index += 1) broadcast();
    sent += PER_TURN;
    await turn();
    if (streams.some((stream) => stream.writableLength > 256 * 1_024)) await turn();
  }
  reader.send({ expected: sent * MEMBERS * frameBytes });
  await answer();
  const { user, system } = process.cpuUsage(busyFrom);
  return { perSecond: (sent * MEMBERS * 1_000) / (performance.now() - startedMs), cpuUs: (user + system) / (sent * MEMBERS) };
}

const median = (numbers) => [...numbers].sort((one, other) => one - other)[numbers.length >> 1];
const found = { raw: [], ours: [] };
for (const name of Object.keys(variants)) await rate(variants[name]);
for (let round = 0; round < ROUNDS; round += 1) {
  const order = round % 2 === 0 ? ['raw', 'ours'] : ['ours', 'raw'];
  for (const name of order) found[name].push(await rate(variants[name]));
}
const of = (name, field) => median(found[name].map((one) => one[field]));
const ratio = (field) => median(found.ours.map((one, index) => one[field] / found.raw[index][field]));
console.log(
  JSON.stringify({
    members: MEMBERS,
    factsPerTurn: PER_TURN,
    deliveriesPerSecond: { raw: Math.round(of('raw', 'perSecond')), ours: Math.round(of('ours', 'perSecond')) },
    serverCpuMicroseconds: { raw: of('raw', 'cpuUs').toFixed(2), ours: of('ours', 'cpuUs').toFixed(2) },
    ratio: ratio('perSecond').toFixed(3),
    cpuRatio: ratio('cpuUs').toFixed(3),
  }),
);
reader.disconnect();
server.close();
for (const stream of streams) stream.destroy();
