/**
 * C5, C6, T6: so many frames that were good once, on a real server, from a seed. An honest client looks in between whether all
 * is well. `npm run fuzz -- --frames 100000 --seed 1`; a frame that makes the server fail is told with its seed, and shrunken.
 */
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Line, Person } from '../support/person.js';
import { ServedApp } from '../support/served-app.js';
import { Chance } from './chance.js';
import { FuzzedSocket, hello } from './fuzzed-socket.js';
import { type Mutated, mutate } from './mutations.js';
import { shrink } from './shrink.js';
import { frameInWords, frameProblem, logProblem } from './verdict.js';

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const frames = Number(values.frames);
const seed = Number(values.seed);
const SOCKETS = 8;
const CHECK_EVERY = Math.max(500, Math.floor(frames / 40));
/** Memory is judged from here on: before, caches fill and code is compiled. */
const WARM = 0.25;
const CANARY = `kestrel-${seed}-`;
/** Answers of the parser, of the schemas, of the use cases and of the store. */
const REACHED = ['ack', 'error unknown-frame-type', 'error invalid-request', 'error invalid-cursor', 'error message-not-found'];
const REACHED_ENDS = ['closed 1002', 'closed 1007', 'closed 1009', 'closed 4400', 'answered', 'unfinished'];
/** Many commands in one write: a limit that a mutation may well meet. */
const UNDER_WAY = 'socket-in-flight';
const SEED_STEP = 0x9e3779b1;

interface Failure {
  readonly at: number;
  readonly why: string;
  readonly mutated: Mutated;
}

const outcomes = new Map<string, number>();
/** What the server said of the frames, by word: it shows how far they got. */
const answers = new Map<string, number>();
const failures: Failure[] = [];
const memory: { readonly frames: number; readonly mib: number }[] = [];
let healthChecks = 0;

function goodFrame(chance: Chance, conversationId: string): string {
  const id = chance.uuid();
  const content = { type: 'text', text: `${CANARY}${'x'.repeat(chance.below(200))}` };
  const data = chance.of<[string, object]>([
    ['send-message', { conversationId, messageId: chance.uuid(), content }],
    ['send-message', { conversationId, messageId: chance.uuid(), content, hints: { mentions: [chance.uuid()], silent: true } }],
    ['mark-read', { conversationId, seq: 1 + chance.below(3) }],
    ['remove-message', { conversationId, messageId: chance.uuid() }],
    ['received', { cursor: chance.bytes(90).toString('base64url') }],
    ['hello', JSON.parse(hello(id)).data],
  ]);
  return JSON.stringify({ type: data[0], id, data: data[1] });
}

const mutatedAt = (at: number, conversationId: string): Mutated => {
  const chance = new Chance((Math.imul(seed, SEED_STEP) + Math.imul(at, 0x85ebca6b)) | 0);
  return mutate(goodFrame(chance, conversationId), chance);
};

/** An honest person writes and is answered, and the log has nothing to be ashamed of. */
async function checkHealth(app: ServedApp, honest: Line, conversationId: string): Promise<void> {
  const content = { type: 'text', text: `${CANARY}honest` };
  const answer = await honest.ask('send-message', { conversationId, messageId: randomUUID(), content });
  if (answer.type !== 'ack') throw new Error(`An honest message was answered ${JSON.stringify(answer)}`);
  for (const line of app.logged.splice(0)) {
    const problem = logProblem(line, CANARY);
    if (problem !== undefined) throw new Error(problem);
  }
  honest.frames.length = 0;
  healthChecks += 1;
}

const count = (counts: Map<string, number>, word: string): unknown => counts.set(word, (counts.get(word) ?? 0) + 1);

async function work(app: ServedApp, socket: FuzzedSocket, take: () => number | undefined, conversationId: string): Promise<void> {
  for (let at = take(); at !== undefined && failures.length === 0; at = take()) {
    const mutated = mutatedAt(at, conversationId);
    const { received, how } = await socket.deliver(mutated.bytes);
    count(outcomes, how);
    for (const word of received.flatMap(frameInWords)) count(answers, word);
    const why =
      app.ended === undefined ? received.map(frameProblem).find((one) => one !== undefined) : `The server ${app.ended}.`;
    if (why !== undefined) failures.push({ at, why, mutated });
  }
  socket.close();
}

