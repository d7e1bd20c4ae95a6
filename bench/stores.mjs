/**
 * Populations that take long to make are made once per machine, with the use cases and the store themselves, and kept in the
 * folder for temporary files under a name that changes with whatever decides what is stored. A run works on a copy
 * (that shares its blocks where the file system can).
 */
import { createHash, randomUUID } from 'node:crypto';
import { constants, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inParallel, People } from './people.mjs';
import { startOurs } from './servers.mjs';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));
const DECIDES = ['adapters/crypto', 'adapters/sqlite', 'application', 'domain', 'projections'];
const CACHE = join(tmpdir(), `sottovoce-bench-stores-${userInfo().uid}`);
const TEXT = 'See you at the station at half past seven, platform two, bye!!!!';
const IN_FLIGHT = 2_048;
const SAY_EVERY = 100_000;

function version() {
  const hash = createHash('sha256');
  for (const folder of DECIDES) {
    for (const name of readdirSync(join(DIST, folder), { recursive: true }).sort()) {
      if (name.endsWith('.js')) hash.update(readFileSync(join(DIST, folder, name)));
    }
  }
  return hash.digest('hex').slice(0, 12);
}

/** A copy of the prepared store in the folder, and its people. */
async function prepared(name, folder, say, make) {
  const kept = join(CACHE, `${name}-${version()}`);
  if (!existsSync(join(kept, 'people.json'))) {
    const startedMs = performance.now();
    say(`making the store ${name}, once for this machine: ${kept}`);
    const fresh = `${kept}.${process.pid}`;
    mkdirSync(fresh, { recursive: true, mode: 0o700 });
    const people = await make(fresh);
    const { secret } = people;
    const record = { people: people.people, conversations: people.conversations, secret: secret.toString('base64') };
    writeFileSync(join(fresh, 'people.json'), JSON.stringify(record));
    rmSync(kept, { recursive: true, force: true });
    renameSync(fresh, kept);
    say(`made in ${Math.round((performance.now() - startedMs) / 1_000)} s`);
  }
  cpSync(kept, folder, { recursive: true, mode: constants.COPYFILE_FICLONE });
  const { secret, ...known } = JSON.parse(readFileSync(join(kept, 'people.json'), 'utf8'));
  return Object.assign(new People(), known, { secret: Buffer.from(secret, 'base64') });
}

/** Many people, each in one group of fifty. */
export function crowd(context, folder, count) {
  return prepared(`crowd-${count}`, folder, context.say, (fresh) =>
    People.settle(fresh, async (people) => {
      await people.arrive(count);
      for (let at = 0; at < count; at += GROUP) await people.group(people.people.slice(at, at + GROUP));
    }),
  );
}
const GROUP = 50;

/**
 * So many messages in 264 direct conversations: 64 pairs, and one person, the last but 200, with 200 friends. Projected too.
 */
export function longStore(context, folder, messages) {
  return prepared(`messages-${messages}`, folder, context.say, async (fresh) => {
    const people = await People.settle(fresh, async (made) => {
      await made.arrive(PAIRS * 2 + 1 + FRIENDS);
      for (let at = 0; at < PAIRS; at += 1) await made.direct(made.people[at * 2], made.people[at * 2 + 1]);
      const reader = made.people[PAIRS * 2];
      for (const friend of made.people.slice(PAIRS * 2 + 1)) await made.direct(friend, reader);
      await write(made, messages, context.say);
    });
    context.say('projecting');
    const server = await startOurs(fresh, { readyWithinMs: PROJECTED_WITHIN_MS });
    await server.stop();
    return people;
  });
}
/** A server is ready when its views are, and here they begin with nothing. */
const PROJECTED_WITHIN_MS = 60 * 60 * 1_000;
export const PAIRS = 64;
const FRIENDS = 200;

async function write(people, messages, say) {
  const { sendMessage } = await import('../dist/application/message/send-message.js');
  const send = sendMessage(people.deps);
  let written = 0;
  const act = async (at) => {
    const { conversationId, members } = people.conversations[at % people.conversations.length];
    const body = { content: { type: 'text', text: TEXT } };
    const outcome = await send({ conversationId, messageId: randomUUID(), body }, people.context(members[0]));
    if (!outcome.ok) throw new Error(JSON.stringify(outcome));
    written += 1;
    if (written % SAY_EVERY === 0) say(`${written} messages written`);
  };
  await inParallel(messages, act, IN_FLIGHT);
}
