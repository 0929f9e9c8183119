import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { plainEnvironment, TIDEMARK } from './command-line.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-process-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function start(args: readonly string[]): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const child = spawn(process.execPath, [TIDEMARK, ...args], {
    cwd: folder,
    env: plainEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (exitCode, signal) => resolve({ exitCode, signal, stderr }));
  });
  return { child, ended };
}

interface Ended {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

test.each(['SIGINT', 'SIGTERM'] as const)('%s stops long work, which says so and fails', async (signal) => {
  const { child, ended } = start(['demo', '--events', '5000000', '--out', signal, '--quiet']);
  while (!existsSync(join(folder, signal, 'archive'))) await sleep(20);
  child.kill(signal);
  expect(await ended).toEqual({ exitCode: 1, signal: null, stderr: `tidemark: stopped by ${signal}\n` });
});

test('a reader that has seen enough is no failure', async () => {
  const { child, ended } = start(['--help']);
  child.stdout?.destroy();
  expect(await ended).toEqual({ exitCode: 0, signal: null, stderr: '' });
});
