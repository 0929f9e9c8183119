import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { ServedLogReader } from '../../src/serving/served-log-reader.ts';
import { SqliteOnlineStore } from '../../src/sinks/sqlite-store.ts';
import { plainEnvironment, TIDEMARK } from '../cli/command-line.ts';

/** `tidemark serve` as users start it, and a caller in another language. */

const DEFINITIONS = fileURLToPath(new URL('../../examples/card-risk.ts', import.meta.url));
const PYTHON_EXAMPLE = fileURLToPath(new URL('../../examples/read_features.py', import.meta.url));
const TOKEN = 'b1946ac92492d2347c6235b4d2611184';
const T = 1_772_928_300_000;

let folder = '';
let sqlite = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-serve-'));
  sqlite = join(folder, 'online.sqlite');
  writeFileSync(join(folder, 'tokens'), `${TOKEN}\n`);
  const { groups } = await loadDefinitions(DEFINITIONS);
  const store = new SqliteOnlineStore({ file: sqlite });
  const row = { windowEnd: T, version: 173_011, knownAt: T + 34_000, leave: T + 900_000, watermark: T };
  await store.write(groups[0]!, [{ ...row, entity: ['c-1042'], values: [13, null, 561.7, 4, 1.5] }]);
  await store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Served {
  readonly child: ChildProcess;
  readonly url: string;
  /** Exit status, and what was written meanwhile. */
  readonly ended: Promise<{
    readonly exitCode: number | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

async function start(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Served> {
  const command = [TIDEMARK, 'serve', DEFINITIONS, '--sqlite', sqlite, '--port', '0', '--log-json', ...args];
  const child = spawn(process.execPath, command, {
    env: { ...plainEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  const ended = new Promise<Awaited<Served['ended']>>((resolve) => {
    child.on('close', (exitCode) => resolve({ exitCode, stdout, stderr }));
  });
  const port = await new Promise<number>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      const line = stderr.split('\n').find((each) => each.includes('"msg":"serving"'));
      if (line !== undefined) resolve(JSON.parse(line).port);
    });
    child.on('close', () => reject(new Error(stderr)));
  });
  return { child, url: `http://127.0.0.1:${port}`, ended };
}

function python(args: readonly string[], token: string) {
  const env = { ...process.env, TIDEMARK_TOKEN: token };
  const { error, status, stdout, stderr } = spawnSync('python3', [PYTHON_EXAMPLE, ...args], {
    env,
    encoding: 'utf8',
  });
  if (error !== undefined)
    throw new Error('this test needs Python 3: install it as `python3`', { cause: error });
  return { status, stdout, stderr };
}

test('features are read from Python; SIGTERM ends the server when everything is answered and logged', async () => {
  const servedLog = join(folder, 'served');
  const args = ['--token-file', join(folder, 'tokens'), '--served-log', servedLog, '--json'];
  const { child, url, ended } = await start(args);

  const read = python([url, 'card_risk', 'card_id=c-1042', 'card_id=c-7'], TOKEN);
  expect(read).toMatchObject({ status: 0, stderr: '' });
  const answers = read.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(answers).toMatchObject([
    {
      group: 'card_risk',
      entity: { card_id: 'c-1042' },
      window_end: T,
      version: 173_011,
      known_at: T + 34_000,
      due_to_fall: true,
      features: { card_txn_count_24h: 13, card_failed_txn_rate_1h: null, card_spend_24h: 561.7 },
    },
    { entity: { card_id: 'c-7' }, window_end: null, version: null, features: { card_txn_count_24h: null } },
  ]);
  expect(python([url, 'card_risk', 'card=c-7'], TOKEN)).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('400 feature group card_risk: "card" is no field of its entity'),
  });
  expect(python([url, 'card_risk', 'card_id=c-7'], 'wrong')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('401 the token is missing or wrong'),
  });

  child.kill('SIGTERM');
  const { exitCode, stdout, stderr } = await ended;
  expect(exitCode).toBe(0);
  expect(JSON.parse(stdout)).toEqual({
    requests: 3,
    answers: 2,
    refused: 2,
    failed: 0,
    servedLog: { written: 2, dropped: 0 },
  });
  expect(stderr).not.toContain(TOKEN);
  expect(readdirSync(servedLog)).toHaveLength(1);
  const versions: (number | null)[] = [];
  for await (const { entry } of new ServedLogReader(servedLog).entries())
    versions.push(entry.row?.version ?? null);
  expect(versions).toEqual([173_011, null]);
});

test('a token of the environment opens the server, and anyone may read where that is said', async () => {
  const read = (url: string, headers: Record<string, string> = {}) =>
    fetch(`${url}/v1/groups/card_risk?card_id=c-1042`, { headers }).then(({ status }) => status);
  const closed = await start([], { TIDEMARK_TOKEN: TOKEN });
  expect(await read(closed.url)).toBe(401);
  expect(await read(closed.url, { authorization: `Bearer ${TOKEN}` })).toBe(200);
  closed.child.kill('SIGTERM');
  const open = await start(['--allow-anonymous']);
  expect(await read(open.url)).toBe(200);
  open.child.kill('SIGTERM');
  expect((await closed.ended).exitCode).toBe(0);
  expect((await open.ended).exitCode).toBe(0);
});

test.each([
  ['absent', undefined, 'the tokens cannot be read (ENOENT)'],
  ['empty', '\n', 'there is no token'],
  ['short', 'secret\n', 'a token is shorter than 16 characters'],
  ['spaced', 'Bearer 0123456789abcdef\n', 'a token holds a space'],
])('a file of tokens that is %s is refused', async (name, text, message) => {
  const file = join(folder, name);
  if (text !== undefined) writeFileSync(file, text);
  await expect(start(['--token-file', file])).rejects.toThrow(`${file}: ${message}`);
});

test('a port that is taken is refused, and nothing stays open', async () => {
  const { child, url, ended } = await start(['--allow-anonymous']);
  const { port } = new URL(url);
  await expect(start(['--allow-anonymous', '--port', port])).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}`,
  );
  child.kill('SIGTERM');
  await ended;
});
