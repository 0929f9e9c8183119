import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import type { OnlineAnswer } from '../../src/serving/online-reader.ts';
import { parseServedLine } from '../../src/serving/served-log.ts';
import { ServedLog } from '../../src/serving/served-log-buffer.ts';
import { ServedLogKafka } from '../../src/serving/served-log-kafka.ts';
import { openArchive } from '../../src/sources/archive-reader.ts';
import { archiveTopic } from '../../src/sources/kafka-archive.ts';
import { createTopic } from '../services/topics.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-served-kafka-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const brokers = inject('kafkaBrokers');
const kafka = { brokers: brokers.split(','), ssl: null, sasl: null };
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const { signal } = new AbortController();

const anAnswer = (version: number): OnlineAnswer => ({
  group: 'cards',
  groupVersion: 1,
  fingerprint: 'f'.repeat(64),
  entity: { card_id: 'c1' },
  windowEnd: 1000,
  version,
  knownAt: 1000,
  leave: null,
  dueToFall: false,
  values: { n: version },
});

test('answers go to the topic, a record each, and are read back from its archive', async () => {
  const topic = await createTopic(brokers, 'served', { partitions: 2 });
  const sink = await ServedLogKafka.open({ kafka, topic, log: silent, signal });
  const log = new ServedLog({ sink, rate: 1, capacity: 5000, logger: silent });
  const versions = Array.from({ length: 1700 }, (_, n) => n + 1);
  log.add(7, versions.map(anAnswer));
  await log.close(60_000);
  expect(log.counts).toEqual({ written: 1700, dropped: 0 });

  await archiveTopic({ kafka, topic, out: folder, signal });
  const archive = await openArchive(folder);
  const read: (number | undefined)[] = [];
  for (const partition of [0, 1]) {
    for await (const { records } of archive.read(topic, partition, 0)) {
      for (const { value } of records) {
        read.push(parseServedLine(Buffer.from(value as Uint8Array).toString()).row?.version);
      }
    }
  }
  expect(read.sort((a, b) => a! - b!)).toEqual(versions);
});

test('a topic that is not there is refused at the start', async () => {
  const opened = ServedLogKafka.open({ kafka, topic: 'served-absent', log: silent, signal });
  await expect(opened).rejects.toMatchObject({ code: 'TOPIC_MISSING' });
});
