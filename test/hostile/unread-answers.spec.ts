/**
 * C7 at the REST door: a client that asks and does not read. Its requests in one packet, the bytes that wait for its network
 * and the time that it may take nothing are limited; who reads is served meanwhile.
 */
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createHttpServer } from '../../src/adapters/http/http-server.js';
import type { UnreadLimits } from '../../src/adapters/http/unread-answers.js';
import { problemOfError } from '../../src/adapters/nest/to-problem.js';
import { CountingIdSource } from '../support/counting-id-source.js';
import { RawSocket } from '../support/raw-socket.js';
import { until } from '../support/until.js';

/** The kernel takes some megabytes for each connection: the rest is what the server holds. */
const ANSWER = 'x'.repeat(4 * 1_024 * 1_024);
const LIMITS = { underWayMax: 4, bytesPerNetworkMax: 2 * ANSWER.length, stalledMs: 30_000 };
const ASK = 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n';

function* endless(): Generator<Buffer> {
  for (;;) yield Buffer.alloc(64 * 1_024);
}

let url: string;
let server: Server;
let close: () => Promise<void>;
let answered: number;
let sockets: RawSocket[];

async function open(unread: UnreadLimits): Promise<void> {
  const door = createHttpServer({ trustedProxies: 0, ids: new CountingIdSource(), origins: [], unread });
  const fastify = door.getInstance();
  fastify.setErrorHandler((error, request, reply) => reply.status(problemOfError(error, request.id).status).send());
  answered = 0;
  fastify.get('/large', async () => {
    answered += 1;
    return ANSWER;
  });
  fastify.get('/file', async (_request, reply) => reply.header('content-length', ANSWER.length).send(Readable.from(endless())));
  await fastify.listen({ host: '127.0.0.1', port: 0 });
  server = fastify.server as Server;
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => fastify.close();
}

beforeEach(() => {
  sockets = [];
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await close();
});

async function asking(text: string): Promise<RawSocket> {
  const socket = await RawSocket.connect(url);
  sockets.push(socket);
  socket.tcp.pause();
  socket.write(text);
  return socket;
}

const connections = (): Promise<number> =>
  new Promise((resolve, reject) => server.getConnections((error, count) => (error ? reject(error) : resolve(count))));

describe('a client that asks and does not read', () => {
  it('is cut off with more requests under way on one connection than any client has', async () => {
    await open(LIMITS);
    const raw = await RawSocket.connect(url);
    sockets.push(raw);
    raw.write(ASK.repeat(100));
    await until('it is cut off', () => raw.isOver);
    expect(answered).toBeLessThanOrEqual(LIMITS.underWayMax);
  });

  it('gets no more once so many bytes wait for its network, until they have been taken', async () => {
    await open(LIMITS);
    await Promise.all(Array.from({ length: 4 }, () => asking(ASK.repeat(LIMITS.underWayMax))));
    const status = async (): Promise<number> => {
      const answer = await fetch(`${url}/large`);
      await answer.text();
      return answer.status;
    };
    await until('the network is refused', async () => (await status()) === 429);
    for (const socket of sockets) socket.tcp.resume();
    await until('it is served again', async () => (await status()) === 200);
  });

  it('does not keep more files open than that', async () => {
    await open(LIMITS);
    await asking('GET /file HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3));
    await until('the network is refused', async () => {
      const { status, body } = await fetch(`${url}/file`);
      await body?.cancel();
      return status === 429;
    });
  });

  it('is ended when it has taken nothing for a while', async () => {
    await open({ ...LIMITS, stalledMs: 1_500 });
    await asking(ASK.repeat(LIMITS.underWayMax));
    await until('it is connected', async () => (await connections()) === 1);
    await until('it is ended', async () => (await connections()) === 0);
  });
});
