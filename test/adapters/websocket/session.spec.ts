/**
 * Goal: what one socket can hold here is bounded, whatever it is sent and however it reads, and nothing is lost by it.
 * Method: the real session over a socket that reads when the test says so.
 */
import { randomUUID } from 'node:crypto';
import type { Writable } from 'node:stream';
import { beforeEach, describe, expect, it } from '@jest/globals';
import * as ws from 'ws';
import type { Session } from '../../../src/adapters/nest/access-tokens.js';
import { socketLimits } from '../../../src/adapters/websocket/frames.js';
import { SocketSession } from '../../../src/adapters/websocket/session.js';
import { SocketCounts } from '../../../src/adapters/websocket/socket-counts.js';
import { textFrame } from '../../../src/adapters/websocket/text-frame.js';
import { Turn } from '../../../src/adapters/websocket/turn.js';
import { FakeSocket } from '../../support/fake-socket.js';
import { TestClock } from '../../support/test-clock.js';

/** What reads frames in `ws`; its types do not tell of it. */
const { Receiver } = ws as unknown as { Receiver: new (options: { isServer: boolean }) => Writable };

const FACT = textFrame(JSON.stringify({ type: 'message-posted', data: { text: 'x'.repeat(250) } }));

const TINY = textFrame('{"type":"mark"}');

let socket: FakeSocket;
let session: SocketSession;
let counts: SocketCounts;
let behindFrom: number[];
let clock: TestClock;

const endOfTurn = () => new Promise((resolve) => setImmediate(resolve));

beforeEach(() => {
  socket = new FakeSocket();
  counts = new SocketCounts();
  clock = new TestClock();
  behindFrom = [];
  const fellBehind = (_session: SocketSession, position: number) => void behindFrom.push(position);
  const principal = { accountId: randomUUID(), deviceId: randomUUID(), expiresAt: 0 } as unknown as Session;
  const around = { clock, turn: new Turn(), counts, fellBehind, joined: () => undefined };
  session = new SocketSession(socket as unknown as ws.WebSocket, socket.wire, principal, around);
  session.phase = 'catching-up';
});

describe('the number of a socket', () => {
  it('is counted where the sockets of one server are counted, so that a server begun anew does the same again', () => {
    const around = { clock, turn: new Turn(), counts, fellBehind: () => undefined, joined: () => undefined };
    const next = new SocketSession(socket as unknown as ws.WebSocket, socket.wire, {} as Session, around);
    expect([session.number, next.number, counts.opened]).toEqual([0, 1, 2]);
  });
});

describe('a text frame', () => {
  it.each([0, 1, 125, 126, 127, 65_535, 65_536, 70_000])('of %d bytes is read as it was by ws', async (bytes) => {
    const text = 'x'.repeat(bytes);
    const receiver = new Receiver({ isServer: false });
    const read = new Promise((resolve) => receiver.once('message', (data: Buffer) => resolve(data.toString())));
    receiver.write(textFrame(text));
    expect(await read).toBe(text);
  });

  it('holds bytes, not characters', async () => {
    const receiver = new Receiver({ isServer: false });
    const read = new Promise((resolve) => receiver.once('message', (data: Buffer) => resolve(data.toString())));
    receiver.write(textFrame('žluťoučký 🐴'));
    expect(await read).toBe('žluťoučký 🐴');
  });
});

describe('what is written in one turn', () => {
  it('leaves with one write, in its order, when the turn ends', async () => {
    session.goLive(0);
    session.send({ type: 'ack', replyTo: 'one' });
    session.deliver({ position: 1, frame: FACT });
    await Promise.resolve();
    session.send({ type: 'ack', replyTo: 'two' });
    expect(socket.wire.writes).toEqual([]);
    await endOfTurn();
    expect([socket.wire.writes.length, socket.types, counts.writes]).toEqual([1, ['ack', 'message-posted', 'ack'], 1]);
  });

  it('leaves before the socket is closed', () => {
    session.goLive(0);
    session.send({ type: 'error', replyTo: 'one' });
    session.close(4400);
    expect([socket.types, socket.code]).toEqual([['error'], 4400]);
  });

  it('is not written to a socket that has closed meanwhile', async () => {
    session.goLive(0);
    session.send({ type: 'mark' });
    socket.close(1000);
    await endOfTurn();
    expect(socket.wire.writes).toEqual([]);
  });
});

