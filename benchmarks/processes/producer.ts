import { setTimeout as sleep } from 'node:timers/promises';
import { Kafka, logLevel } from 'kafkajs';
import type { TransactionOptions } from '../../src/demo/transactions.ts';
import { mendRequestQueue } from '../../src/sources/kafka-request-queue.ts';
import { cardRecords } from '../card-topic.ts';
import { parameters, tell } from './parameters.ts';

/** Appends card transactions at their pace: each when its time has come, at most some milliseconds after. */
const { brokers, topic, stream } = parameters<{
  brokers: string;
  topic: string;
  stream: TransactionOptions;
}>();
const TICK_MS = 5;

mendRequestQueue();
const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
const producer = kafka.producer({ maxInFlightRequests: 1 });
await producer.connect();
tell({ ready: true });

const records = cardRecords(stream, false);
const start = performance.now();
let sent = 0;
let mostBehindMs = 0;
while (sent < stream.count) {
  const elapsedMs = performance.now() - start;
  const due = Math.min(stream.count, Math.ceil((elapsedMs * stream.perSecond) / 1000));
  if (due > sent) {
    mostBehindMs = Math.max(mostBehindMs, elapsedMs - (sent * 1000) / stream.perSecond);
    const messages = Array.from({ length: due - sent }, () => {
      const { partition, key, value } = records.next().value!;
      return { partition: partition!, key: key as Buffer, value: value as Buffer };
    });
    await producer.send({ topic, messages });
    sent = due;
  }
  await sleep(TICK_MS);
}
await producer.disconnect();
tell({ sent, seconds: (performance.now() - start) / 1000, mostBehindMs });
