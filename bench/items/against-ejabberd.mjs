/** (a) at 64 in flight, side by side with ejabberd over PostgreSQL: 16 pairs with 4 messages under way each, both durable. */
import { join } from 'node:path';
import { HOST, PASSWORD, startEjabberd, userOf } from '../ejabberd.mjs';
import { Load } from '../load.mjs';
import { socketLane } from '../messages.mjs';
import { inParallel, People } from '../people.mjs';
import { interleaved, line } from '../rounds.mjs';
import { startOurs } from '../servers.mjs';
import { xmppLane } from '../xmpp-messages.mjs';
import { XmppSocket } from '../xmpp-socket.mjs';

const PAIRS = 16;
const IN_FLIGHT = 64;
const ROWS_PER_MESSAGE = 2;

async function openOurs(address, people) {
  const lanes = [];
  await inParallel(PAIRS, async (at) => {
    const { conversationId, members } = people.conversations[at];
    const [from, to] = [await people.socket(address, members[0]), await people.socket(address, members[1])];
    lanes[at] = socketLane({ conversationId, from, to });
  });
  return lanes;
}

async function openPeer({ port }) {
  const lanes = [];
  await inParallel(PAIRS, async (at) => {
    const stream = (user, wanted) => XmppSocket.open({ port, host: HOST, user: userOf(user), password: PASSWORD, ...wanted });
    const [from, to] = [await stream(at * 2, { isManaged: true }), await stream(at * 2 + 1, { isPresent: true })];
    lanes[at] = xmppLane({ from, to });
  });
  return lanes;
}

export async function againstEjabberd(context) {
  const peer = await startEjabberd(join(context.folder, 'peer'), PAIRS * 2, context.say);
  context.say(`ejabberd ${peer.versions.ejabberd}, PostgreSQL ${peer.versions.postgres}`);
  const people = await People.settle(context.folder, async (made) => {
    await made.arrive(PAIRS * 2);
    for (let at = 0; at < PAIRS; at += 1) await made.direct(made.people[at * 2], made.people[at * 2 + 1]);
  });
  const server = await startOurs(context.folder);
  try {
    const mine = new Load(server, await openOurs(server.address, people));
    const theirs = new Load(peer, await openPeer(peer));
    const lines = [];
    for (const until of ['acked', 'delivered']) {
      context.say(`the next one when one is ${until}`);
      const sides = {
        ours: () => mine.closedLoop(IN_FLIGHT, context.seconds, until),
        reference: () => theirs.closedLoop(IN_FLIGHT, context.seconds, until),
      };
      for (const side of Object.values(sides)) await side();
      lines.push(...linesOf(await interleaved(context, sides), peer.versions, until));
    }
    for (const lane of theirs.lanes) lane.end();
    const archived = peer.archived();
    if (archived !== theirs.sent * ROWS_PER_MESSAGE)
      throw new Error(`The peer archived ${archived} rows for ${theirs.sent} messages: this was no durable send.`);
    return lines;
  } finally {
    await Promise.all([server.stop(), peer.stop()]);
  }
}

function linesOf(rounds, versions, until) {
  const shown = { id: 'a', peer: { name: 'ejabberd', ...versions } };
  const rate = { ...shown, unit: 'messages/s', figure: 'perSecond' };
  if (until === 'delivered') return [line(rounds, { ...rate, variant: '64 in flight until delivered, against ejabberd' })];
  const variant = '64 in flight, against ejabberd';
  return [
    line(rounds, { ...rate, variant, now: 4, wanted: 8 }),
    line(rounds, { ...shown, variant: `${variant}, ack p99`, unit: 'ms', figure: 'ackP99', isLess: true }),
    line(rounds, { ...shown, variant: `${variant}, delivered p50`, unit: 'ms', figure: 'deliveredP50', isLess: true }),
    line(rounds, { ...shown, variant: `${variant}, processor time`, unit: 'µs/message', figure: 'cpuMicros', isLess: true }),
  ];
}
