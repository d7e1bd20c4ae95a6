/** C2: connections that say nothing or only half of something are few, and an honest client is not one too many. */
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { networkOf } from '../../src/adapters/nest/network.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person, request } from '../support/person.js';
import { until } from '../support/until.js';

const PER_ADDRESS = 20;
const IN_ALL = 50;

let app: AppUnderTest;
let open: Socket[] = [];
beforeAll(async () => {
  app = await openApp({ connections: { connectionsMax: IN_ALL, connectionsPerAddressMax: PER_ADDRESS } });
});
afterAll(() => app.close());

function crowd(localAddress: string, count: number, says = ''): Socket[] {
  const sockets = Array.from({ length: count }, () => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(app.url).port), localAddress });
    socket.on('error', () => undefined);
    socket.on('end', () => socket.destroy());
    socket.on('data', () => undefined);
    if (says !== '') socket.write(says);
    return socket;
  });
  open.push(...sockets);
  return sockets;
}

const heldOf = (sockets: readonly Socket[]): number => sockets.filter((socket) => !socket.destroyed).length;

async function allGone(): Promise<void> {
  for (const socket of open) socket.destroy();
  open = [];
  const count = () =>
    new Promise<number>((resolve) => app.server.app.getHttpServer().getConnections((_: unknown, held: number) => resolve(held)));
  await until('the server holds none of them', async () => (await count()) <= 2);
}

describe('connections', () => {
  it.each([
    ['that say nothing', ''],
    ['with half an upgrade', 'GET /v1/socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nSec-WebSocket-Key: '],
  ])('%s are held up to a number for each address, and another address is served', async (_what, says) => {
    const sockets = crowd('127.0.0.2', 3 * PER_ADDRESS, says);
    await until('what is too much is ended', () => heldOf(sockets) === PER_ADDRESS);
    expect((await request(app, 'GET', '/health/live')).status).toBe(200);
    await (await (await Person.signIn(app)).online()).close();
    await allGone();
    const again = crowd('127.0.0.2', PER_ADDRESS);
    await until('they are connected', () => again.every((socket) => !socket.connecting));
    expect(heldOf(again)).toBe(PER_ADDRESS);
    await allGone();
  });

  it('are answered 408 and ended when their first head is not there in time', async () => {
    const answers = ['', 'GET /v1/socket HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\n'].map((says) => {
      const [socket] = crowd('127.0.0.2', 1, says) as [Socket];
      const answer = { text: '', isOver: false };
      socket.on('data', (bytes) => {
        answer.text += bytes.toString('latin1');
      });
      socket.on('close', () => {
        answer.isOver = true;
      });
      return answer;
    });
    await until('both are ended', () => answers.every(({ isOver }) => isOver));
    for (const { text } of answers) expect(text).toMatch(/^HTTP\/1\.1 408 /);
    await allGone();
  });

  it('are held up to a number in all', async () => {
    const sockets = ['127.0.0.2', '127.0.0.3', '127.0.0.4', '127.0.0.5'].flatMap((address) => crowd(address, PER_ADDRESS));
    await until('what is too much is ended', () => heldOf(sockets) <= IN_ALL);
    await allGone();
    expect((await request(app, 'GET', '/health/live')).status).toBe(200);
  });

  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::1', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
  ])('of %s are counted as of %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  });
});
