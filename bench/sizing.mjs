/**
 * What an operator reckons with: bytes on disk for each message, account and conversation, by file and by table; how the
 * write-ahead logs grow; memory and file descriptors of a server, idle and with sockets. Sizes depend little on the machine.
 *
 *   node bin/build.cjs && node bin/run-on-node24.cjs bench/sizing.mjs [messages] [sockets]
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { TEXT } from './messages.mjs';
import { inParallel, People } from './people.mjs';
import { startOurs } from './servers.mjs';

const [MESSAGES = 20_000, SOCKETS = 200] = process.argv.slice(2).map(Number);
const PEOPLE = 1_000;
const PAIRS = 500;
const IN_FLIGHT = 64;
const REST_MS = 5_000;
const FILES = ['events', 'read', 'keys', 'accounts'];

const root = mkdtempSync(join(tmpdir(), 'sottovoce-sizing-'));

async function measured() {
  const { sendMessage } = await import('../dist/application/message/send-message.js');
  const stages = [];
  const stage = async (make, known) => {
    const people = await People.settle(root, make, known);
    await (await startOurs(root)).stop();
    stages.push(sizes());
    return people;
  };
  const write = (count) => async (people) => {
    const send = sendMessage(people.deps);
    const one = async (at) => {
      const { conversationId, members } = people.conversations[at % people.conversations.length];
      const input = { conversationId, messageId: randomUUID(), body: { content: { type: 'text', text: TEXT } } };
      const outcome = await send(input, people.context(members[0]));
      if (!outcome.ok) throw new Error(JSON.stringify(outcome));
    };
    await inParallel(count, one, IN_FLIGHT);
  };
  await stage(async () => undefined);
  const { idleServer: emptyServer } = await ofServer();
  let people = await stage((made) => made.arrive(PEOPLE));
  people = await stage(async (made) => {
    for (let at = 0; at < PAIRS; at += 1) await made.direct(made.people[at * 2], made.people[at * 2 + 1]);
  }, people);
  people = await stage(write(PAIRS), people);
  people = await stage(write(MESSAGES), people);
  const [empty, arrived, paired, first, last] = stages;
  const walBytes = await walWhileRead(people, write);
  return {
    bytesPer: {
      accountWithDevice: per(empty, arrived, PEOPLE),
      directConversation: per(arrived, paired, PAIRS),
      firstMessageOfSomebodyInAConversation: per(paired, first, PAIRS),
      message: per(first, last, MESSAGES),
    },
    tablesPerMessage: perTable(first, last, MESSAGES),
    walBytesPerMessageWhileSomebodyReads: walBytes,
    emptyServer,
    ...(await ofServer(people)),
  };
}

/** The bytes of each table and index, free pages left out: files grow in steps. */
function sizes() {
  const found = {};
  for (const file of FILES) {
    const database = new Database(join(root, 'data', `${file}.sqlite`), { readonly: true });
    for (const { name, bytes } of database.prepare('SELECT name, sum(pgsize) AS bytes FROM dbstat GROUP BY name').all()) {
      found[`${file} ${name}`] = bytes;
    }
    database.close();
  }
  return found;
}

const grown = (before, after) => Object.entries(after).map(([name, bytes]) => [name, bytes - (before[name] ?? 0)]);

function per(before, after, count) {
  const sums = Object.fromEntries(FILES.map((file) => [file, 0]));
  for (const [name, bytes] of grown(before, after)) sums[name.split(' ')[0]] += bytes;
  return Object.fromEntries(Object.entries(sums).map(([file, bytes]) => [file, Math.round(bytes / count)]));
}

const perTable = (before, after, count) =>
  Object.fromEntries(
    grown(before, after)
      .map(([name, bytes]) => [name, Math.round(bytes / count)])
      .filter(([, bytes]) => bytes >= 1),
  );

/** A reader that holds on keeps the log from beginning again: this is what each message adds then. */
async function walWhileRead(people, write) {
  let bytes = 0;
  await People.settle(
    root,
    async (opened) => {
      const reader = new Database(join(root, 'data', 'events.sqlite'), { readonly: true });
      reader.exec('BEGIN');
      reader.prepare('SELECT max(position) FROM events').get();
      const wal = () => statSync(join(root, 'data', 'events.sqlite-wal')).size;
      const before = wal();
      await write(MESSAGES)(opened);
      bytes = Math.round((wal() - before) / MESSAGES);
      reader.close();
    },
    people,
  );
  return bytes;
}

/** Started for the second time, so that it has no views to build, and left alone for a while. */
async function ofServer(people) {
  await (await startOurs(root)).stop();
  const server = await startOurs(root);
  const { pid } = server.child;
  await new Promise((resolve) => setTimeout(resolve, REST_MS));
  const look = () => ({
    residentBytes: server.residentBytes(),
    fileDescriptors: readdirSync(`/proc/${pid}/fd`).length,
  });
  const idle = look();
  const sockets = [];
  for (const person of people?.people.slice(0, SOCKETS) ?? []) sockets.push(await people.socket(server.address, person));
  const withSockets = look();
  for (const socket of sockets) socket.end();
  await server.stop();
  const perSocket = (withSockets.fileDescriptors - idle.fileDescriptors) / sockets.length;
  return { idleServer: idle, sockets: sockets.length, fileDescriptorsPerSocket: perSocket };
}

try {
  console.log(JSON.stringify(await measured(), null, 2));
} finally {
  rmSync(root, { recursive: true, force: true });
}
