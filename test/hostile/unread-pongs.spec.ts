/**
 * C7: a client that pings and never reads. What it is owed is bounded like everything else: the server stops reading from it,
 * lets it go when it has had its time, and others are served meanwhile.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GATEWAY, type GatewayDeps } from '../../src/adapters/websocket/chat.gateway.js';
import { socketLimits } from '../../src/adapters/websocket/frames.js';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person } from '../support/person.js';
import { RawSocket, upgradeHead } from '../support/raw-socket.js';
import { ping } from './frame-cases.js';

const IN_ONE_WRITE = 2_000;
const PING_BYTES = 131;
/** More than the kernel takes for both sides of a connection on this machine's own network. */
const SENT_BYTES_MAX = 64 * 1_024 * 1_024;
const STOPPED_MS = 1_000;

let app: AppUnderTest;
let raw: RawSocket | undefined;

beforeAll(async () => {
  app = await openApp();
});
afterAll(async () => {
  raw?.destroy();
  await app.close();
});

describe('pings of a client that does not read', () => {
  it('are no longer read when their pongs wait for it', async () => {
    const person = await Person.signIn(app);
    const honest = await Person.signIn(app);
    raw = await RawSocket.upgraded(app.url, upgradeHead(person.accessToken));
    const { tcp } = raw;
    tcp.pause();
    const many = Buffer.concat(Array.from({ length: IN_ONE_WRITE }, () => ping('x'.repeat(PING_BYTES - 6))));
    const goesOn = (): Promise<boolean> =>
      new Promise((resolve) => {
        const late = setTimeout(() => resolve(false), STOPPED_MS);
        tcp.once('drain', () => {
          clearTimeout(late);
          resolve(true);
        });
      });
    let sent = 0;
    let isRead = true;
    while (isRead && sent < SENT_BYTES_MAX) {
      sent += many.length;
      isRead = tcp.write(many) || (await goesOn());
    }
    expect(isRead).toBe(false);
    const line = await honest.online();
    await line.close();
    const { hub } = app.server.app.get<GatewayDeps>(GATEWAY);
    const [session] = [...hub.all()].filter(({ principal }) => principal.deviceId === person.deviceId);
    expect(session?.pressedMs).toBeGreaterThan(0);
    expect(session?.socket.bufferedAmount).toBeLessThan(3 * socketLimits.unsentBytesMax);
  });
});