async function run(app: ServedApp): Promise<void> {
  const people = await Promise.all(Array.from({ length: SOCKETS + 1 }, () => Person.signIn(app.asApp)));
  const [honestPerson, ...attackers] = people as [Person, ...Person[]];
  const conversationId = randomUUID();
  const accountIds = attackers.map(({ accountId }) => accountId);
  await honestPerson.call('POST', '/v1/group-conversations', { conversationId, title: 'fuzz', accountIds });
  const honest = await honestPerson.online();
  let next = 0;
  for (let batchEnd = 0; batchEnd < frames && failures.length === 0; ) {
    batchEnd = Math.min(frames, batchEnd + CHECK_EVERY);
    const take = () => (next < batchEnd ? next++ : undefined);
    await Promise.all(attackers.map((person) => work(app, new FuzzedSocket(app.url, person), take, conversationId)));
    if (app.ended === undefined && failures.length === 0) await checkHealth(app, honest, conversationId);
    if (app.ended === undefined) memory.push({ frames: next, mib: app.memoryMib() });
  }
  await tellFailures(app, attackers[0] as Person);
}

async function tellFailures(app: ServedApp, person: Person): Promise<void> {
  for (const { at, why, mutated } of failures.slice(0, 1)) {
    console.log(`frame ${at} of seed ${seed} (${mutated.told.join(', ')}): ${why}\n  ${mutated.bytes.toString('hex')}`);
    if (app.ended !== undefined) continue;
    const stillFails = async (bytes: Buffer): Promise<boolean> => {
      const socket = new FuzzedSocket(app.url, person);
      const { received } = await socket.deliver(bytes);
      socket.close();
      return received.some((one) => frameProblem(one) !== undefined);
    };
    console.log(`  shrunken: ${(await shrink(mutated.bytes, stillFails)).toString('hex')}`);
  }
}

/** Of the straight line through what was measured, in MiB for each 10,000 frames. */
function slope(points: typeof memory): number {
  const mean = (of: (point: (typeof memory)[number]) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.frames), mean((point) => point.mib)];
  const down = points.reduce((sum, point) => sum + (point.frames - x) ** 2, 0);
  const up = points.reduce((sum, point) => sum + (point.frames - x) * (point.mib - y), 0);
  return down === 0 ? 0 : (up / down) * 10_000;
}

async function main(): Promise<void> {
  const startedMs = performance.now();
  const app = await ServedApp.start({ SOTTOVOCE_LOG: 'debug' });
  let defect: unknown;
  await run(app).catch((error: unknown) => {
    defect = error;
  });
  const warm = memory.filter((point) => point.frames >= frames * WARM);
  const [first, middle, last] = [warm[0], warm[Math.floor(warm.length / 2)], warm.at(-1)];
  const sent = [...outcomes.values()].reduce((sum, count) => sum + count, 0);
  console.log(`${sent} frames of seed ${seed} in ${Math.round((performance.now() - startedMs) / 1_000)} s`);
  for (const counts of [outcomes, answers]) {
    console.log(counts === outcomes ? 'what became of them:' : 'answers to those that were commands:');
    for (const [word, times] of [...counts].sort(([, one], [, other]) => other - one))
      console.log(`  ${String(times).padStart(8)} ${word}`);
  }
  console.log(
    `memory: ${first?.mib} MiB warm, ${middle?.mib} MiB in the middle, ${last?.mib} MiB at the end; slope ${slope(warm).toFixed(2)} MiB for each 10,000 frames`,
  );
  if (defect !== undefined) console.log(`FAIL  ${(defect as Error).message}`);
  // Each stage behind the door was reached, and no limit on traffic stood before it.
  const isReached = REACHED.every((word) => (answers.get(word) ?? 0) > 0) && REACHED_ENDS.every((how) => outcomes.has(how));
  if (!isReached) console.log(`FAIL  not all of ${[...REACHED, ...REACHED_ENDS].join(', ')} came`);
  const limited = [...answers.keys()].filter((word) => word.startsWith('error too-many-requests') && !word.endsWith(UNDER_WAY));
  if (limited.length > 0) console.log(`FAIL  limits on traffic refused frames: ${limited.join(', ')}`);
  const checks = [
    ...[app.ended === undefined, failures.length === 0, defect === undefined, healthChecks > 0, sent === frames],
    ...[isReached, limited.length === 0],
  ];
  await app.stop();
  console.log(`${healthChecks} times an honest client was answered and the log was read`);
  const failed = checks.filter((isFine) => !isFine).length;
  console.log(`${checks.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

await main();
