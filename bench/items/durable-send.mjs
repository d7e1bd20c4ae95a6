/** (a) and (b): pairs of people who send, against the floor. */
import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../figures.mjs';
import { Load } from '../load.mjs';
import { socketLane } from '../messages.mjs';
import { floorSocket, People } from '../people.mjs';
import { textFrame } from '../raw-socket.mjs';
import { interleaved, line } from '../rounds.mjs';
import { startFloor, startOurs } from '../servers.mjs';
import { longStore } from '../stores.mjs';

const PAIRS = 64;
const PAIRS_OF = { 1: 1, 64: 16, 1024: 64 };

async function settle(folder, pairs) {
  return People.settle(folder, async (people) => {
    await people.arrive(pairs * 2);
    for (let at = 0; at < pairs; at += 1) await people.direct(people.people[at * 2], people.people[at * 2 + 1]);
  });
}

async function openOurs(address, people, count = people.conversations.length) {
  const pairs = [];
  for (const { conversationId, members } of people.conversations.slice(0, count)) {
    const [from, to] = [await people.socket(address, members[0]), await people.socket(address, members[1])];
    pairs.push({ conversationId, from, to });
  }
  return pairs;
}

async function openFloor(address, people) {
  const pairs = [];
  for (const { conversationId } of people.conversations) {
    const [from, to] = [await floorSocket(address, [conversationId]), await floorSocket(address, [conversationId])];
    pairs.push({ conversationId, from, to });
  }
  return pairs;
}

const loadOn = (server, pairs) => new Load(server, pairs.map(socketLane));

/** Both servers with their pairs connected; `act` gets the two lists of pairs. */
async function withBoth(context, pairs, act) {
  const folder = context.folder;
  const floorFolder = join(folder, 'floor');
  mkdirSync(floorFolder, { recursive: true });
  context.say(`making ${pairs * 2} people`);
  const people = await settle(folder, pairs);
  const [server, floor] = [await startOurs(folder, { nodeArgs: context.nodeArgs }), await startFloor(floorFolder)];
  try {
    const [ours, reference] = [await openOurs(server.address, people), await openFloor(floor.address, people)];
    return await act({ ours, reference, server, floor });
  } finally {
    await Promise.all([server.stop(), floor.stop()]);
  }
}

const TARGETS = {
  1: [],
  64: [
    { variant: '64 in flight, rate', unit: 'messages/s', figure: 'perSecond', now: 0.5, wanted: 0.75 },
    { variant: '64 in flight, ack p99', unit: 'ms', figure: 'ackP99', now: 4, wanted: 2, isLess: true },
    { variant: '64 in flight, processor time', unit: 'µs/message', figure: 'cpuMicros', isLess: true },
  ],
  1024: [
    { variant: '1,024 in flight, rate', unit: 'messages/s', figure: 'perSecond' },
    { variant: '1,024 in flight, ack p99', unit: 'ms', figure: 'ackP99' },
  ],
};

export async function durableSend(context) {
  return withBoth(context, context.isQuick ? 16 : PAIRS, async ({ ours, reference, server, floor }) => {
    const lines = [];
    for (const inFlight of context.isQuick ? [64] : [1, 64, 1_024]) {
      context.say(`${inFlight} in flight`);
      const count = PAIRS_OF[inFlight];
      const [mine, bare] = [loadOn(server, ours.slice(0, count)), loadOn(floor, reference.slice(0, count))];
      const sides = {
        ours: () => mine.closedLoop(inFlight, context.seconds),
        reference: async () => ({
          ...(await bare.closedLoop(inFlight, context.seconds)),
          ...(inFlight === 1 && { roundTripMs: await roundTrip(reference[0]) }),
        }),
      };
      await warm(sides);
      const rounds = await interleaved(context, sides);
      for (const row of TARGETS[inFlight]) lines.push(line(rounds, { id: 'a', ...row }));
      if (inFlight === 1) {
        lines.push(line(rounds, { id: 'a', variant: '1 in flight, rate', unit: 'messages/s', figure: 'perSecond' }));
        lines.push(
          line(rounds.map(againstTheDisk), {
            id: 'a',
            variant: '1 in flight, ack p50 : fdatasync + round trip',
            unit: 'ms',
            figure: 'ackP50',
            now: 2,
            wanted: 1.4,
            isLess: true,
          }),
        );
      }
    }
    return lines;
  });
}

/** Two servers of ours with the same people, one of them with a million messages in its store. */
export async function withLongStore(context) {
  const [short, long] = ['short', 'long'].map((name) => join(context.folder, name));
  const messages = context.isQuick ? 2_000 : 1_000_000;
  const variant = `64 in flight, ${context.isQuick ? '2,000' : '1 M'} stored`;
  context.say(variant);
  const people = [await longStore(context, long, messages), await longStore(context, short, 0)];
  const servers = [await startOurs(long), await startOurs(short)];
  try {
    const loads = [];
    for (const [at, server] of servers.entries())
      loads.push(loadOn(server, await openOurs(server.address, people[at], PAIRS_OF[64])));
    const [ours, reference] = loads.map((load) => () => load.closedLoop(64, context.seconds));
    await warm({ ours, reference });
    const rounds = await interleaved(context, { ours, reference });
    return [line(rounds, { id: 'a', variant, unit: 'messages/s', figure: 'perSecond', now: 0.9 })];
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** What the machine asks of anybody: one flush, and the way there and back. */
function againstTheDisk(round) {
  const syncMs = (round.probes[0].syncMs + round.probes[1].syncMs) / 2;
  return { ...round, reference: { ...round.reference, figures: { ackP50: syncMs + round.reference.roundTripMs } } };
}

/** A frame that the bare server answers at once, there and back. */
async function roundTrip({ from, conversationId }) {
  const tookMs = [];
  const frame = textFrame(JSON.stringify({ type: 'join', id: randomUUID(), data: { conversationId } }));
  const { onFrame } = from;
  for (let at = 0; at < ROUND_TRIPS; at += 1) {
    const startedMs = performance.now();
    await new Promise((resolve) => {
      from.onFrame = resolve;
      from.write(frame);
    });
    tookMs.push(performance.now() - startedMs);
  }
  from.onFrame = onFrame;
  return quantile(tookMs, 0.5);
}
const ROUND_TRIPS = 200;

/** The just-in-time compiler's work is not measured. */
async function warm(sides) {
  for (const side of Object.values(sides)) await side();
}

export async function delivery(context) {
  return withBoth(context, context.isQuick ? 8 : PAIRS, async ({ ours, reference, server, floor }) => {
    const [mine, bare] = [loadOn(server, ours), loadOn(floor, reference)];
    const lines = [];
    for (const perSecond of context.isQuick ? [500] : [500, 1_000, 2_000]) {
      context.say(`${perSecond} a second`);
      const sides = {
        ours: () => mine.openLoop(perSecond, context.seconds),
        reference: () => bare.openLoop(perSecond, context.seconds),
      };
      await warm(sides);
      const rounds = await interleaved(context, sides);
      const target = perSecond === 1_000 ? { now: 4, wanted: 2 } : {};
      const at = `${perSecond.toLocaleString('en')} a second, delivered`;
      lines.push(line(rounds, { id: 'b', variant: `${at} p50`, unit: 'ms', figure: 'deliveredP50', isLess: true }));
      lines.push(line(rounds, { id: 'b', variant: `${at} p99`, unit: 'ms', figure: 'deliveredP99', isLess: true, ...target }));
    }
    return lines;
  });
}
