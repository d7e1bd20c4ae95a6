#!/usr/bin/env node
/** Goal: 5,000 frames that were good once do a server no harm. Method: the programme for many more, from one seed, in the gate. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { build } from '../support/processes.mjs';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FLAGS = ['--disable-warning=ExperimentalWarning', '--import', './test/support/typescript-hooks.mjs'];
build(ROOT);
const { status } = spawnSync(process.execPath, [...FLAGS, 'test/fuzz/fuzz.ts', '--frames', '5000', '--seed', '1'], {
  cwd: ROOT,
  stdio: 'inherit',
});
process.exitCode = status ?? 1;