describe('a live socket that never reads', () => {
  beforeEach(() => {
    session.goLive(0);
    socket.wire.isReading = false;
  });

  async function send(facts: number, perTurn: number, frame = FACT): Promise<void> {
    for (let position = 1; position <= facts; position += 1) {
      session.deliver({ position, frame });
      if (position % perTurn === 0) await endOfTurn();
    }
    await endOfTurn();
  }

  it('holds no more than its budget of bytes, whatever comes', async () => {
    await send(30_000, 100);
    const held = socket.wire.writableLength;
    expect(held).toBeGreaterThan(socketLimits.unsentBytesMax);
    expect(held).toBeLessThanOrEqual(socketLimits.unsentBytesMax + 2 * FACT.length);
    expect(counts.factsDropped).toBe(30_000 - socket.wire.writes.flat().length);
  });

  it('holds no more than its budget of frames, however small they are', async () => {
    await send(30_000, 1, TINY);
    expect(socket.wire.writes.flat().length).toBeLessThanOrEqual(socketLimits.unsentFramesMax + 2);
  });

  it('is not read from, and gets no more facts until it has read all', async () => {
    await send(5_000, 100);
    const first = socket.wire.writes.flat().length + 1;
    expect([session.phase, socket.isPaused, behindFrom]).toEqual(['behind', true, []]);
    socket.wire.isReading = true;
    socket.wire.drain();
    expect([socket.isPaused, behindFrom]).toEqual([false, [first]]);
  });

  it('comes again from the earliest fact that it missed, which need not be the first', async () => {
    const positions = Array.from({ length: 5_000 }, (_, index) => 10_000 - index);
    for (const position of positions) session.deliver({ position, frame: FACT });
    await endOfTurn();
    socket.wire.drain();
    expect([counts.factsDropped > 1, behindFrom]).toEqual([true, [positions.at(-1)]]);
  });

  it('still gets its replies', async () => {
    await send(5_000, 100);
    session.send({ type: 'ack', replyTo: 'one' });
    await endOfTurn();
    expect(socket.types.at(-1)).toBe('ack');
  });

  it('counts for nothing once it has closed', async () => {
    await send(5_000, 100);
    socket.readyState = 3;
    session.end();
    socket.wire.drain();
    expect(behindFrom).toEqual([]);
  });
});

describe('a live socket that reads in between', () => {
  it('never falls behind', async () => {
    session.goLive(0);
    socket.wire.isReading = false;
    for (let position = 1; position <= 40_000; position += 1) {
      session.deliver({ position, frame: FACT });
      if (position % 1_000 !== 0) continue;
      await endOfTurn();
      socket.wire.drain();
    }
    expect([counts.factsDropped, session.phase, socket.wire.writes.flat().length]).toEqual([0, 'live', 40_000]);
  });
});

describe('facts that wait while a socket catches up', () => {
  it('go out when it goes live, as far as the sync did not answer them', async () => {
    for (let position = 1; position <= 4; position += 1) session.deliver({ position, frame: FACT });
    session.goLive(2);
    await endOfTurn();
    expect(socket.types).toHaveLength(2);
  });

  it('are let go when they are too many, and read from the log', () => {
    for (let position = 1; position <= socketLimits.waitingFactsMax; position += 1) session.deliver({ position, frame: TINY });
    const before = session.mustCatchUpAgain;
    session.deliver({ position: 1_000_000, frame: TINY });
    expect([before, session.mustCatchUpAgain]).toEqual([false, true]);
  });
});

