/** C7: devices that are sent much and read nothing. They are let go; nobody else notices, and nothing piles up for them. */
import { randomUUID } from 'node:crypto';
import { type Line, Person } from '../support/person.js';
import { frame, op, RawSocket, upgradeHead } from '../support/raw-socket.js';
import type { ServedApp } from '../support/served-app.js';
import { until } from '../support/until.js';
import type { Watch } from './watch.js';

const SLOW = 8;
const PER_SECOND = 1_000;
const TICK_MS = 10;
/** Large, so that what the kernel holds for a reader is soon full. */
const TEXT = 'x'.repeat(16_000);
const TOO_SLOW = 4_408;
const READ_MS = 60_000;

async function slowReader(app: ServedApp): Promise<RawSocket> {
  const person = await Person.signIn(app.asApp);
  const raw = await RawSocket.upgraded(app.url, upgradeHead(person.accessToken));
  const data = { capabilities: [], client: { name: 'slow', version: '1' } };
  raw.write(frame({ opcode: op.text, payload: JSON.stringify({ type: 'hello', id: randomUUID(), data }) }));
  await until('it has caught up', () => raw.received.some(({ payload }) => payload.includes('"caught-up"')));
  return Object.assign(raw, { accountId: person.accountId });
}

/** An open loop: so many a second, whether or not they are answered. */
async function send(line: Line, conversationId: string, messages: number): Promise<void> {
  const startedMs = performance.now();
  for (let sent = 0; sent < messages; ) {
    const due = Math.min(messages, Math.floor(((performance.now() - startedMs) * PER_SECOND) / 1_000));
    for (; sent < due; sent += 1) {
      line.send('send-message', { conversationId, messageId: randomUUID(), content: { type: 'text', text: TEXT } });
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
}

export async function slowReaders(
  app: ServedApp,
  watch: Watch,
  { messages }: { readonly messages: number },
): Promise<readonly string[]> {
  const [ada, ben] = [await Person.signIn(app.asApp), await Person.signIn(app.asApp)];
  const slow = await Promise.all(Array.from({ length: SLOW }, () => slowReader(app)));
  const accountIds = [ben.accountId, ...slow.map((one) => (one as unknown as Person).accountId)];
  const conversationId = randomUUID();
  await ada.call('POST', '/v1/group-conversations', { conversationId, title: 'slow', accountIds });
  const [from, to] = [await ada.online(), await ben.online()];
  for (const one of slow) one.tcp.pause();
  await send(from, conversationId, messages);
  const acked = () => from.frames.filter(({ type }) => type === 'ack').length;
  const refused = () => from.frames.filter(({ type }) => type === 'error').length;
  await until('every message is answered', () => acked() + refused() >= messages, undefined, READ_MS);
  const got = () => to.frames.filter((one) => one.type === 'message-posted' && one.data.class === 'post').length;
  await until('who reads has got them all', () => got() >= acked(), undefined, READ_MS).catch(() => undefined);
  const problems = got() < acked() ? [`Who reads got ${got()} of ${acked()} messages.`] : [];
  for (const one of slow) one.tcp.resume();
  const codeOf = (one: RawSocket) => one.received.find(({ opcode }) => opcode === op.close)?.payload.readUInt16BE();
  await until('the slow ones are over', () => slow.every((one) => one.isOver || codeOf(one) !== undefined), undefined, READ_MS);
  const codes = slow.map(codeOf);
  watch.say(
    `${acked()} messages acked and ${refused()} refused, ${got()} reached who reads; the slow ones ended with ${codes.join(' ')}`,
  );
  for (const one of slow) one.destroy();
  return codes.every((code) => code === TOO_SLOW) ? problems : [...problems, 'A slow reader was not closed with 4408.'];
}
