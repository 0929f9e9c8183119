import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Definitions, FeatureGroup } from '../../src/definitions/definition.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { Random } from '../../src/demo/random.ts';
import { compareOnline } from '../../src/replay/compare-online.ts';
import type { ReplaySummary } from '../../src/replay/options.ts';
import { openRedisStore } from '../../src/sinks/redis-store.ts';
import { LmdbStateStore } from '../../src/state/lmdb-state-store.ts';
import { tidemark } from '../cli/command-line.ts';
import { cardGroups, cardRecords } from '../services/card-groups.ts';
import { type Kafka, startKafka } from '../services/kafka.ts';
import { type Redis as RedisService, startRedis } from '../services/redis.ts';
import { createTopic, type ProducedRecord, produce } from '../services/topics.ts';
import { untilCommitted, WorkerProcess } from '../services/worker.ts';
import { parseLines } from '../sinks/offline-reader.ts';
import { RedisWatcher } from './redis-watcher.ts';
import { rowsOfNoReplay } from './seen-rows.ts';

/**
 * A worker takes a stream in while everything around it breaks, and it itself. What it leaves must be what a replay of
 * the topic says, to the bit, and no reader may ever have seen anything else.
 */

const EVENTS = 20_000;
const PARTITIONS = 3;
const CARDS = 200;
/** The most used cards, which change most often. */
const WATCHED = 40;
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20_261_122);

const folder = mkdtempSync(join(tmpdir(), 'tidemark-chaos-'));
const definitionsFile = join(folder, 'definitions.ts');
const stateDir = join(folder, 'state');
const archive = join(folder, 'archive');
const rows = join(folder, 'rows');
const app = `chaos-${randomUUID().slice(0, 8)}`;
const random = new Random(SEED);

let kafka: Kafka;
let redis: RedisService;
let topic: string;
let definitions: Definitions;
let worker: WorkerProcess;
/** How many records the topic holds: some more than were sent, where an answer of the broker was lost. */
let records = 0;
let summary: ReplaySummary;

/** Writes the stream bit by bit until it is at its end, at once from when `hurry` is aborted. */
async function produceSlowly(all: readonly ProducedRecord[], hurry: AbortSignal): Promise<void> {
  const step = 150;
  for (let from = 0; from < all.length; ) {
    try {
      await produce(kafka.brokers, topic, all.slice(from, from + step));
      from += step;
    } catch {
      // The broker is away; what it has taken of these records it takes twice.
    }
    if (!hurry.aborted) await sleep(400);
  }
}

function startWorker(): void {
  const args = [definitionsFile, '--app', app, '--brokers', kafka.brokers, '--redis', redis.url];
  args.push('--state-dir', stateDir, '--commit-interval', '300ms', '--report-interval', '1s');
  args.push('--durability', 'local');
  worker = new WorkerProcess([...args, '--max-batch-records', '500', '--json']);
}

async function killWorker(): Promise<void> {
  const { signal, stderr } = await worker.kill();
  expect(signal, `the worker had ended by itself\n${stderr}`).toBe('SIGKILL');
  startWorker();
}

async function whileOutOfMemory(work: () => Promise<unknown>): Promise<void> {
  const client = new Redis(redis.url);
  await client.config('SET', 'maxmemory', '1');
  try {
    await work();
  } finally {
    await client.config('SET', 'maxmemory', '0');
    client.disconnect();
  }
}

