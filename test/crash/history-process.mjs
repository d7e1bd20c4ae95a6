/**
 * A process that lives a history in a folder and is then killed by itself: `folder seed sessions rounds`. All sessions but
 * the last are closed properly. What was told lies beside the stores, a line each, written as soon as it was told.
 */
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import '../support/typescript-hooks.mjs';

await import('./die-at-mark.ts');
const { Dice } = await import('./dice.ts');
const { History } = await import('./history.ts');
const { openFolder } = await import('./open-folder.ts');

// Timers of the stores keep no process alive; in a server its sockets do.
setInterval(() => undefined, 1_000);
const [folder, seed, sessions, rounds] = process.argv.slice(2);
const lines = openSync(join(folder, 'told.jsonl'), 'a');
const history = new History(folder, new Dice(Number(seed)), (entry) => {
  writeSync(lines, `${JSON.stringify({ entry, atMs: Date.now() })}\n`);
});
for (let session = 1; session <= Number(sessions); session += 1) {
  history.open(await openFolder(folder));
  await history.live(Number(rounds));
  if (session < Number(sessions)) await history.close();
}
process.kill(process.pid, 'SIGKILL');
