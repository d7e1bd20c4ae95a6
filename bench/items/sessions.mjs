/** (d) and (e): many people with one socket each, who do nothing, and who all come back at once. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { sender } from '../messages.mjs';
import { floorSocket, inParallel } from '../people.mjs';
import { interleaved, line } from '../rounds.mjs';
import { startFloor, startOurs } from '../servers.mjs';
import { crowd } from '../stores.mjs';

const CONVERSATION = '00000000-0000-4000-8000-000000000000';
const ADDRESSES = 8;
const SETTLE_MS = 6_000;
const GROUP = 50;
const MISSED = 20;
const RETRY_MS = 50;
const BACK_WITHIN_MS = 120_000;
const FACT = Buffer.from('{"type":"message-posted"');

/** Several addresses of this machine, so that ports do not run short. */
const addressOf = (at) => `127.0.0.${1 + (at % ADDRESSES)}`;
const settled = () => new Promise((resolve) => setTimeout(resolve, SETTLE_MS));

/** Bytes per session between two counts of open ones; `open(at)` opens one. */
async function slope(server, open, [few, many]) {
  const sockets = [];
  await inParallel(few, async (at) => sockets.push(await open(at)));
  await settled();
  const before = server.residentBytes();
  await inParallel(many - few, async (at) => sockets.push(await open(few + at)));
  await settled();
  const lost = sockets.filter(({ isOver }) => isOver).length;
  if (lost > 0) throw new Error(`${lost} of ${many} sessions were gone.`);
  const bytes = (server.residentBytes() - before) / (many - few);
  for (const socket of sockets) socket.end();
  return { figures: { kib: bytes / 1_024 } };
}

/** A process that has once been large stays large: each measurement has a server of its own. */
export async function idleMemory(context) {
  const counts = context.isQuick ? [50, 100] : [2_000, 10_000];
  const people = await crowd(context, context.folder, counts[1]);
  const floorFolder = join(context.folder, 'floor');
  mkdirSync(floorFolder, { recursive: true });
  const using = async (start, measure) => {
    const server = await start();
    try {
      return await measure(server);
    } finally {
      await server.stop();
    }
  };
  const openOurs = (server) => (at) => people.socket(server.address, people.people[at], { localAddress: addressOf(at) });
  const openFloor = (server) => (at) => floorSocket(server.address, [CONVERSATION], { localAddress: addressOf(at) });
  const rounds = await interleaved(context, {
    ours: () =>
      using(
        () => startOurs(context.folder),
        (server) => slope(server, openOurs(server), counts),
      ),
    reference: () =>
      using(
        () => startFloor(floorFolder),
        (server) => slope(server, openFloor(server), counts),
      ),
  });
  const target = { now: 20, wanted: 10, isLess: true, isAbsolute: true };
  return [line(rounds, { id: 'd', variant: 'memory per idle session', unit: 'KiB', figure: 'kib', ...target })];
}

/** Opens all at once, again and again for those that are told to come later; how long until the last one is in. */
async function allBack(count, open) {
  const startedMs = performance.now();
  await inParallel(
    count,
    async (at) => {
      for (;;) {
        try {
          return await open(at);
        } catch (error) {
          if (performance.now() - startedMs > BACK_WITHIN_MS) throw error;
          await new Promise((resolve) => setTimeout(resolve, RETRY_MS + Math.random() * RETRY_MS));
        }
      }
    },
    count,
  );
  return { figures: { seconds: (performance.now() - startedMs) / 1_000 } };
}

/** Everybody was cut off, twenty messages were sent meanwhile, and all come back with their cursors at the same moment. */
async function storm(people, address, count) {
  const [cursors, tokens, before] = [[], [], []];
  await inParallel(count, async (at) => {
    tokens[at] = await people.token(people.people[at]);
    const socket = await people.socket(address, people.people[at], { token: tokens[at], localAddress: addressOf(at) });
    cursors[at] = socket.cursor;
    before.push(socket);
  });
  for (const socket of before) socket.end();
  await sayTwenty(people, address, count, tokens);
  const [sockets, caughtUp] = [[], []];
  const result = await allBack(count, async (at) => {
    let facts = 0;
    const onFrame = (bytes, from) => {
      if (bytes.compare(FACT, 0, FACT.length, from, from + FACT.length) === 0) facts += 1;
    };
    const given = { token: tokens[at], cursor: cursors[at], localAddress: addressOf(at), onFrame };
    sockets.push(await people.socket(address, people.people[at], given));
    caughtUp.push(facts);
  });
  const wrong = caughtUp.find((facts) => facts !== MISSED);
  if (wrong !== undefined) throw new Error(`A device got ${wrong} messages where it had missed ${MISSED}.`);
  for (const socket of sockets) socket.end();
  return result;
}

async function sayTwenty(people, address, count, tokens) {
  for (let at = 0; at < count; at += GROUP) {
    const { conversationId } = people.conversations[at / GROUP];
    const socket = await people.socket(address, people.people[at], { token: tokens[at] });
    const frame = sender(conversationId);
    let acks = 0;
    const acked = new Promise((resolve) => {
      socket.onFrame = (bytes, from) => {
        if (bytes.toString('latin1', from, from + 13) === '{"type":"ack"' && ++acks === MISSED) resolve();
      };
    });
    for (let number = 1; number <= MISSED; number += 1) socket.write(frame(number));
    await acked;
    socket.end();
  }
}

export async function reconnectStorm(context) {
  const count = context.isQuick ? 100 : 5_000;
  const people = await crowd(context, context.folder, context.isQuick ? 100 : 10_000);
  const floorFolder = join(context.folder, 'floor');
  mkdirSync(floorFolder, { recursive: true });
  const [server, floor] = [await startOurs(context.folder), await startFloor(floorFolder)];
  try {
    const openFloor = async (sockets, at) =>
      sockets.push(await floorSocket(floor.address, [CONVERSATION], { localAddress: addressOf(at) }));
    const rounds = await interleaved(context, {
      ours: () => storm(people, server.address, count),
      reference: async () => {
        const sockets = [];
        const result = await allBack(count, (at) => openFloor(sockets, at));
        for (const socket of sockets) socket.end();
        return result;
      },
    });
    const target = { now: 10, wanted: 4, isLess: true, isAbsolute: true };
    const variant = `${count.toLocaleString('en')} cut at once, all back and caught up`;
    return [line(rounds, { id: 'e', variant, unit: 's', figure: 'seconds', ...target })];
  } finally {
    await Promise.all([server.stop(), floor.stop()]);
  }
}
