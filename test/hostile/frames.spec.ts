/**
 * C5: frames as RFC 6455 allows and forbids them, written by hand on TCP. Each case has a socket of its own; the cases run a
 * few at a time against one server, which at the end lives and answers an honest client.
 */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AppUnderTest, openApp } from '../support/app-under-test.js';
import { Person, request } from '../support/person.js';
import { op, RawSocket, type Received, upgradeHead } from '../support/raw-socket.js';
import { until } from '../support/until.js';
import { type FrameCase, framing, limitsOfLength, masking, ping, pings, reserved } from './frame-cases.js';
import { closings, fragmentation, utf8 } from './message-cases.js';

const AT_ONCE = 8;
const PROBE = 'are you there?';
const tables = { framing, limitsOfLength, pings, reserved, masking, fragmentation, utf8, closings };
const all = Object.values(tables).flat();
const outcomes = new Map<FrameCase, readonly string[]>();

let app: AppUnderTest;
let people: Person[];

function inWords({ opcode, payload }: Received): string {
  if (opcode === op.close) return `close ${payload.length < 2 ? 'none' : payload.readUInt16BE()}`;
  if (opcode === op.pong) return `pong ${payload.toString('latin1')}`;
  const said = JSON.parse(payload.toString());
  return said.type === 'error' ? `error ${said.problem.code}` : said.type;
}

/** Sends the case and then a ping: what came before its pong, or before the end, is the outcome. */
async function play(person: Person, [what, send, expected]: FrameCase): Promise<readonly string[]> {
  const raw = await RawSocket.upgraded(app.url, upgradeHead(person.accessToken));
  expect(raw.status).toBe(101);
  for (const bytes of send) {
    raw.write(bytes);
    if (send.length > 1) await new Promise((resolve) => setImmediate(resolve));
  }
  const closed = () => raw.isOver || raw.received.some(({ opcode }) => opcode === op.close);
  await until(`"${what}" is answered`, () => closed() || raw.received.length >= expected.length);
  if (!closed()) raw.write(ping(PROBE));
  await until(`"${what}" is over`, () => closed() || raw.received.some(({ payload }) => payload.toString() === PROBE));
  raw.destroy();
  // A heartbeat of the server is no answer to anything.
  const answers = raw.received.filter(({ opcode }) => opcode !== op.ping);
  return answers.map(inWords).filter((word) => word !== `pong ${PROBE}`);
}

beforeAll(async () => {
  app = await openApp();
  people = await Promise.all(Array.from({ length: AT_ONCE }, () => Person.signIn(app)));
  const queue = [...all];
  await Promise.all(
    people.map(async (person) => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        outcomes.set(next, await play(person, next).catch((error: unknown) => [String(error)]));
      }
    }),
  );
}, 120_000);
afterAll(() => app.close());

describe('frames on the socket', () => {
  it('are tried in more than 150 ways, each under a name of its own', () => {
    expect(all.length).toBeGreaterThan(150);
    expect(new Set(all.map(([what]) => what)).size).toBe(all.length);
  });

  describe.each(Object.entries(tables))('%s', (_category, cases) => {
    it.each(cases.map((one) => [one[0], one] as const))('%s', (_what, one) => {
      expect(outcomes.get(one)).toEqual(one[2]);
    });
  });

  it('leave a server that lives, holds no socket of theirs, and answers an honest client', async () => {
    const person = people[0] as Person;
    expect((await request(app, 'GET', '/health/live')).status).toBe(200);
    const line = await person.online();
    expect((await line.ask('levitate', {})).problem.code).toBe('unknown-frame-type');
    await line.close();
    expect(app.logged.filter((entry) => /"level":"(?:error|fatal)"/.test(entry))).toEqual([]);
  });
});
