/** C3: messages in more pieces than anybody needs. Each socket is closed; the pieces must not stay in memory. */
import { Person } from '../support/person.js';
import { frame, op, RawSocket, upgradeHead } from '../support/raw-socket.js';
import type { ServedApp } from '../support/served-app.js';
import { until } from '../support/until.js';
import type { Watch } from './watch.js';

const ATTACKERS = 4;
const IN_ONE_WRITE = 10_000;
/** Of what two million pieces may add to the memory of the server. */
const GROWTH_MIB_MAX = 50;

export async function fragments(app: ServedApp, watch: Watch, of: { readonly fragments: number }): Promise<readonly string[]> {
  const people = await Promise.all(Array.from({ length: ATTACKERS }, () => Person.signIn(app.asApp)));
  const first = frame({ opcode: op.text, fin: false, payload: 'a' });
  const many = Buffer.concat(
    Array.from({ length: IN_ONE_WRITE }, () => frame({ opcode: op.continuation, fin: false, payload: 'b' })),
  );
  let sent = 0;
  const codes = new Map<number, number>();
  const attack = async (person: Person): Promise<void> => {
    while (sent < of.fragments) {
      sent += IN_ONE_WRITE;
      const raw = await RawSocket.upgraded(app.url, upgradeHead(person.accessToken));
      raw.write(Buffer.concat([first, many]));
      const closing = () => raw.received.find(({ opcode }) => opcode === op.close);
      await until('the fragments end the socket', () => raw.isOver || closing() !== undefined);
      const code = closing()?.payload.readUInt16BE() ?? 0;
      codes.set(code, (codes.get(code) ?? 0) + 1);
      raw.destroy();
    }
  };
  await Promise.all(people.map(attack));
  watch.say(
    `${sent} fragments of one byte; sockets closed by code: ${[...codes].map(([code, count]) => `${code}: ${count}`).join(', ')}`,
  );
  const grew = watch.memory.most - watch.memory.first;
  const problems = grew > GROWTH_MIB_MAX ? [`The fragments added ${grew} MiB, more than ${GROWTH_MIB_MAX}.`] : [];
  const areClosed = codes.size === 1 && codes.has(1_008);
  return areClosed ? problems : [...problems, 'A socket with too many fragments was not closed with 1008.'];
}
