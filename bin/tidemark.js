#!/usr/bin/env node
// Starts the command line on a Node that can run it. Plain JavaScript that old versions of Node read too:
// where the running Node is too old, the one that `npm install` brought (package `node`) takes over.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const OLDEST_NODE = [22, 18];
/** Set for the process that a launcher started, so that it never starts another. */
const RELAUNCHED = 'TIDEMARK_RELAUNCHED';
const WRONG_USE = 2;

const relaunched = process.env[RELAUNCHED] === '1';
delete process.env[RELAUNCHED];

if (isRecent(process.versions.node)) {
  if (relaunched) endWithLauncher();
  await start();
} else {
  const node = relaunched ? null : installedNode();
  if (node === null) {
    fail(
      `Node ${process.versions.node} is too old: tidemark needs ${OLDEST_NODE.join('.')} or newer`,
      'Run `npm install` with install scripts allowed, which brings a suitable Node, or install one yourself.',
    );
  } else {
    relaunch(node);
  }
}

function isRecent(version) {
  const [major, minor] = version.split('.').map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

async function start() {
  const main = new URL('../dist/cli/main.js', import.meta.url);
  if (!existsSync(main)) {
    fail('tidemark is not built: dist/cli/main.js is missing', 'Run `npm run build` in its folder.');
    return;
  }
  const { main: run } = await import(main.href);
  await run(process.argv.slice(2));
}

/** The Node of the package `node` as this package sees it, wherever the package manager put it; null if none. */
function installedNode() {
  try {
    const home = dirname(createRequire(import.meta.url).resolve('node/package.json'));
    const node = join(home, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
    return existsSync(node) ? node : null;
  } catch (error) {
    if (error.code === 'MODULE_NOT_FOUND') return null;
    throw error;
  }
}

/** Runs the same command on another Node and ends as it ends: same exit status, same signal. */
function relaunch(node) {
  const child = spawn(node, [...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, [RELAUNCHED]: '1' },
    // The channel carries nothing: its end tells the child that this process is gone, even by SIGKILL.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR2'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`cannot start ${node}: ${error.message}`, 'Run `npm install` again.'));
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    for (const name of signals) process.removeAllListeners(name);
    process.kill(process.pid, signal);
  });
}

/** A worker must not outlive the process that its user sees and kills. */
function endWithLauncher() {
  process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel?.unref();
}

function fail(what, remedy) {
  process.stderr.write(`tidemark: ${what}\n  ${remedy}\n`);
  process.exitCode = WRONG_USE;
}