async function whileFrozen(work: () => Promise<unknown>): Promise<void> {
  const pid = redis.pid!;
  process.kill(pid, 'SIGSTOP');
  try {
    await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

const TROUBLES: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['the broker restarts', () => kafka.restart()],
  [
    'the broker crashes',
    async () => {
      await kafka.crash();
      await kafka.start();
    },
  ],
  ['Redis restarts', () => redis.restart()],
  [
    'Redis crashes',
    async () => {
      await redis.crash();
      await sleep(random.below(2000));
      await redis.start();
    },
  ],
  ['Redis is out of memory', () => whileOutOfMemory(() => sleep(2000 + random.below(2000)))],
  ['Redis hangs for some seconds', () => whileFrozen(() => sleep(2000 + random.below(3000)))],
  ['the worker is killed', killWorker],
  [
    'the worker is killed, and again as soon as it works',
    async () => {
      await killWorker();
      await worker.assigned();
      await sleep(random.below(300));
      await killWorker();
    },
  ],
  [
    'the worker is killed while Redis is out of memory',
    () =>
      whileOutOfMemory(async () => {
        await sleep(random.below(1000));
        await killWorker();
        await sleep(random.below(3000));
      }),
  ],
  [
    'the worker is stopped while Redis is out of memory, and started while it still is',
    () =>
      whileOutOfMemory(async () => {
        await worker.says('is out of memory');
        const { exitCode, stderr } = await worker.terminate();
        expect(exitCode, stderr).toBe(0);
        startWorker();
        await sleep(random.below(2000));
      }),
  ],
  [
    'the worker is killed while the broker restarts',
    async () => {
      const restarted = kafka.restart();
      await sleep(random.below(1500));
      await worker.kill();
      await restarted;
      startWorker();
    },
  ],
];

beforeAll(async () => {
  [kafka, redis] = await Promise.all([
    startKafka({ properties: {} }),
    startRedis({ args: ['--appendonly', 'yes', '--appendfsync', 'always'] }),
  ]);
  topic = await createTopic(kafka.brokers, 'chaos', { partitions: PARTITIONS });
  writeFileSync(definitionsFile, cardGroups(topic));
  definitions = await loadDefinitions(definitionsFile);
});

afterAll(async () => {
  await worker?.kill();
  await Promise.all([kafka?.stop(), redis?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

describe(`a worker among outages, seed ${SEED}`, () => {
  let watcher: RedisWatcher;

  test('takes in the stream whatever breaks', { timeout: 300_000 }, async () => {
    const cards = Array.from({ length: WATCHED }, (_, rank) => `c${rank}`);
    watcher = new RedisWatcher(redis.url, group('card_risk'), cards);
    await watcher.start();
    const hurry = new AbortController();
    const producing = produceSlowly(
      cardRecords({ seed: SEED, count: EVENTS, cards: CARDS, partitions: PARTITIONS, defects: 0.005 }),
      hurry.signal,
    );
    startWorker();
    await worker.assigned();
    try {
      for (const [name, happens] of shuffled(TROUBLES)) {
        await sleep(300 + random.below(1200));
        console.log(`seed ${SEED}: ${name}`);
        await happens();
        await worker.assigned();
      }
    } finally {
      hurry.abort();
      await producing;
    }
    records = await archiveTopic();
    // The state is at least as far as the offsets.
    await untilCommitted({ brokers: kafka.brokers, app, topic, records }, () => worker.log);
    const { exitCode, stderr } = await worker.terminate();
    expect(exitCode, stderr).toBe(0);
    await watcher.stop();
    expect(watcher.reads).toBeGreaterThan(10_000);
    expect(watcher.unanswered).toBeGreaterThan(0);
  });

  test('and leaves in Redis what replay says, to the bit', { timeout: 120_000 }, async () => {
    await replayTopic();
    const store = await openRedisStore({ url: redis.url });
    try {
      for (const each of definitions.groups) {
        const { entities, differences } = await compareOnline(each, rowsOf(each), store);
        expect(differences).toEqual([]);
        expect(entities).toBeGreaterThan(100);
      }
    } finally {
      await store.close();
    }
  });

  test('each record counts once in its state', async () => {
    const state = LmdbStateStore.open(stateDir);
    try {
      for (const each of definitions.groups) {
        const sums: Record<string, number> = {};
        let consumed = 0;
        for (let partition = 0; partition < PARTITIONS; partition++) {
          const { name, version } = each;
          const progress = state.progress({ group: name, version, topic, partition })!;
          consumed += progress.nextOffset;
          for (const [counter, value] of Object.entries(progress.counters)) {
            sums[counter] = (sums[counter] ?? 0) + value;
          }
        }
        const replayed = summary.groups.find(({ group }) => group === each.name)!;
        expect(consumed).toBe(records);
        expect(sums).toMatchObject({
          late: replayed.late + replayed.dropped,
          partlyLate: replayed.partlyLate,
          dropped: replayed.dropped,
        });
        if (each.where === null) {
          const rejected = Object.values(summary.sources[0]!.rejected).reduce((a, b) => a + b);
          expect(sums['records']).toBe(records - rejected);
        }
      }
    } finally {
      await state.close();
    }
  });

  test('each rejected and dropped record stands in its file once', () => {
    const files = [
      '_sources/transactions/rejected.jsonl',
      ...definitions.groups.flatMap(({ name, version }) =>
        ['rejected', 'dropped'].map((kind) => `${name}/v=${version}/${kind}.jsonl`),
      ),
    ];
    const lines = new Map<string, number>();
    for (const file of files) {
      const live = byPosition(join(stateDir, 'dead-letters', file));
      expect(live, file).toEqual(byPosition(join(rows, file)));
      lines.set(file, live.length);
    }
    expect(lines.get(files[0]!)).toBeGreaterThan(50);
    expect(lines.get('card_risk/v=1/dropped.jsonl')).toBeGreaterThan(50);
  });

  test('and no reader ever saw a row that is torn, gone, older or not one of replay’s', async () => {
    expect(watcher.violations).toEqual([]);
    const each = group('card_risk');
    // On a busy machine rows come in fewer, larger writes, and a reader meets fewer of them.
    expect(watcher.seen.size).toBeGreaterThan(100);
    expect(await rowsOfNoReplay(watcher.seen, each, rowsOf(each))).toEqual([]);
  });
});

function rowsOf({ name, version }: FeatureGroup): string {
  return join(rows, name, `v=${version}`);
}

/** The records of a dead-letter file; those of several partitions mix as it happens. */
function byPosition(file: string): Record<string, unknown>[] {
  const place = (record: Record<string, unknown>) =>
    Number(record['partition']) * 2 ** 32 + Number(record['offset']);
  return parseLines(readFileSync(file, 'utf8')).sort((a, b) => place(a) - place(b));
}

function group(name: string): FeatureGroup {
  return definitions.groups.find((group) => group.name === name)!;
}

function shuffled<T>(all: readonly T[]): T[] {
  const result = [...all];
  for (let last = result.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [result[last], result[other]] = [result[other]!, result[last]!];
  }
  return result;
}

async function archiveTopic(): Promise<number> {
  const source = ['--brokers', kafka.brokers, '--topic', topic];
  const { exitCode, stdout, stderr } = await tidemark(['archive', ...source, '--out', archive, '--json']);
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout).records;
}

async function replayTopic(): Promise<void> {
  const places = ['--from', archive, '--out', rows];
  const { exitCode, stdout, stderr } = await tidemark([
    'replay',
    definitionsFile,
    ...places,
    '--rows',
    'all',
    '--json',
  ]);
  expect(exitCode, stderr).toBe(0);
  summary = JSON.parse(stdout);
}
