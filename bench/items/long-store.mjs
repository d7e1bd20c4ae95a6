/** (f), (h), (i), (j): what becomes of a server whose store holds a million messages. */
import { mkdirSync } from 'node:fs';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { quantile } from '../figures.mjs';
import { sender } from '../messages.mjs';
import { People } from '../people.mjs';
import { interleaved, line } from '../rounds.mjs';
import { ServerProcess, startFloor, startOurs } from '../servers.mjs';
import { longStore, PAIRS } from '../stores.mjs';

const HERE = fileURLToPath(new URL('..', import.meta.url));
const sizeOf = ({ isQuick }) => (isQuick ? 2_000 : 1_000_000);
const PAGE = 50;
const MISSED_EACH = 25;
const SCAN_PAGE = 1_000;
const VIEWS_WITHIN_MS = 60_000;

export async function rebuild(context) {
  const messages = sizeOf(context);
  await longStore(context, context.folder, messages);
  const rate = async (events, what) => {
    const run = new ServerProcess(join(HERE, 'rebuild.mjs'), { args: [context.folder, String(events), what] });
    if ((await run.ended) !== 0) throw new Error(run.said);
    return Number(run.said);
  };
  const rounds = await interleaved(context, {
    ours: async () => ({ figures: { all: await rate(messages, 'views'), tenth: await rate(messages / 10, 'views') } }),
    reference: async () => ({ figures: { all: await rate(messages, 'limit') } }),
  });
  const growth = rounds.map((round) => ({ ...round, reference: { figures: { all: round.ours.figures.tenth } } }));
  const [all, tenth] = [messages, messages / 10].map((count) => count.toLocaleString('en'));
  const shown = { id: 'f', unit: 'events/s', figure: 'all' };
  return [
    line(rounds, { ...shown, variant: `rebuild of ${all} events : scan, decrypt, fold`, now: 0.4, wanted: 0.7 }),
    line(growth, { ...shown, variant: `rebuild of ${all} events : of ${tenth}`, now: 0.8, wanted: 0.9 }),
  ];
}

/** From the start of the process to the ack of the first message. */
async function untilFirstAck(folder, people) {
  const startedMs = performance.now();
  const server = await startOurs(folder);
  const [{ conversationId, members }] = people.conversations;
  const socket = await people.socket(server.address, members[0]);
  await new Promise((resolve) => {
    socket.onFrame = (bytes, from) => {
      if (bytes.toString('latin1', from, from + 13) === '{"type":"ack"') resolve();
    };
    socket.write(sender(conversationId)(1));
  });
  const ms = performance.now() - startedMs;
  socket.end();
  await server.stop();
  return ms;
}

async function bareNest() {
  const startedMs = performance.now();
  const server = new ServerProcess(join(HERE, 'bare-nest.mjs'));
  const response = await fetch(await server.url());
  await response.text();
  const ms = performance.now() - startedMs;
  await server.stop();
  return ms;
}

export async function coldStart(context) {
  const [empty, long] = ['empty', 'long'].map((name) => join(context.folder, name));
  const few = await People.settle(empty, async (made) => {
    await made.direct(...(await made.arrive(2)));
  });
  const many = await longStore(context, long, sizeOf(context));
  const rounds = await interleaved(context, {
    ours: async () => ({ figures: { emptyMs: await untilFirstAck(empty, few), longMs: await untilFirstAck(long, many) } }),
    reference: async () => ({ figures: { bareMs: await bareNest() } }),
  });
  const later = (ours, reference) =>
    rounds.map((round) => {
      const all = { ...round.ours.figures, ...round.reference.figures };
      return {
        ...round,
        ours: { figures: { laterMs: all[ours] - all[reference] } },
        reference: { figures: { laterMs: all[reference] } },
      };
    });
  const shown = { id: 'h', unit: 'ms', figure: 'laterMs', isLess: true, isAbsolute: true };
  return [
    line(later('emptyMs', 'bareMs'), { ...shown, variant: 'first ack, later than a bare Nest answers', now: 300 }),
    line(later('longMs', 'emptyMs'), { ...shown, variant: 'first ack at a million messages, later than empty', now: 1_000 }),
  ];
}

const agent = new Agent({ keepAlive: true, maxSockets: 1 });

