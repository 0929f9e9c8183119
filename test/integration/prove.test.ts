import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis as RedisClient } from 'ioredis';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import type { ProofSummary } from '../../src/proof/options.ts';
import { OnlineReader } from '../../src/serving/online-reader.ts';
import { ServedLog } from '../../src/serving/served-log-buffer.ts';
import { ServedLogFiles } from '../../src/serving/served-log-files.ts';
import { tidemark } from '../cli/command-line.ts';
import { cardGroups, cardRecords } from '../services/card-groups.ts';
import { type Redis, startRedis } from '../services/redis.ts';
import { createTopic, produce } from '../services/topics.ts';
import { untilCommitted, WorkerProcess } from '../services/worker.ts';

/**
 * A worker on the real broker and Redis takes in a stream as it grows and is killed in between; its rows are read all
 * the while. The archived topic must make every answer.
 */

const EVENTS = 12_000;
const CARDS = 200;
const PARTITIONS = 3;
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20_261_122);

const brokers = inject('kafkaBrokers');
const folder = mkdtempSync(join(tmpdir(), 'tidemark-prove-live-'));
const definitionsFile = join(folder, 'definitions.ts');
const archive = join(folder, 'archive');
const app = `prove-${randomUUID().slice(0, 8)}`;
let topic: string;
let redis: Redis;
let groups: readonly FeatureGroup[];

beforeAll(async () => {
  redis = await startRedis({ args: [] });
  topic = await createTopic(brokers, 'prove', { partitions: PARTITIONS });
  writeFileSync(definitionsFile, cardGroups(topic));
  ({ groups } = await loadDefinitions(definitionsFile));
});

afterAll(async () => {
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function startWorker(): WorkerProcess {
  const args = [definitionsFile, '--app', app, '--brokers', brokers, '--redis', redis.url, '--json'];
  args.push('--state-dir', join(folder, 'state'), '--commit-interval', '200ms', '--max-batch-records', '50');
  return new WorkerProcess(args);
}

/** Reads cards, sixteen in a request, until the work is done; every answer is logged. */
async function serveDuring(work: Promise<void>, servedLog: string): Promise<number> {
  const reader = await OnlineReader.open({ groups, store: { kind: 'redis', url: redis.url } });
  const log = new ServedLog({
    sink: new ServedLogFiles({ folder: servedLog, maxBytes: 1_000_000, maxAgeMs: 3_600_000 }),
    rate: 1,
    capacity: 100_000,
    logger: { info: () => {}, warn: () => {} },
  });
  const byCard = groups.filter(({ entity }) => entity.length === 1);
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  let first = 0;
  while (!isDone) {
    const requests = byCard.flatMap(({ name }) =>
      Array.from({ length: 8 }, (_, i) => ({ group: name, entity: `c${(first + i) % CARDS}` })),
    );
    first += 8;
    log.add(Date.now(), await reader.read(requests));
    // The log is written, and the worker works, between requests.
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await done;
  await log.close(10_000);
  await reader.close();
  expect(log.counts.dropped).toBe(0);
  return log.counts.written;
}

async function takeIn(): Promise<void> {
  const records = cardRecords({
    seed: SEED,
    count: EVENTS,
    cards: CARDS,
    partitions: PARTITIONS,
    defects: 0.002,
  });
  let worker = startWorker();
  await worker.assigned();
  const step = EVENTS / 20;
  for (let from = 0; from < EVENTS; from += step) {
    await produce(brokers, topic, records.slice(from, from + step));
    await new Promise((resolve) => setTimeout(resolve, 150));
    if (from !== EVENTS / 2) continue;
    await worker.kill();
    worker = startWorker();
  }
  await untilCommitted({ brokers, app, topic, records: EVENTS }, () => worker.log);
  const { exitCode, stderr } = await worker.terminate();
  expect(exitCode, stderr).toBe(0);
}

async function prove(servedLog: string): Promise<ProofSummary & { readonly exitCode: number | null }> {
  const args = ['prove', definitionsFile, '--served', servedLog, '--from', archive, '--json'];
  const { exitCode, stdout, stderr } = await tidemark(args);
  expect(stderr).toBe('');
  return { ...JSON.parse(stdout), exitCode };
}

test(`what was read while a worker worked is what the log makes, seed ${SEED}`, async () => {
  const served = join(folder, 'served');
  const written = await serveDuring(takeIn(), served);
  const archived = await tidemark(['archive', '--brokers', brokers, '--topic', topic, '--out', archive]);
  expect(archived.exitCode, archived.stderr).toBe(0);

  const summary = await prove(served);
  expect(summary).toMatchObject({ exitCode: 0, isProven: true, answers: written, differences: [], torn: [] });
  expect(summary.groups.map(({ group }) => group)).toEqual(['card_risk', 'card_outing']);
  for (const group of summary.groups) expect(group.proven).toBeGreaterThan(2000);
});

test('a row that is edited by hand in Redis is found in what is served then', async () => {
  const client = new RedisClient(redis.url);
  await client.hincrby('tidemark:{card_risk:1:c0}', 'txn_count_24h', 1);
  client.disconnect();
  const served = join(folder, 'served-edited');
  await serveDuring(new Promise((resolve) => setTimeout(resolve, 300)), served);
  const summary = await prove(served);
  expect(summary).toMatchObject({ exitCode: 1, isProven: false });
  expect(summary.differences.length).toBeGreaterThan(0);
  for (const difference of summary.differences) {
    expect(difference).toMatchObject({
      group: 'card_risk',
      entity: { card_id: 'c0' },
      differing: ['txn_count_24h'],
    });
  }
});
