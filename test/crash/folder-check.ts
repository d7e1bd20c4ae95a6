/**
 * Opens the files that a crash left, as they lie, with the real stores, and compares them with what clients were told:
 * the log in itself, the log with its index, the log with the clients, and all that an operator's `verify` looks at. It
 * changes the files: give it a copy.
 */
import type { Instant } from '../../src/domain/kernel/instant.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { catchUp } from './keep-views.js';
import { logProblems, readLog } from './log-check.js';
import { openFolder } from './open-folder.js';
import type { Told } from './told.js';
import { toldProblems } from './told-check.js';
import { filesProblems } from './verification.js';

/** `at` is the instant of the crash: what was to end later has not ended. */
export async function folderProblems(folder: string, told: Told, at: Instant = instant(Date.now())): Promise<readonly string[]> {
  const foundation = await openFolder(folder);
  const problems: string[] = [];
  try {
    const log = await readLog(foundation);
    problems.push(...(await logProblems(foundation, log, told)));
    problems.push(...(await toldProblems(foundation, log, told, at)));
    await catchUp(foundation);
  } finally {
    await foundation.close();
  }
  return [...problems, ...(await filesProblems(folder))];
}
