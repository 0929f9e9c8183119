import { randomUUID } from 'node:crypto';
import type { Producer, Transaction } from 'kafkajs';
import { expect, inject, onTestFinished, test, vi } from 'vitest';
import { createKafkaClient } from '../../src/sources/kafka-client.ts';
import { KafkaLogReader } from '../../src/sources/kafka-log.ts';
import { KafkaPartitions } from '../../src/sources/kafka-partitions.ts';
import { createTopic } from '../services/topics.ts';

/** Transactions of several producers in one partition: what was aborted is read by nobody, wherever reading begins. */

const brokers = inject('kafkaBrokers').split(',');
const options = { brokers, ssl: null, sasl: null };
const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
const kafka = createKafkaClient(options, silent);

async function begin(): Promise<Transaction> {
  const producer: Producer = kafka.producer({ transactionalId: randomUUID(), maxInFlightRequests: 1 });
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  return producer.transaction();
}

/** Nine records and markers of transactions that overlap, all aborted; the one at offset 9 is committed. */
async function aTopic(): Promise<string> {
  const topic = await createTopic(brokers.join(','), 'aborted');
  const [first, second, third] = [await begin(), await begin(), await begin()];
  const write = (transaction: Transaction, ...values: readonly string[]) =>
    transaction.send({ topic, messages: values.map((value) => ({ value })) });
  await write(first, 'a0');
  await write(second, 'b1');
  await write(first, 'a2');
  await write(third, 'c3');
  // The later one to begin is the first to be aborted.
  await second.abort();
  await write(first, 'a5');
  await third.abort();
  await write(first, 'a7');
  await first.abort();
  const last = await begin();
  await write(last, 'committed');
  await last.commit();
  return topic;
}

test('by their offsets', async () => {
  const topic = await aTopic();
  const partition = { topic, partition: 0 };
  const partitions = new KafkaPartitions(kafka);
  onTestFinished(() => partitions.close());
  const { signal } = new AbortController();
  const read = async (from: number): Promise<string[]> => {
    const { high } = await partitions.ends(partition, signal);
    const values: string[] = [];
    for await (const messages of partitions.read(partition, from, high, signal)) {
      for (const { value } of messages) values.push(value!.toString());
    }
    return values;
  };
  await vi.waitFor(async () => expect(await read(0)).toEqual(['committed']), { timeout: 20_000 });
  for (let from = 1; from <= 9; from++) expect(await read(from)).toEqual(['committed']);
});

test('by a consumer group', async () => {
  const topic = await aTopic();
  const reader = new KafkaLogReader({ kafka: options, group: randomUUID(), topics: [topic], log: silent });
  const values: string[] = [];
  const running = reader.run({
    assigned: async () => {},
    positionOf: async () => 'earliest',
    records: async (_, { records }) => {
      for (const { value } of records) values.push(Buffer.from(value as Uint8Array).toString());
    },
  });
  await vi.waitFor(() => expect(values).toContain('committed'), { timeout: 30_000 });
  await reader.stop();
  await running;
  expect(values).toEqual(['committed']);
});
