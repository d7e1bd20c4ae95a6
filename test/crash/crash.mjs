#!/usr/bin/env node
/**
 * `npm run crash`: the crash programmes. `--cycles N` kills a real server N times; `--images N` cuts the power N times;
 * `--flips N` flips N bits. `--seed S` repeats a run, `--json FILE` keeps its report (ADR 0026).
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import '../support/typescript-hooks.mjs';

const built = spawnSync(process.execPath, [fileURLToPath(new URL('../../bin/build.cjs', import.meta.url))], { encoding: 'utf8' });
if (built.status !== 0) {
  process.stderr.write(built.stdout + built.stderr);
  process.exit(1);
}

const { run } = await import('./command.ts');
process.exit(await run(process.argv.slice(2)));
