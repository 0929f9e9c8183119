import { Kafka, logLevel } from 'kafkajs';
import { expect, inject, test } from 'vitest';
import { startKafka } from '../services/kafka.ts';
import { createTopic, produce } from '../services/topics.ts';

function admin(brokers: string) {
  return new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING }).admin();
}

async function endOffset(brokers: string, topic: string): Promise<number> {
  const client = admin(brokers);
  await client.connect();
  try {
    return Number((await client.fetchTopicOffsets(topic))[0]!.offset);
  } finally {
    await client.disconnect();
  }
}

test('topics are made by hand only', async () => {
  const client = admin(inject('kafkaBrokers'));
  await client.connect();
  const name = `unnamed-${process.pid}`;
  await client.fetchTopicMetadata({ topics: [name] }).catch(() => {});
  expect(await client.listTopics()).not.toContain(name);
  await client.disconnect();
});

test('a Kafka keeps its records when it is restarted, and when it is killed', async () => {
  const kafka = await startKafka({ properties: {} });
  try {
    const topic = await createTopic(kafka.brokers, 'kept');
    await produce(kafka.brokers, topic, [{ value: 'a' }, { value: 'b' }]);
    await kafka.restart();
    expect(await endOffset(kafka.brokers, topic)).toBe(2);
    await produce(kafka.brokers, topic, [{ value: 'c' }]);
    await kafka.crash();
    expect(kafka.pid).toBeNull();
    await kafka.start();
    expect(await endOffset(kafka.brokers, topic)).toBe(3);
  } finally {
    await kafka.stop();
  }
});

test('a wrong setting fails with the words of Kafka', async () => {
  await expect(startKafka({ properties: { 'num.io.threads': 'many' } })).rejects.toThrow(/num\.io\.threads/);
});
