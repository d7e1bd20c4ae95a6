/**
 * Goal: over a real connection, too, a reader that stops costs a bounded memory, gets whole frames in their order up to
 * the first that was dropped, and is noticed when it goes on.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { WebSocket, WebSocketServer } from 'ws';
import type { Session } from '../../../src/adapters/nest/access-tokens.js';
import { socketLimits } from '../../../src/adapters/websocket/frames.js';
import { SocketSession } from '../../../src/adapters/websocket/session.js';
import { SocketCounts } from '../../../src/adapters/websocket/socket-counts.js';
import { textFrame } from '../../../src/adapters/websocket/text-frame.js';
import { Turn } from '../../../src/adapters/websocket/turn.js';
import { TestClock } from '../../support/test-clock.js';
import { until } from '../../support/until.js';

const FACTS = 4_000;
const TEXT = 'x'.repeat(8_000);

let http: Server;
let wire: Duplex;
let session: SocketSession;
let behindFrom: number[];
let client: WebSocket;
let read: number[];

beforeEach(async () => {
  http = createServer();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  behindFrom = [];
  read = [];
  const fellBehind = (_session: SocketSession, position: number) => void behindFrom.push(position);
  http.on('upgrade', (request, stream, head) => {
    sockets.handleUpgrade(request, stream, head, (socket) => {
      wire = stream;
      const who = { accountId: randomUUID(), deviceId: randomUUID(), expiresAt: 0 } as unknown as Session;
      const around = {
        clock: new TestClock(),
        turn: new Turn(),
        counts: new SocketCounts(),
        fellBehind,
        joined: () => undefined,
      };
      session = new SocketSession(socket, stream, who, around);
      session.phase = 'catching-up';
      session.goLive(0);
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  client = new WebSocket(`ws://127.0.0.1:${(http.address() as AddressInfo).port}`, { perMessageDeflate: false });
  client.on('message', (data) => void read.push(JSON.parse(data.toString()).position));
  await until('it is open', () => client.readyState === WebSocket.OPEN && session !== undefined);
});

afterEach(async () => {
  client.terminate();
  await new Promise((resolve) => http.close(resolve));
});

describe('a reader that stops', () => {
  it('holds its budget, and gets every fact up to the first that was dropped when it goes on', async () => {
    client.pause();
    let heldMax = 0;
    for (let position = 1; position <= FACTS; position += 1) {
      session.deliver({ position, frame: textFrame(JSON.stringify({ type: 'message-posted', position, text: TEXT })) });
      if (position % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
      heldMax = Math.max(heldMax, wire.writableLength);
    }
    expect([session.phase, behindFrom]).toEqual(['behind', []]);
    expect(heldMax).toBeLessThan(socketLimits.unsentBytesMax + 21 * (TEXT.length + 100));
    client.resume();
    await until('it is noticed', () => behindFrom.length === 1);
    const [first = 0] = behindFrom;
    await until('it has read', () => read.length === first - 1);
    expect(read).toEqual(Array.from({ length: first - 1 }, (_, index) => index + 1));
  });
});
