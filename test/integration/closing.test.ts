import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createKafkaClient } from '../../src/sources/kafka-client.ts';
import { KafkaPartitions } from '../../src/sources/kafka-partitions.ts';
import { LmdbStateStore } from '../../src/state/lmdb-state-store.ts';
import type { Closing } from '../../src/state/state-store.ts';
import { judgeOutcome } from '../chaos/outcome.ts';
import { type Redis, startRedis } from '../services/redis.ts';
import { createTopic, type ProducedRecord, produce } from '../services/topics.ts';
import { until } from '../services/until.ts';
import { untilCommitted, WorkerProcess } from '../services/worker.ts';

/**
 * One record closes the rows of many entities, most of which are not held in memory, and the worker is killed half way,
 * and once more: each time it goes on behind the last entity that a commit covers.
 */

const USERS = 40_000;
/** Of each user early, on time, and where it leaves the first range and the second; of the one that closes them early. */
const REVISIONS = 4 * USERS + 1;
const DEATHS = 2;
const HOUR = 3_600_000;
const T = Date.UTC(2026, 0, 1);
const GROUP = { group: 'user_notes', version: 1 };

const brokers = inject('kafkaBrokers');
const folder = mkdtempSync(join(tmpdir(), 'tidemark-closing-'));
const definitionsFile = join(folder, 'notes.ts');
const stateDir = join(folder, 'state');
const app = `closing-${randomUUID().slice(0, 8)}`;
const revisionsTopic = `${app}.revisions`;
const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const partitions = new KafkaPartitions(
  createKafkaClient({ brokers: brokers.split(','), ssl: null, sasl: null }, log),
);
let topic: string;
let redis: Redis;
let worker: WorkerProcess;

function note(user: string, hour: number): ProducedRecord {
  const timestamp = T + hour * HOUR;
  return { key: user, value: JSON.stringify({ user_id: user, event_ts: timestamp }), timestamp };
}

function start(): void {
  const args = [definitionsFile, '--app', app, '--brokers', brokers, '--redis', redis.url, '--json'];
  args.push('--state-dir', stateDir, '--revisions-topic', revisionsTopic);
  worker = new WorkerProcess([...args, '--commit-interval', '50ms', '--cache-entities', '500']);
}

async function taken(records: number): Promise<void> {
  await untilCommitted({ brokers, app, topic, records }, () => worker.log);
}

async function revisionsEnd(): Promise<number> {
  return (await partitions.ends({ topic: revisionsTopic, partition: 0 }, new AbortController().signal)).high;
}

/** Two commits with revisions: the second follows the local store's write of the first. */
async function twoCommits(): Promise<void> {
  for (const _ of [1, 2]) {
    const end = await revisionsEnd();
    await until(
      async () => (await revisionsEnd()) > Math.min(end, REVISIONS - 1),
      () => worker.log,
    );
  }
}

/** Half way through which close the task was stored last. */
async function storedClosing(): Promise<Closing | undefined> {
  const store = LmdbStateStore.open(stateDir);
  try {
    return store.progress({ ...GROUP, topic, partition: 0 })?.closing;
  } finally {
    await store.close();
  }
}

beforeAll(async () => {
  redis = await startRedis({ args: [] });
  topic = await createTopic(brokers, 'closing');
  writeFileSync(
    definitionsFile,
    `
import { count, defineFeatureGroup, defineSource, field } from 'tidemark';

export const notes = defineSource({
  name: 'notes',
  topic: '${topic}',
  key: 'user_id',
  schema: { user_id: field.string, event_ts: field.timestampMillis },
  eventTime: { field: 'event_ts' },
  watermark: { maxAhead: null },
});

export const userNotes = defineFeatureGroup({
  name: '${GROUP.group}',
  version: ${GROUP.version},
  source: notes,
  entity: 'user_id',
  every: '1h',
  features: { notes_1h: count({ last: '1h' }), notes_6h: count({ last: '6h' }) },
});
`,
  );
});

afterAll(async () => {
  await worker?.kill();
  await partitions.close();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('a worker that dies while it closes the rows of many entities goes on where it was', async () => {
  start();
  const users = Array.from({ length: USERS }, (_, index) => note(`user ${index % 7}.${index}`, 0));
  await produce(brokers, topic, users);
  await taken(USERS);

  await produce(brokers, topic, [note('the last one', 12)]);
  const versions: (number | undefined)[] = [];
  for (let death = 0; death < DEATHS; death++) {
    await twoCommits();
    await worker.kill();
    versions.push((await storedClosing())?.version);
    start();
  }
  expect(versions).toEqual(Array.from({ length: DEATHS }, () => USERS + 1));

  await taken(USERS + 1);
  await until(
    async () => (await revisionsEnd()) >= REVISIONS,
    () => worker.log,
  );
  const { exitCode, stderr } = await worker.terminate();
  expect(exitCode, stderr).toBe(0);
  expect(await storedClosing()).toBeUndefined();
  const outcome = await judgeOutcome({
    ...{ definitionsFile, brokers, app, topic, revisionsTopic, folder },
    redisUrl: redis.url,
  });
  expect(outcome.differences).toEqual([]);
  expect(outcome.revisions).toBe(REVISIONS);
});
