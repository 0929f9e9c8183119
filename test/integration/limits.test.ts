import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis as RedisClient } from 'ioredis';
import type { KafkaMessage } from 'kafkajs';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { compareOnline } from '../../src/replay/compare-online.ts';
import { groupFolder } from '../../src/sinks/group-folder.ts';
import { openRedisStore } from '../../src/sinks/redis-store.ts';
import { createKafkaClient } from '../../src/sources/kafka-client.ts';
import { KafkaPartitions } from '../../src/sources/kafka-partitions.ts';
import { deadLettersTopic, lateTopic } from '../../src/state/internal-topics.ts';
import { tidemark } from '../cli/command-line.ts';
import { type Redis, startRedis } from '../services/redis.ts';
import { createTopic, type ProducedRecord, produce } from '../services/topics.ts';
import { until } from '../services/until.ts';
import { untilCommitted, WorkerProcess } from '../services/worker.ts';
import { aGroup } from '../sinks/a-group.ts';

/** Records of 20 MB on the real broker and Redis: none of them ends a worker, and what is cut is said and counted. */

const HUGE = 20_000_000;
const HOUR = 3_600_000;
const T = Date.UTC(2026, 0, 1);

const brokers = inject('kafkaBrokers');
const folder = mkdtempSync(join(tmpdir(), 'tidemark-limits-'));
const definitionsFile = join(folder, 'notes.ts');
const app = `limits-${randomUUID().slice(0, 8)}`;
const revisionsTopic = `${app}.revisions`;
let topic: string;
let redis: Redis;
let worker: WorkerProcess;
let written = 0;

function note(user: string, hour: number, text: string | null, lateHours = 0): ProducedRecord {
  const timestamp = T + hour * HOUR;
  const value = JSON.stringify({ user_id: user, note: text, event_ts: timestamp - lateHours * HOUR });
  return { key: user, value, timestamp };
}

async function write(...records: readonly ProducedRecord[]): Promise<void> {
  written += await produce(brokers, topic, records, 1);
}

async function taken(): Promise<void> {
  await untilCommitted({ brokers, app, topic, records: written }, () => worker.log);
}

/** A worker whose local state is in a folder of its own. */
function start(state: string): void {
  const args = [definitionsFile, '--app', app, '--brokers', brokers, '--redis', redis.url, '--json'];
  args.push('--state-dir', join(folder, state), '--revisions-topic', revisionsTopic);
  worker = new WorkerProcess([...args, '--commit-interval', '200ms', '--metrics-port', '0']);
}

async function committedIn(output: string): Promise<readonly KafkaMessage[]> {
  const log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
  const partitions = new KafkaPartitions(
    createKafkaClient({ brokers: brokers.split(','), ssl: null, sasl: null }, log),
  );
  const signal = new AbortController().signal;
  const partition = { topic: output, partition: 0 };
  const found: KafkaMessage[] = [];
  try {
    const { low, high } = await partitions.ends(partition, signal);
    for await (const messages of partitions.read(partition, low, high, signal)) found.push(...messages);
  } finally {
    await partitions.close();
  }
  return found;
}

/** Lengths of values by key, and what was left out; revisions of other entities left aside. */
function told(messages: readonly KafkaMessage[]): unknown[] {
  return messages.map(({ key, value, headers }) => ({
    key: key!.toString(),
    bytes: value === null ? null : value.length,
    leftOut: headers?.['left_out_bytes']?.toString(),
  }));
}

beforeAll(async () => {
  redis = await startRedis({ args: [] });
  topic = await createTopic(brokers, 'limits', { config: { 'max.message.bytes': '40000000' } });
  writeFileSync(
    definitionsFile,
    `
import { count, defineFeatureGroup, defineSource, field, max } from 'tidemark';

export const notes = defineSource({
  name: 'notes',
  topic: '${topic}',
  key: 'user_id',
  schema: { user_id: field.string, note: field.nullable(field.string), event_ts: field.timestampMillis },
  eventTime: { field: 'event_ts' },
});

export const userNotes = defineFeatureGroup({
  name: 'user_notes',
  version: 1,
  source: notes,
  entity: 'user_id',
  every: '1h',
  features: { notes_6h: count({ last: '6h' }), greatest_note: max((n) => n.note, { last: '2d' }) },
});
`,
  );
});

