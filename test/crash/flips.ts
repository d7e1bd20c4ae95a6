/**
 * Single flipped bits, spread over all files of a store that a crash left: after each, everything is opened and read. A
 * flip is refused at the start, or found while reading, or found by the verification of the files, or changes no answer.
 */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import type { Instant } from '../../src/domain/kernel/instant.js';
import { Dice } from './dice.js';
import { openFolder } from './open-folder.js';
import { everythingIn } from './read-everything.js';
import { liveHistory, toldIn } from './recorded-history.js';
import type { Told } from './told.js';
import { verificationProblems } from './verification.js';

const SESSIONS = 2;
const ROUNDS = 30;
const PROGRESS_EVERY = 100;

type Verdict = 'refused at the start' | 'found while reading' | 'found by verification' | 'harmless' | 'SILENTLY WRONG';

export interface FlipsReport {
  readonly flips: number;
  readonly seed: number;
  readonly verdicts: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly wrong: readonly string[];
  readonly seconds: number;
}

export async function flipBits(flips: number, seed: number, say: (line: string) => void): Promise<FlipsReport> {
  const startedMs = performance.now();
  const dice = new Dice(seed);
  const folder = await liveHistory({ seed, sessions: SESSIONS, rounds: ROUNDS });
  const scratch = await mkdtemp(join(tmpdir(), 'sottovoce-crash-flip-'));
  const { told, at } = await toldIn(folder);
  const verdicts: Record<string, Record<string, number>> = {};
  const wrong: string[] = [];
  try {
    const files = await groupsOf(folder);
    const copy = async (): Promise<void> => {
      await rm(scratch, { recursive: true, force: true });
      for (const part of ['data', 'keys']) await cp(join(folder, part), join(scratch, part), { recursive: true });
    };
    await copy();
    const expected = await everythingIn(await openFolder(scratch), told, at);
    for (let flip = 1; flip <= flips; flip += 1) {
      const kind = dice.pick([...files.keys()])!;
      const file = dice.pick(files.get(kind)!)!;
      await copy();
      const bytes = await readFile(join(folder, file));
      const bit = dice.below(bytes.length * 8);
      bytes[bit >>> 3]! ^= 1 << (bit & 7);
      await writeFile(join(scratch, file), bytes);
      const verdict = await verdictOn(scratch, { told, at, expected });
      verdicts[kind] = { ...verdicts[kind], [verdict]: (verdicts[kind]?.[verdict] ?? 0) + 1 };
      if (verdict === 'SILENTLY WRONG') wrong.push(`bit ${bit & 7} of byte ${bit >>> 3} of ${file}`);
      if (flip % PROGRESS_EVERY === 0) say(`flip ${flip}/${flips}, ${wrong.length} silently wrong`);
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
    if (wrong.length === 0) await rm(folder, { recursive: true, force: true });
    else say(`The unharmed data are kept in ${folder}.`);
  }
  return { flips, seed, verdicts, wrong, seconds: Math.round((performance.now() - startedMs) / 1_000) };
}

interface Expectation {
  readonly told: Told;
  readonly at: Instant;
  readonly expected: string;
}

async function verdictOn(folder: string, { told, at, expected }: Expectation): Promise<Verdict> {
  const foundation = await openFolder(folder).catch(() => undefined);
  if (foundation === undefined) return 'refused at the start';
  const answers = await everythingIn(foundation, told, at).catch(() => undefined);
  if (answers === undefined) return 'found while reading';
  if (answers === expected) return 'harmless';
  const found = await verificationProblems(folder, told).catch(String);
  return found.length > 0 ? 'found by verification' : 'SILENTLY WRONG';
}

/** Each database, each write-ahead log and the key files are struck equally often, whatever their sizes. */
async function groupsOf(folder: string): Promise<ReadonlyMap<string, readonly string[]>> {
  const groups = new Map<string, string[]>();
  for (const part of ['data', 'keys']) {
    for (const entry of await readdir(join(folder, part), { recursive: true, withFileTypes: true })) {
      const path = relative(folder, join(entry.parentPath, entry.name));
      const isEmpty = !entry.isFile() || (await readFile(join(folder, path))).length === 0;
      if (isEmpty || path.includes('dev-codes')) continue;
      const kind = part === 'keys' ? 'key files' : /-shm$|-journal$|log-id$/.test(path) ? 'other files' : entry.name;
      groups.set(kind, [...(groups.get(kind) ?? []), path]);
    }
  }
  return groups;
}
