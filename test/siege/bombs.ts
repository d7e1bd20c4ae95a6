/** C6: JSON that is small to send and large to hold, over both doors. */
import { randomUUID } from 'node:crypto';
import { Person } from '../support/person.js';
import { frame, op, RawSocket, upgradeHead } from '../support/raw-socket.js';
import type { ServedApp } from '../support/served-app.js';
import { until } from '../support/until.js';
import type { Watch } from './watch.js';

const ROOM = 60_000;
const MALFORMED = 4_400;

/** Each fits a frame, so that it is read whole. */
export const bombTexts: readonly (readonly [name: string, text: string])[] = [
  ['nesting', '['.repeat(ROOM / 2) + ']'.repeat(ROOM / 2)],
  ['nested objects', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`],
  ['keys', `{${Array.from({ length: 6_000 }, (_, at) => `"${at}":1`).join(',')}}`],
  ['one key, many times', `{${Array.from({ length: 6_000 }, () => '"aa":1').join(',')}}`],
  ['empty lists', `[${Array.from({ length: ROOM / 3 }, () => '[]').join(',')}]`],
  ['a number', '9'.repeat(ROOM)],
  ['a number with an exponent', `1e${'9'.repeat(1_000)}`],
  ['quotes', `"${'\\"'.repeat(ROOM / 2)}"`],
  ['backslashes', `"${'\\\\'.repeat(ROOM / 2)}"`],
  ['escapes', `"${'\\u0000'.repeat(ROOM / 6)}"`],
  ['halves of characters', `"${'\\ud800'.repeat(ROOM / 6)}"`],
  ['a text that does not end', `"${'\\'.repeat(ROOM)}`],
  ['prototypes', `{"__proto__":{"__proto__":{"polluted":true}},"constructor":{"prototype":{"polluted":true}}}`],
  ['spaces', `${' '.repeat(ROOM)}{}`],
];

export async function bombs(
  app: ServedApp,
  watch: Watch,
  { requests }: { readonly requests: number },
): Promise<readonly string[]> {
  const person = await Person.signIn(app.asApp);
  const problems: string[] = [];
  for (let at = 0; at < requests && problems.length === 0; at += 1) {
    const [name, text] = bombTexts[at % bombTexts.length] as (typeof bombTexts)[number];
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${person.accessToken}` };
    const { status } = await fetch(`${app.url}/v1/me/profile`, { method: 'PUT', headers, body: text });
    if (status !== 400) problems.push(`${name}: answered ${status} over REST`);
    const raw = await RawSocket.upgraded(app.url, upgradeHead(person.accessToken));
    const wrapped = `{"type":"levitate","id":"${randomUUID()}","data":{"a":${text}}}`;
    raw.write(frame({ opcode: op.text, payload: wrapped }));
    // A heartbeat of the server is no answer to anything.
    const answered = () => raw.received.find(({ opcode }) => opcode !== op.ping);
    await until(`${name} is answered on the socket`, () => raw.isOver || answered() !== undefined);
    const answer = answered();
    const isRefused = answer?.opcode === op.close && answer.payload.readUInt16BE() === MALFORMED;
    const isUnknown = answer?.payload.includes('unknown-frame-type') ?? false;
    if (!isRefused && !isUnknown)
      problems.push(
        `${name}: answered ${raw.head?.split('\r')[0]}, ${answer?.opcode} ${answer?.payload.toString('latin1')} on the socket`,
      );
    raw.destroy();
  }
  watch.say(`${requests} bombs of ${bombTexts.length} kinds over each door`);
  return problems;
}
