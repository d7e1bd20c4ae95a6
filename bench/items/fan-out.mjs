/** (c): one message to all members of a group who are online, against a bare broadcast of a frame that is encoded once. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { untilAtRest } from '../load.mjs';
import { sender } from '../messages.mjs';
import { floorSocket, inParallel, People } from '../people.mjs';
import { interleaved, line } from '../rounds.mjs';
import { metric, startFloor, startOurs } from '../servers.mjs';

const FACT = Buffer.from('{"type":"message-posted"');
/** JSON is the only form that a fact has on a wire today: so often a broadcast is made into bytes. */
const WIRE_FORMATS = 1;
const UNDER_WAY = 8;
const ARRIVES_WITHIN_MS = 30_000;

/** Between bursts the driver rests for so much of the time that one took: reading everybody's socket is more than a core's work. */
const REST = 0.5;

/**
 * Sockets come in order, and the first one sends: some messages at once, and the next when they have arrived everywhere. Since
 * the driver could not keep up, deliveries are counted for each second of the server's processor time.
 */
class Broadcast {
  #number = 0;
  #facts = 0;

  constructor(conversationId, sockets) {
    this.sockets = sockets;
    this.frame = sender(conversationId);
    for (const socket of sockets) {
      socket.onFrame = (bytes, from) => {
        if (bytes[from + 9] === FACT[9] && bytes.compare(FACT, 0, FACT.length, from, from + FACT.length) === 0) this.onFact();
      };
    }
  }

  async measure(server, seconds) {
    const [startedMs, before, cpu, serverCpuMs] = [performance.now(), this.#facts, process.cpuUsage(), server.cpuMs()];
    this.isRunning = true;
    this.burst();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
    const tookMs = performance.now() - startedMs;
    const { user, system } = process.cpuUsage(cpu);
    this.isRunning = false;
    while (this.#facts < this.#number * this.sockets.length) {
      if (performance.now() - startedMs > seconds * 1_000 + ARRIVES_WITHIN_MS)
        throw new Error('A broadcast did not reach everybody.');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await untilAtRest(server);
    const deliveries = ((this.#facts - before) * 1_000) / (server.cpuMs() - serverCpuMs);
    return { figures: { deliveries, encodings: WIRE_FORMATS }, driverCpu: (user + system) / 1_000 / tookMs };
  }

  get sent() {
    return this.#number;
  }

  burst() {
    this.burstAtMs = performance.now();
    for (let at = 0; at < UNDER_WAY; at += 1) this.sockets[0].write(this.frame(++this.#number));
  }

  onFact() {
    this.#facts += 1;
    if (this.#facts < this.#number * this.sockets.length) return;
    const again = () => this.isRunning && this.burst();
    setTimeout(again, (performance.now() - this.burstAtMs) * REST);
  }
}

/** A server that encodes for each member or each socket does something else than what is measured: the round is void. */
async function countingEncodings(server, broadcast, seconds) {
  const [before, sent] = [await metric(server, 'sottovoce_facts_encoded_total'), broadcast.sent];
  const { figures, driverCpu } = await broadcast.measure(server, seconds);
  const encodings = ((await metric(server, 'sottovoce_facts_encoded_total')) - before) / (broadcast.sent - sent);
  const wrong = `a broadcast was made into bytes ${encodings} times, and there is ${WIRE_FORMATS} wire format`;
  return { figures: { ...figures, encodings }, driverCpu, ...(encodings !== WIRE_FORMATS && { void: wrong }) };
}

async function atSize(context, members) {
  const folder = join(context.folder, `group-${members}`);
  const floorFolder = join(folder, 'floor');
  mkdirSync(floorFolder, { recursive: true });
  context.say(`a group of ${members}`);
  const people = await People.settle(folder, async (made) => {
    await made.group(await made.arrive(members));
  });
  const [{ conversationId }] = people.conversations;
  const [server, floor] = [await startOurs(folder, { isWatched: true }), await startFloor(floorFolder, ['raw'])];
  try {
    const [mine, bare] = [[], []];
    await inParallel(members, async (at) => {
      mine[at] = await people.socket(server.address, people.people[at]);
      bare[at] = await floorSocket(floor.address, [conversationId]);
    });
    const [ours, raw] = [new Broadcast(conversationId, mine), new Broadcast(conversationId, bare)];
    const sides = {
      ours: () => countingEncodings(server, ours, context.seconds),
      reference: () => raw.measure(floor, context.seconds),
    };
    for (const side of Object.values(sides)) await side();
    const rounds = await interleaved(context, sides);
    const variant = `to ${members.toLocaleString('en')} members`;
    const encodings = { variant: `${variant}, encodings`, unit: 'a broadcast', figure: 'encodings', now: WIRE_FORMATS };
    return [
      line(rounds, { id: 'c', variant, unit: 'deliveries/processor s', figure: 'deliveries', now: 0.5, wanted: 0.8 }),
      line(rounds, { id: 'c', ...encodings, isLess: true, isAbsolute: true }),
    ];
  } finally {
    await Promise.all([server.stop(), floor.stop()]);
  }
}

export async function fanOut(context) {
  const lines = [];
  for (const members of context.isQuick ? [16] : [256, 1_024]) lines.push(...(await atSize(context, members)));
  return lines;
}
