import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { createHttpServer } from '../../src/serving/http-server.ts';
import { OnlineReader } from '../../src/serving/online-reader.ts';
import { ServeMetrics } from '../../src/serving/serve-metrics.ts';
import { compileEntryReader, parseServedLine } from '../../src/serving/served-log.ts';
import { StoreWatch } from '../../src/serving/store-watch.ts';
import { SqliteOnlineStore } from '../../src/sinks/sqlite-store.ts';
import { codeBlocks, readPage } from './markdown.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const page = readPage('serving.md');
const { groups } = await loadDefinitions(join(ROOT, 'examples/card-risk.ts'));
const cardRisk = groups[0]!;

const readEntry = compileEntryReader(cardRisk);

/** The row that the page shows. */
const T = 1_772_928_300_000;
const ROW = {
  entity: ['c-1042'],
  windowEnd: T,
  version: 173_011,
  knownAt: T + 34_000,
  leave: T + 900_000,
  values: [13, null, 561.7, 4, 1.5849625007211563],
  watermark: T,
};

let folder = '';
let file = '';
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-serving-page-'));
  file = join(folder, 'online.sqlite');
  const store = new SqliteOnlineStore({ file });
  await store.write(cardRisk, [ROW]);
  await store.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('shows a program that reads, as it stands, from the built package', () => {
  const [program] = codeBlocks(page, 'ts');
  const redis = "{ kind: 'redis', url: 'redis://localhost:6379' }";
  expect(program).toContain(redis);
  const sqlite = program!.replace(redis, `{ kind: 'sqlite', file: ${JSON.stringify(file)} }`);
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules/tidemark'));
  copyFileSync(join(ROOT, 'examples/card-risk.ts'), join(folder, 'card-risk.ts'));
  const told = 'console.log(JSON.stringify([card, other]));\nawait reader.close();\n';
  writeFileSync(join(folder, 'read.mts'), `${sqlite}${told}`);
  const { stdout, stderr } = spawnSync(process.execPath, ['read.mts'], { cwd: folder, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject([
    { windowEnd: T, version: 173_011, values: { card_txn_count_24h: 13, card_failed_txn_rate_1h: null } },
    { windowEnd: null, values: { card_txn_count_24h: null } },
  ]);
});

it('shows what the server answers', async () => {
  const reader = await OnlineReader.open({ groups, store: { kind: 'sqlite', file } });
  const silent = { debug() {}, info() {}, warn() {}, error() {} };
  const server = await createHttpServer({
    groups,
    reader,
    tokens: null,
    servedLog: null,
    metrics: new ServeMetrics(null),
    watch: new StoreWatch(silent),
    log: silent,
    signal: new AbortController().signal,
  });
  const [, path] = /'http:\/\/localhost:8080(\/v1\/groups\S*)'/.exec(page)!;
  const [, body] = /-d '(.*)'$/m.exec(page)!;
  const headers = { 'content-type': 'application/json' };
  const answers = [
    await server.inject(path!),
    await server.inject({ url: '/v1/read', method: 'POST', headers, payload: body! }),
    await server.inject('/v1/groups/card_risk?card=c-1042'),
  ];
  for (const { body } of answers) expect(page.split('\n')).toContain(body);
  const card = (id: string) => ({ group: 'card_risk', entity: { card_id: id } });
  const batch = await server.inject({
    url: '/v1/read',
    method: 'POST',
    payload: { reads: [card('c-1042'), card('c-7')] },
  });
  const fromPython = page.split('\n').filter((line) => line.startsWith('{"group": '));
  expect(fromPython.map((line) => JSON.parse(line))).toEqual(batch.json().answers);
  await server.close();
  await reader.close();
});

it('shows lines of the served log that can be read', () => {
  const lines = page.split('\n').filter((line) => line.startsWith('{"format"'));
  const entries = lines.map(parseServedLine);
  expect(entries.map(({ fingerprint }) => fingerprint)).toEqual([cardRisk.fingerprint, cardRisk.fingerprint]);
  expect(entries.map((entry) => readEntry(entry))).toEqual([
    { entity: ['c-1042'], values: new Map([['card_txn_count_24h', 13]]) },
    { entity: ['c-7'], values: null },
  ]);
});
