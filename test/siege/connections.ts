/** C2: connections that begin something and never finish it, from an address of their own. */
import { connect, type Socket } from 'node:net';
import type { ServedApp } from '../support/served-app.js';
import { until } from '../support/until.js';
import { inParallel } from './in-parallel.js';
import type { Watch } from './watch.js';

/** All of them must be there before the first has been silent for too long, also those whose first packet was lost. */
const AT_ONCE = 1_000;
const ATTACKER = '127.0.0.2';
const HALF_AN_UPGRADE = 'GET /v1/socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: ';
/** The limit for a head to be there, how late it may be noticed, and time for a loaded machine. */
const GONE_WITHIN_MS = 30_000;

export interface Connections {
  readonly count: number;
}

async function open(app: ServedApp, sends: string): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port: Number(new URL(app.url).port), localAddress: ATTACKER });
  socket.on('error', () => socket.destroy());
  socket.on('data', () => undefined);
  socket.on('end', () => socket.destroy());
  await new Promise<void>((resolve) => {
    socket.once('connect', resolve);
    socket.once('close', () => resolve());
  });
  if (!socket.destroyed && sends !== '') socket.write(sends);
  return socket;
}

async function crowd(app: ServedApp, watch: Watch, count: number, sends: string): Promise<readonly string[]> {
  const sockets: Socket[] = [];
  await inParallel(AT_ONCE, count, async () => {
    sockets.push(await open(app, sends));
  });
  const held = sockets.filter((socket) => !socket.destroyed).length;
  const tookMs = await watch.connect();
  watch.say(`${held} of ${count} connections held at once, and an honest client connected in ${tookMs.toFixed(0)} ms`);
  const isGone = () => sockets.every((socket) => socket.destroyed);
  const allGone = await until('the server has ended them all', isGone, undefined, GONE_WITHIN_MS).then(
    () => true,
    () => false,
  );
  const left = sockets.filter((socket) => !socket.destroyed).length;
  for (const socket of sockets) socket.destroy();
  const problems = held < count ? [`The load was not reached: ${held} of ${count} connections were held at once.`] : [];
  return allGone ? problems : [...problems, `${left} connections are still open after ${GONE_WITHIN_MS} ms.`];
}

export const halfOpen = (app: ServedApp, watch: Watch, { count }: Connections) => crowd(app, watch, count, HALF_AN_UPGRADE);

export const idle = (app: ServedApp, watch: Watch, { count }: Connections) => crowd(app, watch, count, '');
