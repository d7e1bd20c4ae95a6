/**
 * Opens the files that a crash left, as they lie, with the real stores, and compares them with what clients were told:
 * the log in itself, the log with its index, the log with the clients, the views with the fold of the log, and every
 * file by SQLite's own check. It changes the files: give it a copy.
 */
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { openLog } from '../../src/adapters/nest/log.js';
import { type Foundation, openEmbedded } from '../../src/compose.js';
import { logProblems, readLog } from './log-check.js';
import type { Told } from './told.js';
import { toldProblems } from './told-check.js';
import { catchUp, rebuiltViews, viewsIn, viewsProblems } from './views-check.js';

const DATABASES = ['events.sqlite', 'keys.sqlite', 'accounts.sqlite', 'read.sqlite'];
const LIMITS = { signInsPerTargetHourMax: 1_000, signInsPerAddressHourMax: 100_000, lookupsPerAccountMinuteMax: 10_000 };

export const openFolder = (folder: string): Promise<Foundation> =>
  openEmbedded({ folders: { data: join(folder, 'data'), keys: join(folder, 'keys') }, limits: LIMITS }, openLog('silent'));

export async function folderProblems(folder: string, told: Told): Promise<readonly string[]> {
  const foundation = await openFolder(folder);
  let rebuilt: ReturnType<typeof viewsIn>;
  const problems: string[] = [];
  try {
    const log = await readLog(foundation);
    problems.push(...(await logProblems(foundation, log, told)));
    problems.push(...(await toldProblems(foundation, log, told)));
    await catchUp(foundation, foundation.projectionWriter);
    rebuilt = await rebuiltViews(foundation);
  } finally {
    await foundation.close();
  }
  problems.push(...integrityProblems(join(folder, 'data')));
  problems.push(...viewsProblems(viewsOfFile(join(folder, 'data', 'read.sqlite')), rebuilt));
  return problems;
}

function viewsOfFile(file: string): ReturnType<typeof viewsIn> {
  const connection = new Database(file, { readonly: true });
  try {
    return viewsIn(connection);
  } finally {
    connection.close();
  }
}

export function integrityProblems(data: string): readonly string[] {
  return DATABASES.flatMap((name) => {
    const connection = new Database(join(data, name));
    try {
      const found = connection.prepare<[], string>('PRAGMA integrity_check').pluck().all();
      return found.length === 1 && found[0] === 'ok' ? [] : found.map((problem) => `${name}: ${problem}`);
    } finally {
      connection.close();
    }
  });
}
