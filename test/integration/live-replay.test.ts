import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Definitions } from '../../src/definitions/definition.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { Random } from '../../src/demo/random.ts';
import { compareOnline } from '../../src/replay/compare-online.ts';
import { openRedisStore } from '../../src/sinks/redis-store.ts';
import { tidemark } from '../cli/command-line.ts';
import { cardGroups, cardRecords } from '../services/card-groups.ts';
import { type Redis, startRedis } from '../services/redis.ts';
import { createTopic, type ProducedRecord, produce } from '../services/topics.ts';
import { untilCommitted, WorkerProcess } from '../services/worker.ts';

/**
 * Live against replay on the real broker and Redis: workers as a user starts them, stopped and started in the middle
 * of the stream, and the archived topic replayed. Every row that Redis holds must be replay's of that version.
 */

const EVENTS = 24_000;
const PARTITIONS = 3;
const STOPS = 10;
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20_261_122);

const brokers = inject('kafkaBrokers');
const folder = mkdtempSync(join(tmpdir(), 'tidemark-live-'));
const definitionsFile = join(folder, 'definitions.ts');
const archive = join(folder, 'archive');
const rows = join(folder, 'rows');
let topic: string;
let redis: Redis;
let definitions: Definitions;

function startWorker(app: string, database: number, batch: number): WorkerProcess {
  const args = [definitionsFile, '--app', app, '--brokers', brokers, '--json'];
  args.push('--redis', `${redis.url}/${database}`, '--state-dir', join(folder, app));
  args.push('--max-batch-records', String(batch), '--commit-interval', '200ms');
  return new WorkerProcess(args);
}

/** Stops it, and answers how many records it took in since it started. */
async function recordsUntilStop(worker: WorkerProcess): Promise<number> {
  const { exitCode, stdout, stderr } = await worker.terminate();
  expect(exitCode, stderr).toBe(0);
  return JSON.parse(stdout).records;
}

beforeAll(async () => {
  redis = await startRedis({ args: [] });
  topic = await createTopic(brokers, 'live', { partitions: PARTITIONS });
  writeFileSync(definitionsFile, cardGroups(topic));
  definitions = await loadDefinitions(definitionsFile);
});

afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe(`live against replay, seed ${SEED}`, () => {
  const cases = [
    { batch: 100, database: 1 },
    { batch: 10_000, database: 2 },
    { batch: 1, database: 3 },
  ];
  const apps = new Map(cases.map(({ batch }) => [batch, `app-${batch}-${randomUUID().slice(0, 8)}`]));

  test.each(cases)(
    `a worker with batches of $batch takes the stream in, stopped and started ${STOPS} times`,
    { timeout: 240_000 },
    async ({ batch, database }) => {
      const app = apps.get(batch)!;
      const random = new Random(SEED + batch);
      const records = cardRecords({
        seed: SEED,
        count: EVENTS,
        cards: 400,
        partitions: PARTITIONS,
        defects: 0.002,
      });
      // The first worker meets the stream as it grows, the others find it written.
      const producing = database === 1 ? produceSlowly(records) : Promise.resolve();
      let taken = 0;
      for (let stop = 0; stop < STOPS; stop++) {
        const worker = startWorker(app, database, batch);
        await worker.assigned();
        await sleep(random.below(600));
        taken += await recordsUntilStop(worker);
      }
      await producing;
      const worker = startWorker(app, database, batch);
      await worker.assigned();
      await untilCommitted({ brokers, app, topic, records: EVENTS }, () => worker.log);
      taken += await recordsUntilStop(worker);
      // Each record was taken in exactly once: every stop left the state at the exact record.
      expect(taken).toBe(EVENTS);
    },
  );

  test('the topic is archived and replayed from the command line', { timeout: 120_000 }, async () => {
    const archived = await tidemark([
      'archive',
      '--brokers',
      brokers,
      '--topic',
      topic,
      '--out',
      archive,
      '--json',
    ]);
    expect(archived.exitCode, archived.stderr).toBe(0);
    expect(JSON.parse(archived.stdout)).toMatchObject({ records: EVENTS, partitions: PARTITIONS });
    const replayed = await tidemark([
      'replay',
      definitionsFile,
      '--from',
      archive,
      '--out',
      rows,
      '--rows',
      'all',
      '--json',
    ]);
    expect(replayed.exitCode, replayed.stderr).toBe(0);
    const summary = JSON.parse(replayed.stdout);
    expect(summary.groups[0].revisions.late).toBeGreaterThan(0);
    expect(summary.sources[0].rejected).toMatchObject({
      undecodable: expect.any(Number),
      ahead: expect.any(Number),
    });
  });

  test.each(cases)(
    'with batches of $batch Redis holds what replay says, to the bit',
    async ({ database }) => {
      const store = await openRedisStore({ url: `${redis.url}/${database}` });
      try {
        for (const group of definitions.groups) {
          const directory = join(rows, group.name, `v=${group.version}`);
          const { rows: compared, entities, differences } = await compareOnline(group, directory, store);
          expect(differences).toEqual([]);
          expect(entities).toBeGreaterThan(300);
          expect(compared).toBeGreaterThan(entities);
        }
      } finally {
        await store.close();
      }
    },
  );
});

async function produceSlowly(records: readonly ProducedRecord[]): Promise<void> {
  const step = Math.ceil(records.length / 20);
  for (let from = 0; from < records.length; from += step) {
    await produce(brokers, topic, records.slice(from, from + step));
    await sleep(500);
  }
}
