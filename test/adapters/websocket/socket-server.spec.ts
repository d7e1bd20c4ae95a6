/** Goal: an upgrade that cannot be taken is an HTTP problem with a time to come back, and a closed socket frees its place. */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket } from 'ws';
import { SystemClock } from '../../../src/adapters/system/system-clock.js';
import { SUB_PROTOCOL } from '../../../src/adapters/websocket/frames.js';
import { SocketServer, type UpgradeDeps } from '../../../src/adapters/websocket/socket-server.js';
import { upgradeLimits } from '../../../src/adapters/websocket/upgrade-gate.js';
import { until } from '../../support/until.js';

let http: Server;
let server: SocketServer;

beforeEach(async () => {
  http = createServer();
  const deps = {
    ...{ clock: new SystemClock(), ids: { uuid: randomUUID, fraction: () => 0.5 }, origins: [], trustedProxies: 0 },
    tokens: { verify: async () => ({ accountId: randomUUID(), deviceId: randomUUID(), expiresAt: 1 }) },
  } as unknown as UpgradeDeps;
  const limits = { ...upgradeLimits, socketsPerAddressMax: 1 };
  server = new SocketServer({ getHttpServer: () => http, get: () => undefined } as never, deps, limits);
  server.create();
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
});

afterEach(async () => {
  server.close();
  await new Promise((resolve) => http.close(resolve));
});

/** What the upgrade is answered: the open socket, or the refusal. */
function open(): Promise<WebSocket | { status: number; retryAfter: string | undefined; problem: Record<string, unknown> }> {
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}/v1/socket`;
  const socket = new WebSocket(url, [SUB_PROTOCOL], { headers: { authorization: 'Bearer a' } });
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', async (_request, answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk as Buffer);
      const problem = JSON.parse(Buffer.concat(chunks).toString());
      resolve({ status: answer.statusCode ?? 0, retryAfter: answer.headers['retry-after'], problem });
    });
  });
}

describe('an upgrade', () => {
  it('too many of one address is refused with a time to come back, until one of them is closed', async () => {
    const first = (await open()) as WebSocket;
    expect(await open()).toMatchObject({
      ...{ status: 429, retryAfter: '3' },
      problem: { code: 'too-many-requests', retryable: true, limit: 'sockets-per-address', retryAfterMs: 3_000 },
    });
    first.close();
    await until('its place is free', () => server.upgrades.connected === 0);
    const second = (await open()) as WebSocket;
    expect([second.readyState, server.upgrades.underWay, server.upgrades.refused]).toEqual([WebSocket.OPEN, 0, 1]);
  });

  it('of a server that stops is refused, not all for the same time', async () => {
    server.refuse();
    expect(await open()).toMatchObject({ status: 503, problem: { code: 'unavailable', retryAfterMs: 3_000 } });
    expect(server.upgrades).toMatchObject({ connected: 0, underWay: 0 });
  });
});
