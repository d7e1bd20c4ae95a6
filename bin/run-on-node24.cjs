#!/usr/bin/env node
// Runs its arguments on Node 24: the process's own Node when that is 24 or newer, else the packaged one, else one clear line.
// Written for old Nodes on purpose: CommonJS and no syntax newer than Node 12.
'use strict';
const { spawn } = require('node:child_process');
const { join } = require('node:path');
const { existsSync } = require('node:fs');

function findNode() {
  if (Number(process.versions.node.split('.')[0]) >= 24) return process.execPath;
  const packaged = join(__dirname, '..', 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
  return existsSync(packaged) ? packaged : undefined;
}

function run(args) {
  const node = findNode();
  if (node === undefined) {
    console.error(
      `Sottovoce needs Node 24 or newer; this is ${process.versions.node} on ${process.platform}-${process.arch}. ` +
        'Run "npm ci" (it brings Node 24 on Linux x64 and arm64) or install Node 24.',
    );
    process.exit(1);
  }
  const child = spawn(node, args, { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, function forward() {
      child.kill(signal);
    });
  }
  child.on('exit', function exited(code, signal) {
    process.exitCode = code === null ? 128 + (signal === 'SIGKILL' ? 9 : 15) : code;
  });
  child.on('error', function failed(error) {
    console.error(`Sottovoce could not start ${node}: ${error.message}`);
    process.exitCode = 1;
  });
}

module.exports = { findNode };
if (require.main === module) run(process.argv.slice(2));
