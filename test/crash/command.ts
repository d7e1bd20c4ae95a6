/** Reads the arguments of `npm run crash`, runs the programmes that they name and says what came of it. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CrashLoop, type CyclesReport } from './cycles.js';
import { type FlipsReport, flipBits } from './flips.js';
import { cutPower, type ImagesReport } from './images.js';

const USAGE = 'npm run crash -- [--cycles N] [--images N] [--flips N] [--seed S] [--json FILE]';
const SEEDS = 1_000_000;

export async function run(args: string[]): Promise<number> {
  const options = {
    cycles: { type: 'string' },
    flips: { type: 'string' },
    images: { type: 'string' },
    seed: { type: 'string' },
    json: { type: 'string' },
  } as const;
  const { values } = parseArgs({ args, options });
  const seed = Number(values.seed ?? Math.floor(Math.random() * SEEDS));
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const reports: object[] = [];
  let failures = 0;
  let passed = 0;
  if (values.cycles !== undefined) {
    const report = await new CrashLoop(Number(values.cycles), seed, say).run();
    reports.push({ programme: 'cycles', ...report });
    sayCycles(report, say);
    if (report.failed === undefined) passed += report.cycles;
    else failures += 1;
  }
  if (values.images !== undefined) {
    const report = await cutPower(Number(values.images), seed, say);
    reports.push({ programme: 'images', ...report });
    sayImages(report, say);
    passed += report.images - report.failed.length;
    failures += report.failed.length;
  }
  if (values.flips !== undefined) {
    const report = await flipBits(Number(values.flips), seed, say);
    reports.push({ programme: 'flips', ...report });
    sayFlips(report, say);
    passed += report.flips - report.wrong.length;
    failures += report.wrong.length;
  }
  if (reports.length === 0) {
    say(USAGE);
    return 1;
  }
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(reports, undefined, 2)}\n`);
  say(`${passed} passed, ${failures} failed`);
  return failures > 0 ? 1 : 0;
}

function sayCycles(
  { cycles, seed, failed, sent, acked, readyMs, crashes, seconds }: CyclesReport,
  say: (line: string) => void,
): void {
  for (const [name, count] of Object.entries(crashes).sort()) say(`  ${String(count).padStart(5)}  ${name}`);
  say(
    `Ready after ${readyMs.median} ms at the median, p99 ${readyMs.p99} ms, longest ${readyMs.max} ms, of ${readyMs.count} starts.`,
  );
  say(`${sent} messages sent, ${acked} acked; ${seconds} s.`);
  if (failed === undefined) say(`${cycles} cycles with seed ${seed}: 0 lost, 0 doubled.`);
  else {
    say(`FAILED in cycle ${failed.cycle} with seed ${seed}. The data is kept in ${failed.folder}.`);
    for (const problem of failed.problems.slice(0, 20)) say(`  ${problem}`);
  }
}

function sayFlips({ flips, seed, verdicts, wrong, seconds }: FlipsReport, say: (line: string) => void): void {
  for (const [kind, counts] of Object.entries(verdicts).sort()) {
    say(
      `  ${kind.padEnd(20)} ${Object.entries(counts)
        .map(([verdict, count]) => `${verdict} ${count}`)
        .join(', ')}`,
    );
  }
  say(`${flips} flips with seed ${seed}: ${wrong.length} silently wrong; ${seconds} s.`);
  for (const one of wrong.slice(0, 20)) say(`  FAILED: ${one}`);
}

function sayImages({ images, seed, acked, modes, failed, seconds }: ImagesReport, say: (line: string) => void): void {
  for (const [mode, count] of Object.entries(modes).sort()) say(`  ${String(count).padStart(5)}  unsynced: ${mode}`);
  say(`${images} images with seed ${seed}, ${acked} acks looked for in them: ${failed.length} failed; ${seconds} s.`);
  for (const { image, folder, story, problems } of failed.slice(0, 10)) {
    say(`  FAILED image ${image}, kept in ${folder}: ${story}`);
    for (const problem of problems.slice(0, 5)) say(`    ${problem}`);
  }
}
