/**
 * What the files say of themselves, without anybody who remembers: the log with its index, and then all that an operator's
 * `verify` looks at.
 */
import { join } from 'node:path';
import { verify } from '../../src/verification.js';
import { catchUp } from './keep-views.js';
import { logProblems, readLog } from './log-check.js';
import { openFolder } from './open-folder.js';
import type { Told } from './told.js';

export async function verificationProblems(folder: string, told: Told): Promise<readonly string[]> {
  const foundation = await openFolder(folder);
  const problems: string[] = [];
  try {
    problems.push(...(await logProblems(foundation, await readLog(foundation), told)));
    await catchUp(foundation);
  } finally {
    await foundation.close();
  }
  return [...problems, ...(await filesProblems(folder))];
}

/** Of files that nobody has open, and whose views are up to date: anything that is not well. */
export async function filesProblems(folder: string): Promise<readonly string[]> {
  const findings = await verify({ data: join(folder, 'data'), keys: join(folder, 'keys') });
  return findings.filter(({ verdict }) => verdict !== 'ok').map(({ check, saw }) => `${check}: ${saw}`);
}
