/**
 * Opens the files that a crash left, as they lie, with the real stores, and compares them with what clients were told:
 * the log in itself, the log with its index, the log with the clients, the views with the fold of the log, and every
 * file by SQLite's own check. It changes the files: give it a copy.
 */
import { join } from 'node:path';
import type { Instant } from '../../src/domain/kernel/instant.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { logProblems, readLog } from './log-check.js';
import { openFolder } from './open-folder.js';
import type { Told } from './told.js';
import { toldProblems } from './told-check.js';
import { databaseProblems, positionProblems, viewsOfFile } from './verification.js';
import { catchUp, rebuiltViews, type viewsIn, viewsProblems } from './views-check.js';

/** `at` is the instant of the crash: what was to end later has not ended. */
export async function folderProblems(folder: string, told: Told, at: Instant = instant(Date.now())): Promise<readonly string[]> {
  const foundation = await openFolder(folder);
  let rebuilt: ReturnType<typeof viewsIn>;
  const problems: string[] = [];
  try {
    const log = await readLog(foundation);
    problems.push(...(await logProblems(foundation, log, told)));
    problems.push(...(await toldProblems(foundation, log, told, at)), ...positionProblems(log));
    await catchUp(foundation, foundation.projectionWriter);
    rebuilt = await rebuiltViews(foundation);
  } finally {
    await foundation.close();
  }
  problems.push(...databaseProblems(join(folder, 'data')));
  problems.push(...viewsProblems(viewsOfFile(join(folder, 'data', 'read.sqlite')), rebuilt));
  return problems;
}
