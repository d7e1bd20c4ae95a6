#!/usr/bin/env node
// Builds src to dist, but only when dist was built from other inputs than those that lie here now, or with --force.
// A reader of dist never sees half of it: the build is made beside it and renamed into place, by one builder at a time.
// Written for old Nodes on purpose, like run-on-node24.cjs.
'use strict';
const { spawnSync } = require('node:child_process');
const { createHash } = require('node:crypto');
const fs = require('node:fs');
const { tmpdir } = require('node:os');
const { join, relative } = require('node:path');
const { findNode } = require('./run-on-node24.cjs');

const ROOT = join(__dirname, '..');
const DIST = join(ROOT, 'dist');
const STAMP = '.built-from';
const LOCK = join(ROOT, '.dist-lock');
const NEST = join(ROOT, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');
const INPUTS = ['src', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', '.swcrc', 'nest-cli.json'];
const LOCK_LIFE_MS = 120000;
const POLL_MS = 50;

function filesUnder(path) {
  const stat = fs.statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return [];
  if (!stat.isDirectory()) return [path];
  const names = fs.readdirSync(path).sort();
  return names.reduce((files, name) => files.concat(filesUnder(join(path, name))), []);
}

/** Content, not times: a checkout, a copy or a deleted file is judged by what the build would read. */
function fingerprint() {
  const hash = createHash('sha256');
  for (const input of INPUTS) {
    for (const file of filesUnder(join(ROOT, input))) {
      const content = fs.readFileSync(file);
      hash.update(`${relative(ROOT, file)}\0${content.length}\0`).update(content);
    }
  }
  return hash.digest('hex');
}

function builtFrom(folder) {
  try {
    return fs.readFileSync(join(folder, STAMP), 'utf8');
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** A lock whose holder died, or is older than any build takes, is nobody's. */
function lockIsStale() {
  try {
    const age = Date.now() - fs.statSync(LOCK).mtimeMs;
    const holder = Number(fs.readFileSync(LOCK, 'utf8'));
    return age > LOCK_LIFE_MS || (holder > 0 ? !isAlive(holder) : age > 1000);
  } catch {
    return false;
  }
}

/** True with the lock held, or false as soon as another builder has made what was wanted. */
function takeLock(isDone) {
  for (;;) {
    try {
      fs.writeFileSync(LOCK, String(process.pid), { flag: 'wx' });
      return true;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isDone()) return false;
    if (lockIsStale()) fs.rmSync(LOCK, { force: true });
    else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
  }
}

function compile(into) {
  const scratch = fs.mkdtempSync(join(tmpdir(), 'sottovoce-build-'));
  try {
    const config = join(scratch, 'tsconfig.json');
    fs.writeFileSync(config, JSON.stringify({ extends: join(ROOT, 'tsconfig.build.json'), compilerOptions: { outDir: into } }));
    const args = [NEST, 'build', '--silent', '--path', relative(ROOT, config)];
    const result = spawnSync(findNode(), args, { cwd: ROOT, encoding: 'utf8' });
    if (result.status === 0 && fs.existsSync(into)) return;
    throw new Error(
      `nest build failed (${result.error ? result.error.message : `exit ${result.status}`}).\n${result.stdout}${result.stderr}`,
    );
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true });
  }
}

/** What the page at /docs/socket loads: it comes from a package that an installation without development tools does not have. */
function copyPage(into) {
  const from = join(ROOT, 'node_modules', '@asyncapi', 'react-component');
  const folder = join(into, 'socket-page');
  fs.mkdirSync(folder, { recursive: true });
  fs.copyFileSync(join(from, 'browser', 'standalone', 'without-parser.js'), join(folder, 'asyncapi.js'));
  fs.copyFileSync(join(from, 'styles', 'default.min.css'), join(folder, 'style.css'));
  fs.copyFileSync(join(from, 'LICENSE'), join(folder, 'LICENSE'));
}

/** rename() does not replace a folder that holds files, so the old one steps aside first; nobody finds a mixture. */
function swap(next) {
  const old = `${next}-old`;
  for (;;) {
    try {
      fs.renameSync(DIST, old);
    } catch (error) {
      if (error.code !== 'ENOENT') throw error;
    }
    try {
      fs.renameSync(next, DIST);
      break;
    } catch (error) {
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      fs.rmSync(old, { recursive: true, force: true });
    }
  }
  fs.rmSync(old, { recursive: true, force: true });
}

/** What a killed build left beside dist. */
function removeLeftovers() {
  for (const name of fs.readdirSync(ROOT)) {
    const path = join(ROOT, name);
    if (/^\.dist-\d+/.test(name) && Date.now() - fs.statSync(path).mtimeMs > LOCK_LIFE_MS) {
      fs.rmSync(path, { recursive: true, force: true });
    }
  }
}

function build(force) {
  const wanted = fingerprint();
  const isDone = () => builtFrom(DIST) === wanted;
  if (!force && isDone()) return;
  // An image may hold dist without sources or tools: what is there is what is meant.
  if (!force && builtFrom(DIST) !== undefined && !(fs.existsSync(join(ROOT, 'src')) && fs.existsSync(NEST))) return;
  if (findNode() === undefined) throw new Error('There is no Node 24 to build with: run "npm ci", or install Node 24.');
  if (!fs.existsSync(NEST)) throw new Error('The build tools are not installed: run "npm ci".');
  if (!takeLock(() => !force && isDone())) return;
  const startedAt = Date.now();
  const next = join(ROOT, `.dist-${process.pid}`);
  try {
    if (!force && isDone()) return;
    removeLeftovers();
    const from = fingerprint();
    compile(next);
    copyPage(next);
    fs.writeFileSync(join(next, STAMP), from);
    swap(next);
    console.log(`Built dist in ${((Date.now() - startedAt) / 1000).toFixed(1)} s.`);
  } finally {
    fs.rmSync(next, { recursive: true, force: true });
    fs.rmSync(LOCK, { force: true });
  }
}

try {
  build(process.argv.includes('--force'));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