afterAll(async () => {
  await worker?.kill();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('huge records are taken in, rejected and dropped as any others', async () => {
  start('first');
  await write(note('u1', 0, 'small'), { key: 'u1', value: Buffer.alloc(HUGE, 0xff), timestamp: T });
  await write(note('u2', 1, 'z'.repeat(HUGE)), note('u1', 24, 'small'));
  await write(note('u3', 25, 'x'.repeat(HUGE), 200), note('u1', 26, 'last'));
  await taken();
});

test('their copies in other topics go without the value, which is said and counted', async () => {
  await until(
    async () => (await committedIn(lateTopic(app))).length === 1,
    () => worker.log,
  );
  const { length: lateBytes } = note('u3', 25, 'x'.repeat(HUGE), 200).value as string;
  expect(told(await committedIn(deadLettersTopic(app)))).toEqual([
    { key: 'u1', bytes: null, leftOut: String(HUGE) },
  ]);
  expect(told(await committedIn(lateTopic(app)))).toEqual([
    { key: 'u3', bytes: null, leftOut: String(lateBytes) },
  ]);
  const revisions = await committedIn(revisionsTopic);
  const huge = revisions.filter(({ key }) => key!.toString().includes('u2'));
  expect(huge.length).toBeGreaterThan(1);
  for (const { value, headers } of huge) {
    expect(value).toBe(null);
    expect(Number(headers!['left_out_bytes']!.toString())).toBeGreaterThan(HUGE);
  }
  expect(revisions.filter(({ value }) => value === null)).toHaveLength(huge.length);
  const [, port] = /"port":(\d+)/.exec(worker.log)!;
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const counts = Array.from(
    text.matchAll(/^tidemark_values_left_out_total\{topic="(.*)"\} (\d+)$/gm),
    (match) => match.slice(1),
  );
  expect(Object.fromEntries(counts)).toEqual({
    [deadLettersTopic(app)]: '1',
    [lateTopic(app)]: '1',
    [revisionsTopic]: String(huge.length),
  });
});

test('a state of that size survives the loss of the machine', async () => {
  await worker.kill();
  start('second');
  await write(note('u2', 27, null));
  await taken();
  const { exitCode, stderr } = await worker.terminate();
  expect(exitCode, stderr).toBe(0);
});

test('the store holds what a replay says', async () => {
  const [archive, rows] = [join(folder, 'archive'), join(folder, 'rows')];
  for (const args of [
    ['archive', '--brokers', brokers, '--topic', topic, '--out', archive],
    ['replay', definitionsFile, '--from', archive, '--rows', 'all', '--out', rows],
  ]) {
    const { exitCode, stderr } = await tidemark([...args, '--json']);
    expect(exitCode, stderr).toBe(0);
  }
  const [group] = (await loadDefinitions(definitionsFile)).groups;
  const store = await openRedisStore({ url: redis.url });
  try {
    const { differences, rows: compared } = await compareOnline(
      group!,
      join(rows, groupFolder(group!)),
      store,
    );
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(3);
    const latest = await store.latest(group!, ['u2']);
    expect((latest!.values[1] as string).length).toBe(HUGE);
  } finally {
    await store.close();
  }
});

test('large rows go to the store in small company', async () => {
  const group = aGroup({ name: 'large', features: { note: 'string' } });
  const rows = Array.from({ length: 4 }, (_, index) => ({
    entity: [`c${index}`],
    windowEnd: T,
    version: 1,
    knownAt: T,
    leave: null,
    values: ['z'.repeat(5_000_000)],
    watermark: T,
  }));
  const client = new RedisClient(redis.url);
  const calls = async () => Number(/cmdstat_evalsha:calls=(\d+)/.exec(await client.info('commandstats'))![1]);
  const store = await openRedisStore({ url: redis.url });
  try {
    const before = await calls();
    expect(await store.write(group, rows)).toEqual({ accepted: 4, equal: 0, stale: 0 });
    expect((await calls()) - before).toBe(4);
  } finally {
    await store.close();
    client.disconnect();
  }
});