function request(url, token) {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    get(url, { agent, headers }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${url} was answered ${response.statusCode} ${body}`));
      });
    }).on('error', reject);
  });
}

/** One after the other for so long; the samples in milliseconds. */
async function repeatedly(seconds, act) {
  const [samples, startedMs] = [[], performance.now()];
  while (performance.now() - startedMs < seconds * 1_000) {
    const beganMs = performance.now();
    await act();
    samples.push(performance.now() - beganMs);
  }
  return samples;
}

const chosen = (list) => list[Math.floor(Math.random() * list.length)];

async function withLong(context, act) {
  const floorFolder = join(context.folder, 'floor');
  mkdirSync(floorFolder, { recursive: true });
  const people = await longStore(context, context.folder, sizeOf(context));
  const [server, floor] = [await startOurs(context.folder), await startFloor(floorFolder)];
  try {
    return await act({ people, server, floor });
  } finally {
    await Promise.all([server.stop(), floor.stop()]);
  }
}

export function historyPage(context) {
  return withLong(context, async ({ people, server, floor }) => {
    const each = sizeOf(context) / people.conversations.length;
    const page = async () => {
      const { conversationId, members } = chosen(people.conversations);
      const toSeq = PAGE + Math.floor(Math.random() * (each - PAGE));
      return request(
        `${server.address}/v1/conversations/${conversationId}/messages?limit=${PAGE}&toSeq=${toSeq}`,
        await people.bearer(members[0]),
      );
    };
    const bytes = (await page()).length;
    const views = new Database(join(context.folder, 'data/read.sqlite'), { readonly: true });
    const rows = views.prepare(
      'SELECT * FROM "conversation-timeline.v1" WHERE conversationId = ? AND revision <= ? ORDER BY revision DESC LIMIT 50',
    );
    const rawPage = () => rows.all(chosen(people.conversations).conversationId, PAGE + Math.floor(Math.random() * (each - PAGE)));
    await repeatedly(1, page);
    const rounds = await interleaved(context, {
      ours: async () => ({ figures: { p99: quantile(await repeatedly(context.seconds, page), 0.99) } }),
      reference: async () => {
        const raw = quantile(await repeatedly(context.seconds / 2, rawPage), 0.99);
        const http = quantile(await repeatedly(context.seconds / 2, () => request(`${floor.address}/${bytes}`)), 0.99);
        return { figures: { p99: raw + http } };
      },
    });
    views.close();
    const target = { now: 4, wanted: 2, isLess: true };
    return [
      line(rounds, { id: 'i', variant: `page of ${PAGE}, p99 : raw page + raw HTTP`, unit: 'ms', figure: 'p99', ...target }),
    ];
  });
}

/** All pages from the cursor on; how many messages they held. */
async function syncFrom(server, token, from) {
  let [cursor, messages, caughtUp] = [from, 0, false];
  while (!caughtUp) {
    const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    const page = JSON.parse(await request(`${server.address}/v1/sync${query}`, token));
    messages += page.items.filter(({ type }) => type === 'message-posted').length;
    ({ cursor, caughtUp } = page);
  }
  return { cursor, messages };
}

/** Each of the reader's friends writes; resolves when the views hold all of it. */
async function friendsWrite(context, people, server, sync) {
  const conversations = people.conversations.slice(PAIRS);
  for (const { conversationId, members } of conversations) {
    const socket = await people.socket(server.address, members[0]);
    let acks = 0;
    await new Promise((resolve) => {
      socket.onFrame = (bytes, from) => {
        if (bytes.toString('latin1', from, from + 13) === '{"type":"ack"' && ++acks === MISSED_EACH) resolve();
      };
      for (let number = 1; number <= MISSED_EACH; number += 1) socket.write(sender(conversationId)(number));
    });
    socket.end();
  }
  const missed = conversations.length * MISSED_EACH;
  const untilMs = performance.now() + VIEWS_WITHIN_MS;
  while ((await sync()).messages < missed) {
    if (performance.now() > untilMs) throw new Error('The views do not hold what was missed.');
  }
  context.say(`${missed} messages were missed`);
  return missed;
}

export function offlineSync(context) {
  return withLong(context, async ({ people, server }) => {
    const reader = people.people[PAIRS * 2];
    const sync = async (from) => syncFrom(server, await people.bearer(reader), from);
    const { cursor } = await sync(undefined);
    const missed = await friendsWrite(context, people, server, () => sync(cursor));
    const events = new Database(join(context.folder, 'data/events.sqlite'), { readonly: true });
    const scan = events.prepare('SELECT * FROM events WHERE position > ? ORDER BY position LIMIT ?');
    const head = events.prepare('SELECT max(position) FROM events').pluck().get();
    const rounds = await interleaved(context, {
      ours: async () => {
        const samples = await repeatedly(context.seconds, () => sync(cursor));
        return { figures: { perSecond: (missed * 1_000) / quantile(samples, 0.5) } };
      },
      reference: async () => {
        const samples = await repeatedly(context.seconds, () => {
          for (let at = head - missed; at < head; at += SCAN_PAGE) scan.all(at, SCAN_PAGE);
        });
        return { figures: { perSecond: (missed * 1_000) / quantile(samples, 0.5) } };
      },
    });
    events.close();
    const shown = {
      variant: `sync of ${missed.toLocaleString('en')} missed messages : raw scan`,
      unit: 'messages/s',
      figure: 'perSecond',
    };
    return [line(rounds, { id: 'j', ...shown, now: 0.2, wanted: 0.4 })];
  });
}
