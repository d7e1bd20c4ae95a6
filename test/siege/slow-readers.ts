/**
 * C7: devices that are sent a thousand messages a second and read nothing. They are let go; nobody else notices, and nothing
 * piles up for them. Several senders keep the rate, each within what one socket may have under way.
 */
import { randomUUID } from 'node:crypto';
import { Person } from '../support/person.js';
import { frame, op, RawSocket, upgradeHead } from '../support/raw-socket.js';
import type { ServedApp } from '../support/served-app.js';
import { until } from '../support/until.js';
import { CountingLine } from './counting-line.js';
import type { Numbers } from './numbers.js';
import type { Watch } from './watch.js';

const SLOW = 8;
const SENDERS = 8;
const PER_SECOND = 1_000;
/** Of those: a machine that is busy with something else is told of as such. */
const REACHED = 0.9;
const UNDER_WAY_MAX = 60;
const TICK_MS = 10;
const TEXT = 'x'.repeat(2_000);
const READ_MS = 60_000;
const LET_GO_MS = 60_000;
const TOO_SLOW = 'code="4408"';

async function slowReader(app: ServedApp, person: Person): Promise<RawSocket> {
  const raw = await RawSocket.upgraded(app.url, upgradeHead(person.accessToken));
  const data = { capabilities: [], client: { name: 'slow', version: '1' } };
  raw.write(frame({ opcode: op.text, payload: JSON.stringify({ type: 'hello', id: randomUUID(), data }) }));
  await until('it has caught up', () => raw.received.some(({ payload }) => payload.includes('"caught-up"')));
  raw.tcp.pause();
  return raw;
}

/** So many a second are due, whether or not they are answered; who has too much under way makes up for it later. */
async function send(from: readonly CountingLine[], conversationId: string, messages: number): Promise<void> {
  const startedMs = performance.now();
  for (let sent = 0; sent < messages; ) {
    const due = Math.min(messages, Math.floor(((performance.now() - startedMs) * PER_SECOND) / 1_000));
    for (const line of from) {
      for (; sent < due && line.underWay < UNDER_WAY_MAX; sent += 1) {
        line.send('send-message', { conversationId, messageId: randomUUID(), content: { type: 'text', text: TEXT } });
      }
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}

const sum = (lines: readonly CountingLine[], of: (line: CountingLine) => number): number =>
  lines.reduce((total, line) => total + of(line), 0);

export async function slowReaders(
  app: ServedApp,
  watch: Watch,
  { messages, numbers }: { readonly messages: number; readonly numbers: Numbers },
): Promise<readonly string[]> {
  const signIn = (count: number) => Promise.all(Array.from({ length: count }, () => Person.signIn(app.asApp)));
  const [senders, others, reads] = [await signIn(SENDERS), await signIn(SLOW), await Person.signIn(app.asApp)];
  const conversationId = randomUUID();
  const accountIds = [...senders.slice(1), ...others, reads].map(({ accountId }) => accountId);
  await senders[0]?.call('POST', '/v1/group-conversations', { conversationId, title: 'slow', accountIds });
  const from = await Promise.all(senders.map((person) => CountingLine.open(person)));
  const to = await CountingLine.open(reads);
  const slow = await Promise.all(others.map((person) => slowReader(app, person)));

  const startedMs = performance.now();
  await send(from, conversationId, messages);
  const answered = () => sum(from, ({ acked, refused }) => acked + refused);
  await until('every message is answered', () => answered() >= messages, undefined, READ_MS);
  const perSecond = (answered() * 1_000) / (performance.now() - startedMs);
  const [acked, refused] = [sum(from, (line) => line.acked), sum(from, (line) => line.refused)];
  await until('who reads has got them all', () => to.posts >= acked, undefined, READ_MS).catch(() => undefined);
  const letGo = () => numbers.of('sottovoce_sockets_closed_total', TOO_SLOW);
  await until('the slow ones are let go', async () => (await letGo()) >= SLOW, undefined, LET_GO_MS).catch(() => undefined);

  const problems: string[] = [];
  if (refused > 0) problems.push(`${refused} messages were refused.`);
  if (perSecond < PER_SECOND * REACHED)
    problems.push(`The load was not reached: ${perSecond.toFixed(0)} a second were accepted.`);
  if (to.posts !== acked) problems.push(`Who reads got ${to.posts} of ${acked} messages.`);
  const over = await letGo();
  if (over !== SLOW) problems.push(`${over} of ${SLOW} slow readers were let go with 4408.`);
  watch.say(
    `${acked} messages acked (${perSecond.toFixed(0)} a second) and ${refused} refused, ${to.posts} reached who reads; ${over} slow readers let go with 4408`,
  );
  for (const one of slow) one.destroy();
  for (const line of [...from, to]) line.close();
  return problems;
}
