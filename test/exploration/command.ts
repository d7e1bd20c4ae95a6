/** `npm run explore`: walks every small world over every store, and says how much there was to see. */
import { parseArgs } from 'node:util';
import type { StoreKind } from '../support/send-world.js';
import { type Explored, explore } from './explore.js';
import { smallWorld, smallWorlds } from './small-worlds.js';

const STORES: readonly StoreKind[] = ['atomic', 'sequential', 'eventstoredb'];
const USAGE = `npm run explore -- [--faults 0|1|2] [--world NAME] [--store NAME] [--minutes M]

Walks every order of events in small worlds of sending, with as many faults as --faults says (1) at every place.
--minutes M ends each world after M minutes; it is then said to be unfinished.
Exit code: 0 when every world was walked whole, 1 when one is wrong, 3 when one is unfinished.
worlds: ${Object.keys(smallWorlds).join(', ')}
stores: ${STORES.join(', ')}`;

const PROGRESS_EVERY_MS = 10_000;

interface Wanted {
  readonly faults: number;
  readonly worlds: readonly string[];
  readonly stores: readonly StoreKind[];
  readonly lifeMs: number;
}

function wanted(): Wanted | string {
  const options = {
    faults: { type: 'string' },
    world: { type: 'string' },
    store: { type: 'string' },
    minutes: { type: 'string' },
  } as const;
  try {
    const { values } = parseArgs({ options });
    const { faults = '1', world, store, minutes } = values;
    const lifeMs = minutes === undefined ? Number.POSITIVE_INFINITY : Number(minutes) * 60_000;
    if (!['0', '1', '2'].includes(faults)) return `--faults is 0, 1 or 2, not ${faults}`;
    if (world !== undefined && !Object.hasOwn(smallWorlds, world)) return `There is no world ${world}`;
    if (store !== undefined && !STORES.includes(store as StoreKind)) return `There is no store ${store}`;
    if (!(lifeMs > 0)) return `--minutes is a number above 0, not ${minutes}`;
    const worlds = world === undefined ? Object.keys(smallWorlds) : [world];
    return { faults: Number(faults), worlds, stores: store === undefined ? STORES : [store as StoreKind], lifeMs };
  } catch (error) {
    return (error as Error).message;
  }
}

const row = (...cells: readonly (string | number)[]): string => {
  const [world, store, ...figures] = cells.map((cell) => (typeof cell === 'number' ? cell.toLocaleString('en') : cell));
  return `${world!.padEnd(20)}${store!.padEnd(14)}${figures.map((figure) => figure.padStart(12)).join('')}`;
};

async function walk(name: string, store: StoreKind, { faults, lifeMs }: Wanted): Promise<Explored> {
  const startedMs = performance.now();
  let toldMs = startedMs;
  const goesOn = ({ states }: { readonly states: number }): boolean => {
    const nowMs = performance.now();
    if (nowMs - toldMs > PROGRESS_EVERY_MS) {
      toldMs = nowMs;
      console.error(`  ${name} on ${store}: ${states.toLocaleString('en')} states so far`);
    }
    return nowMs - startedMs < lifeMs;
  };
  const explored = await explore(smallWorld(name, faults), store, { goesOn });
  const seconds = ((performance.now() - startedMs) / 1_000).toFixed(1);
  const verdict = explored.wrong ? 'WRONG' : explored.left > 0 ? 'unfinished' : 'whole';
  console.log(row(name, store, explored.states, explored.ways, explored.ends, seconds, verdict));
  if (explored.wrong) {
    const { error, story } = explored.wrong;
    console.log(`\n${error.message}\n\n${story.map((line) => `  ${line}`).join('\n')}`);
  }
  return explored;
}

const asked = wanted();
if (typeof asked === 'string') {
  console.error(`${asked}\n\n${USAGE}`);
  process.exit(2);
}
console.log(`Faults: ${asked.faults}\n${row('world', 'store', 'states', 'ways', 'ends', 'seconds', '')}`);
const results: Explored[] = [];
for (const name of asked.worlds) for (const store of asked.stores) results.push(await walk(name, store, asked));
const sum = (of: (explored: Explored) => number): string =>
  results.reduce((total, one) => total + of(one), 0).toLocaleString('en');
const unfinished = results.filter(({ wrong, left }) => wrong === undefined && left > 0).length;
const wrong = results.filter((one) => one.wrong !== undefined).length;
console.log(
  `\n${sum(({ states }) => states)} states, ${sum(({ ways }) => ways)} ways, ${sum(({ ends }) => ends)} ends judged; ` +
    `${results.length} worlds: ${wrong} wrong, ${unfinished} unfinished`,
);
process.exit(wrong > 0 ? 1 : unfinished > 0 ? 3 : 0);
