import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { plainEnvironment } from '../cli/command-line.ts';

const RUN = fileURLToPath(new URL('../../benchmarks/run.ts', import.meta.url));

interface Results {
  readonly results: readonly { benchmark: string; rows: readonly Record<string, unknown>[] }[];
}

/** Runs benchmarks in their small sizes and gives the rows of their tables. */
export async function runQuick(
  names: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Results['results']> {
  const child = spawn(process.execPath, [RUN, ...names, '--quick', '--json'], {
    env: { ...plainEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code, stderr).toBe(0);
  return (JSON.parse(stdout) as Results).results;
}
