/**
 * C2, C3, C6, C7, C11: what lasts instead of what is odd. A real server under half-open connections, readers that do not read,
 * fragments, crowded JSON, and a crowd that comes back at once, one after the other; its memory is told, an honest client is
 * served meanwhile, and no limit on traffic may keep an attack from what it is made for.
 * `npm run siege -- --items half-open,idle,slow-readers,fragments,bombs,storm`.
 */
import { parseArgs } from 'node:util';
import type { ServedApp } from '../support/served-app.js';
import { bombs } from './bombs.js';
import { type Connections, halfOpen, idle } from './connections.js';
import { fragments } from './fragments.js';
import { Numbers } from './numbers.js';
import { slowReaders } from './slow-readers.js';
import { storm } from './storm.js';
import { Watch } from './watch.js';

const { values } = parseArgs({
  options: {
    items: { type: 'string', default: 'half-open,idle,slow-readers,fragments,bombs,storm' },
    connections: { type: 'string', default: '10000' },
    messages: { type: 'string', default: '60000' },
    devices: { type: 'string', default: '10000' },
  },
});
const connections: Connections = { count: Number(values.connections) };

const items: Readonly<Record<string, (app: ServedApp, watch: Watch, numbers: Numbers) => Promise<readonly string[]>>> = {
  'half-open': (app, watch) => halfOpen(app, watch, connections),
  idle: (app, watch) => idle(app, watch, connections),
  'slow-readers': (app, watch, numbers) => slowReaders(app, watch, { messages: Number(values.messages), numbers }),
  fragments: (app, watch) => fragments(app, watch, { fragments: 2_000_000 }),
  bombs: (app, watch) => bombs(app, watch, { requests: 3_000 }),
  storm: (app, watch, numbers) => storm(app, watch, { devices: Number(values.devices), numbers }),
};

let passed = 0;
let failed = 0;
for (const name of values.items.split(',')) {
  const item = items[name];
  if (item === undefined) throw new Error(`There is no item ${name}: ${Object.keys(items).join(', ')}`);
  const numbers = await Numbers.start();
  const { app } = numbers;
  const watch = await Watch.begin(app);
  const problems = [...(await item(app, watch, numbers).catch((error: unknown) => [String(error)]))];
  const limited = await numbers.limited().catch(() => Number.NaN);
  if (limited !== 0) problems.push(`Limits on traffic refused ${limited} times: not all of the attack reached its aim.`);
  problems.push(...(await watch.end()));
  await app.stop();
  console.log(`${name}: ${watch.told}`);
  for (const problem of problems) console.log(`  FAIL  ${problem}`);
  if (problems.length === 0) passed += 1;
  else failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
