/** Runs a process that lives a history and is killed, and reads what was told in it. */
import { spawn } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Instant } from '../../src/domain/kernel/instant.js';
import { instant } from '../../src/domain/kernel/instant.js';
import { type Entry, Told } from './told.js';

const PROCESS = fileURLToPath(new URL('./history-process.mjs', import.meta.url));
/** So small that a short life seals, merges and checkpoints, and that its files hold something beside their logs. */
const ORDERS = { segmentEvents: 120, segmentsPerLevel: 3, walPages: 60 };

export const TOLD_FILE = 'told.jsonl';

export interface Line {
  readonly entry: Entry;
  readonly atMs: number;
}

export interface HistoryOptions {
  readonly seed: number;
  readonly sessions: number;
  readonly rounds: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** Answers the folder in which it was lived. */
export async function liveHistory(
  { seed, sessions, rounds, env = {} }: HistoryOptions,
  envOf: (folder: string) => Readonly<Record<string, string>> = () => env,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sottovoce-crash-history-'));
  const child = spawn(process.execPath, [PROCESS, folder, String(seed), String(sessions), String(rounds)], {
    env: { ...process.env, SOTTOVOCE_CRASH_ORDERS: JSON.stringify(ORDERS), ...envOf(folder) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const signal = await new Promise((resolve) => {
    child.on('close', (_, killedBy) => resolve(killedBy));
  });
  if (signal !== 'SIGKILL') throw new Error(`The history did not come to its end.\n${errors}`);
  return folder;
}

export const linesOf = (text: string): readonly Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

export async function toldIn(folder: string): Promise<{ readonly told: Told; readonly at: Instant }> {
  const lines = linesOf(await readFile(join(folder, TOLD_FILE), 'utf8'));
  return { told: toldBy(lines), at: instant(lines.at(-1)?.atMs ?? 0) };
}

export function toldBy(lines: readonly Line[]): Told {
  const told = new Told();
  for (const { entry } of lines) told.take(entry);
  return told;
}
