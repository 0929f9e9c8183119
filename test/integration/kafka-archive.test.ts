import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { openArchive } from '../../src/sources/archive-reader.ts';
import { archiveTopic } from '../../src/sources/kafka-archive.ts';
import type { ArchiveOptions } from '../../src/sources/kafka-options.ts';
import { createTopic, deleteRecords, produce } from '../services/topics.ts';

const brokers = inject('kafkaBrokers');
let out: string;
beforeEach(async () => {
  out = await mkdtemp(join(tmpdir(), 'tidemark-archive-'));
});
afterEach(() => rm(out, { recursive: true, force: true }));

function archive(topic: string, options: Partial<ArchiveOptions> = {}) {
  const kafka = { brokers: brokers.split(','), ssl: null, sasl: null };
  return archiveTopic({ kafka, topic, out, signal: new AbortController().signal, ...options });
}

function* numbered(from: number, to: number, partition = 0) {
  for (let index = from; index < to; index++) {
    const headers = index % 3 === 0 ? { trace: `t${index}` } : {};
    yield { partition, key: `k${index}`, value: `v${index}`, timestamp: 1_600_000_000_000 + index, headers };
  }
}

async function archived(topic: string, partition: number) {
  const records = [];
  for await (const batch of (await openArchive(out)).read(topic, partition, 0))
    records.push(...batch.records);
  return records;
}

test('a topic of several partitions, record by record; again, nothing; after more records, those', async () => {
  const topic = await createTopic(brokers, 'archived', { partitions: 3 });
  await produce(brokers, topic, numbered(0, 2000, 0));
  await produce(brokers, topic, numbered(0, 1, 2));
  const seen: number[] = [];
  const onProgress = ({ done, total }: { done: number; total: number | null }) => {
    expect(total).toBe(2001);
    seen.push(done);
  };
  expect(await archive(topic, { onProgress })).toEqual({ partitions: 3, records: 2001, files: 2 });
  expect(seen.at(-1)).toBe(2001);
  expect(await archived(topic, 1)).toEqual([]);
  const first = await archived(topic, 0);
  expect(first.map(({ offset }) => offset)).toEqual(Array.from({ length: 2000 }, (_, index) => index));
  expect(first[7]).toEqual({
    offset: 7,
    timestamp: 1_600_000_000_007,
    key: Buffer.from('k7'),
    value: Buffer.from('v7'),
  });
  expect(await archive(topic)).toEqual({ partitions: 3, records: 0, files: 0 });
  await produce(brokers, topic, numbered(2000, 2500, 0));
  await produce(brokers, topic, numbered(0, 10, 1));
  expect(await archive(topic)).toEqual({ partitions: 3, records: 510, files: 2 });
  expect((await archived(topic, 0)).map(({ value }) => String(value))).toEqual(
    Array.from({ length: 2500 }, (_, index) => `v${index}`),
  );
  expect(await archived(topic, 1)).toHaveLength(10);
});

test('a call that is broken off leaves whole files, and the next one goes on', async () => {
  const topic = await createTopic(brokers, 'broken-off', { partitions: 2 });
  for (const partition of [0, 1]) {
    await produce(
      brokers,
      topic,
      (function* () {
        for (const record of numbered(0, 20_000, partition))
          yield { ...record, value: record.value.padEnd(400) };
      })(),
    );
  }
  const controller = new AbortController();
  const part = await archive(topic, { signal: controller.signal, onProgress: () => controller.abort() });
  expect(part.records).toBeGreaterThan(0);
  expect(part.records).toBeLessThan(40_000);
  const files = await readdir(out, { recursive: true });
  expect(files.filter((name) => name.endsWith('.tmp'))).toEqual([]);
  const rest = await archive(topic);
  expect(part.records + rest.records).toBe(40_000);
  for (const partition of [0, 1]) {
    expect((await archived(topic, partition)).map(({ offset }) => offset)).toEqual(
      Array.from({ length: 20_000 }, (_, index) => index),
    );
  }
});

test('transaction markers at the end of a topic do not hold it up', async () => {
  const topic = await createTopic(brokers, 'marked');
  const { Kafka, logLevel } = await import('kafkajs');
  const client = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
  const producer = client.producer({ transactionalId: topic, maxInFlightRequests: 1, idempotent: true });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: [{ value: 'a' }, { value: 'b' }] });
  await transaction.commit();
  await producer.disconnect();
  expect((await archive(topic)).records).toBe(2);
});

test('a topic that has lost what the archive misses is an error, and no archive with a hole', async () => {
  const topic = await createTopic(brokers, 'lost');
  await produce(brokers, topic, numbered(0, 100));
  await archive(topic);
  await produce(brokers, topic, numbered(100, 200));
  await deleteRecords(brokers, topic, 0, 150);
  await expect(archive(topic)).rejects.toMatchObject({ code: 'LOG_TRUNCATED' });
  expect(await archived(topic, 0)).toHaveLength(100);
});

test('a first archive starts where the topic does', async () => {
  const topic = await createTopic(brokers, 'starts-late');
  await produce(brokers, topic, numbered(0, 100));
  await deleteRecords(brokers, topic, 0, 30);
  expect((await archive(topic)).records).toBe(70);
});

test('the consumer group that it reads with is gone afterwards', async () => {
  const topic = await createTopic(brokers, 'group');
  await produce(brokers, topic, numbered(0, 10));
  await archive(topic);
  const { Kafka, logLevel } = await import('kafkajs');
  const admin = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const { groups } = await admin.listGroups();
  await admin.disconnect();
  expect(groups.filter(({ groupId }) => groupId.startsWith(`tidemark-archive-${topic}-`))).toEqual([]);
});
