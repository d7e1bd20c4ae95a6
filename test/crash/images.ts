/**
 * Cut power: what a process wrote and synced is recorded, with the instants at which somebody was told something; from it
 * the states are made that a disk may be in when the power goes at any moment. Each is opened by the real stores.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { instant } from '../../src/domain/kernel/instant.js';
import { Dice } from './dice.js';
import { DiskModel, MODES, type Mode } from './disk-model.js';
import { folderProblems } from './folder-check.js';
import { type Line, toldBy } from './recorded-history.js';
import { compiledRecorder, type Recording, recorded } from './recording.js';

const IMAGES_PER_HISTORY = 100;
const SESSIONS = 2;
const ROUNDS = 25;
/** So many of ten cuts come right after somebody was told something. */
const AFTER_TOLD_OF_TEN = 6;
const OWNER_ONLY = 0o600;
const PROGRESS_EVERY = 50;

export interface ImagesReport {
  readonly images: number;
  readonly seed: number;
  readonly acked: number;
  readonly modes: Readonly<Record<string, number>>;
  readonly failed: readonly {
    readonly image: number;
    readonly folder: string;
    readonly story: string;
    readonly problems: readonly string[];
  }[];
  readonly seconds: number;
}

interface Cut {
  readonly at: number;
  readonly mode: Mode;
}

export async function cutPower(
  images: number,
  seed: number,
  say: (line: string) => void,
  env: Readonly<Record<string, string>> = {},
): Promise<ImagesReport> {
  const startedMs = performance.now();
  const dice = new Dice(seed);
  const scratch = await mkdtemp(join(tmpdir(), 'sottovoce-crash-images-'));
  const modes: Record<string, number> = {};
  const failed: ImagesReport['failed'][number][] = [];
  let acked = 0;
  let image = 0;
  try {
    const library = compiledRecorder(scratch);
    for (let history = 0; image < images; history += 1) {
      const recording = await recorded(library, { seed: seed + history, sessions: SESSIONS, rounds: ROUNDS, env });
      const cuts = cutsOf(recording, Math.min(IMAGES_PER_HISTORY, images - image), dice);
      for await (const { files, lines, cut } of imagesOf(recording, cuts, dice)) {
        image += 1;
        modes[cut.mode] = (modes[cut.mode] ?? 0) + 1;
        acked += lines.filter(({ entry }) => entry.kind === 'ack').length;
        const folder = join(scratch, `image-${image}`);
        const problems = await problemsOf(folder, files, lines, recording.folder);
        const story = `history ${seed + history}, cut behind operation ${cut.at} of ${recording.operations.length}, unsynced: ${cut.mode}`;
        if (problems.length > 0) failed.push({ image, folder: `${folder}-kept`, story, problems });
        if (problems.length > 0) await writeImage(`${folder}-kept`, files, recording.folder);
        await rm(folder, { recursive: true, force: true });
        if (image % PROGRESS_EVERY === 0) say(`image ${image}/${images}, ${failed.length} failed`);
      }
    }
  } finally {
    if (failed.length === 0) await rm(scratch, { recursive: true, force: true });
  }
  return { images, seed, acked, modes, failed, seconds: Math.round((performance.now() - startedMs) / 1_000) };
}

function cutsOf({ operations }: Recording, count: number, dice: Dice): readonly Cut[] {
  const told = operations.flatMap(({ kind }, at) => (kind === 'told' ? [at] : []));
  const cuts = Array.from({ length: count }, () => {
    const isAfterTold = dice.below(10) < AFTER_TOLD_OF_TEN;
    return { at: isAfterTold ? dice.pick(told)! : dice.below(operations.length), mode: dice.pick(MODES)! };
  });
  return cuts.sort((one, other) => one.at - other.at);
}

function* imagesOf({ operations }: Recording, cuts: readonly Cut[], dice: Dice) {
  const disk = new DiskModel();
  const lines: Line[] = [];
  let next = 0;
  for (const [at, operation] of operations.entries()) {
    if (operation.kind === 'told') lines.push(operation.line);
    else disk.apply(operation);
    for (; cuts[next]?.at === at; next += 1)
      yield { cut: cuts[next]!, files: disk.image(cuts[next]!.mode, dice), lines: [...lines] };
  }
}

async function problemsOf(folder: string, files: ReadonlyMap<string, Buffer>, lines: readonly Line[], recordedIn: string) {
  await writeImage(folder, files, recordedIn);
  const at = instant(lines.at(-1)?.atMs ?? 0);
  return folderProblems(folder, toldBy(lines), at).catch((error: unknown) => [String((error as Error).stack ?? error)]);
}

async function writeImage(folder: string, files: ReadonlyMap<string, Buffer>, recordedIn: string): Promise<void> {
  for (const name of ['data', 'keys']) await mkdir(join(folder, name), { recursive: true });
  for (const [path, bytes] of files) {
    // The index of a write-ahead log lives in shared memory and is made anew by whoever opens the file first.
    if (path.endsWith('-shm')) continue;
    const to = join(folder, path.slice(recordedIn.length));
    await mkdir(dirname(to), { recursive: true });
    await writeFile(to, bytes, { mode: OWNER_ONLY });
  }
}
