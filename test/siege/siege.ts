/**
 * C2, C3, C6, C7: what lasts instead of what is odd. A real server under half-open connections, readers that do not read,
 * fragments and crowded JSON, one after the other; its memory is told, and an honest client is served meanwhile.
 * `npm run siege -- --items half-open,idle,slow-readers,fragments,bombs`.
 */
import { parseArgs } from 'node:util';
import { ServedApp } from '../support/served-app.js';
import { bombs } from './bombs.js';
import { type Connections, halfOpen, idle } from './connections.js';
import { fragments } from './fragments.js';
import { slowReaders } from './slow-readers.js';
import { Watch } from './watch.js';

const { values } = parseArgs({
  options: {
    items: { type: 'string', default: 'half-open,idle,slow-readers,fragments,bombs' },
    connections: { type: 'string', default: '10000' },
    messages: { type: 'string', default: '20000' },
  },
});
const connections: Connections = { count: Number(values.connections) };

const items: Readonly<Record<string, (app: ServedApp, watch: Watch) => Promise<readonly string[]>>> = {
  'half-open': (app, watch) => halfOpen(app, watch, connections),
  idle: (app, watch) => idle(app, watch, connections),
  'slow-readers': (app, watch) => slowReaders(app, watch, { messages: Number(values.messages) }),
  fragments: (app, watch) => fragments(app, watch, { fragments: 2_000_000 }),
  bombs: (app, watch) => bombs(app, watch, { requests: 3_000 }),
};

let passed = 0;
let failed = 0;
for (const name of values.items.split(',')) {
  const item = items[name];
  if (item === undefined) throw new Error(`There is no item ${name}: ${Object.keys(items).join(', ')}`);
  const app = await ServedApp.start();
  const watch = await Watch.begin(app);
  const problems = [...(await item(app, watch).catch((error: unknown) => [String(error)]))];
  problems.push(...(await watch.end()));
  await app.stop();
  console.log(`${name}: ${watch.told}`);
  for (const problem of problems) console.log(`  FAIL  ${problem}`);
  if (problems.length === 0) passed += 1;
  else failed += 1;
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
