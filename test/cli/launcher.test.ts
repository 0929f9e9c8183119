import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { plainEnvironment, TIDEMARK, tidemark } from './command-line.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-launcher-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const OLD = "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } });";

/** Loaded before the launcher: makes the first process look old, and does `then` in the one that takes over. */
function oldNode(name: string, then: string): string[] {
  const file = join(folder, `${name}.cjs`);
  writeFileSync(file, `if (process.env.TIDEMARK_RELAUNCHED !== '1') { ${OLD} } else { ${then} }\n`);
  return ['--require', file];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe('ESRCH');
    return false;
  }
}

describe('the launcher', () => {
  test('works through a symbolic link and from another folder', async () => {
    const link = join(folder, 'tidemark');
    symlinkSync(TIDEMARK, link);
    const { exitCode, stdout } = await tidemark(['--version'], { cwd: folder, script: link });
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect(exitCode).toBe(0);
  });

  test('on an old Node hands over to the installed one, with output and exit status', async () => {
    const nodeArgs = oldNode('pass', '');
    const help = await tidemark(['--help'], { cwd: folder, nodeArgs });
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toContain('Usage: tidemark');
    expect(await tidemark(['get'], { cwd: folder, nodeArgs })).toMatchObject({ exitCode: 2 });
  });

  test('ends by the signal that ended the Node it handed over to', async () => {
    const nodeArgs = oldNode('signal', "process.kill(process.pid, 'SIGKILL')");
    const outcome = await tidemark(['--help'], { cwd: folder, nodeArgs });
    expect(outcome).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });

  test('says what to do when every Node is too old', async () => {
    const nodeArgs = oldNode('all-old', OLD);
    expect(await tidemark(['--help'], { cwd: folder, nodeArgs })).toEqual({
      exitCode: 2,
      signal: null,
      stdout: '',
      stderr:
        'tidemark: Node 20.1.0 is too old: tidemark needs 22.18 or newer\n' +
        '  Run `npm install` with install scripts allowed, which brings a suitable Node, or install one yourself.\n',
    });
  });

  test('takes the process that it started with it, even when killed', async () => {
    const stay = 'process.exit = () => {}; setInterval(() => {}, 1000); console.log(process.pid);';
    const launcher = spawn(process.execPath, [...oldNode('stay', stay), TIDEMARK, '--version'], {
      env: plainEnvironment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const worker = await new Promise<number>((resolve) => {
      let text = '';
      launcher.stdout.on('data', (chunk: Buffer) => {
        text += String(chunk);
        // The pid, then the version: the launcher's own work in that process is done.
        if (text.split('\n').length > 2) resolve(Number.parseInt(text, 10));
      });
    });
    expect(isAlive(worker)).toBe(true);
    launcher.kill('SIGKILL');
    while (isAlive(worker)) await sleep(20);
  });
});