describe('much at once', () => {
  it('waits for its reader, and goes on when it has read', async () => {
    socket.wire.isReading = false;
    let sent = 0;
    const sending = (async () => {
      for (let index = 0; index < 5_000; index += 1) {
        await session.sendPatiently({ type: 'message-posted', data: { text: 'x'.repeat(250) } });
        sent += 1;
      }
    })();
    for (let turn = 0; turn < 20; turn += 1) await endOfTurn();
    expect(sent).toBeGreaterThan(1_000);
    expect(sent).toBeLessThan(3_000);
    socket.wire.isReading = true;
    socket.wire.drain();
    await sending;
    expect([sent, socket.isPaused]).toEqual([5_000, false]);
  });

  it('ends with the socket', async () => {
    socket.wire.isReading = false;
    const sending = (async () => {
      for (let index = 0; index < 5_000; index += 1) await session.sendPatiently({ type: 'x', data: 'x'.repeat(250) });
    })();
    for (let turn = 0; turn < 20; turn += 1) await endOfTurn();
    session.end();
    await sending;
    expect(socket.wire.writableLength).toBeLessThan(socketLimits.unsentBytesMax);
  });
});

describe('a session in the background', () => {
  const receipt = (position: number, of: string, seq = position) => ({
    position,
    mark: { of, seq },
    frame: frameOf(`${of} ${position}`),
  });
  const message = (position: number) => ({ position, frame: frameOf(`message ${position}`) });
  const frameOf = (type: string) => textFrame(JSON.stringify({ type }));

  beforeEach(() => {
    session.setBackground(true);
    session.goLive(0);
  });

  it('gets messages at once, and with them the furthest of what was held back', async () => {
    for (const fact of [receipt(1, 'ada'), receipt(2, 'ben'), receipt(3, 'ada')]) session.deliver(fact);
    await endOfTurn();
    expect(socket.types).toEqual([]);
    session.deliver(message(4));
    await endOfTurn();
    expect(socket.types).toEqual(['ben 2', 'ada 3', 'message 4']);
  });

  it('is told how far somebody got, also when another device of theirs marks less after it', async () => {
    for (const fact of [receipt(1, 'ada', 17), receipt(2, 'ada', 15), message(3)]) session.deliver(fact);
    await endOfTurn();
    expect(socket.types).toEqual(['ada 1', 'message 3']);
  });

  it('gets what was held back before a mark that is above it, within a minute', async () => {
    session.deliver(receipt(1, 'ada'));
    clock.advance(socketLimits.idleMarkEveryMs - 1);
    expect(session.markDue(1)).toBeUndefined();
    clock.advance(1);
    expect(session.markDue(1)).toBe(1);
    await endOfTurn();
    expect(socket.types).toEqual(['ada 1']);
  });

  it('gets it when it comes to the front, and then at once', async () => {
    session.deliver(receipt(1, 'ada'));
    session.setBackground(false);
    session.deliver(receipt(2, 'ada'));
    await endOfTurn();
    expect(socket.types).toEqual(['ada 1', 'ada 2']);
  });

  it('does not hold back more than a bound', async () => {
    for (let position = 1; position <= socketLimits.heldFactsMax + 1; position += 1)
      session.deliver(receipt(position, `m${position}`));
    await endOfTurn();
    expect(socket.types).toHaveLength(socketLimits.heldFactsMax + 1);
  });

  it('that does not read is caught up from the first that was not told', async () => {
    socket.wire.isReading = false;
    for (let position = 1; position <= 4; position += 1)
      session.deliver({ position, frame: Buffer.alloc(socketLimits.unsentBytesMax / 3) });
    session.deliver(receipt(5, 'ada'));
    session.deliver(receipt(6, 'ben'));
    session.deliver(message(7));
    socket.wire.drain();
    expect(behindFrom).toEqual([5]);
  });
});
