import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Kafka, logLevel, Partitioners } from 'kafkajs';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { avroEncoder } from '../../src/demo/encode.ts';
import { latestKey } from '../../src/sinks/redis-format.ts';
import { mendRequestQueue } from '../../src/sources/kafka-request-queue.ts';
import { quantile } from '../benchmark.ts';
import { parameters, tell } from './parameters.ts';

/**
 * Appends probe records, one at a time, and looks for each in Redis until it is there: the time from the broker's
 * append to the moment at which a reader has the row that counts it in hand.
 *
 * The append time is the broker's (LogAppendTime), in whole milliseconds, rounded down, on the clock of this
 * machine; Redis is asked every {@link POLL_MS}. So a figure is too high by up to 1 ms and a poll, never too low.
 */
const options = parameters<{
  brokers: string;
  topic: string;
  redisUrl: string;
  group: Pick<FeatureGroup, 'name' | 'version'>;
  /** Added to the clock gives a probe's event time, so that it is in step with the stream. */
  eventTimeShiftMs: number;
  seconds: number;
}>();
const PROBES_PER_SECOND = 25;
const CARDS = 500;
const POLL_MS = 1;
/** A probe that is not there after so long counts with what it has waited. */
const GIVE_UP_MS = 60_000;

mendRequestQueue();
const redis = new Redis(options.redisUrl);
const kafka = new Kafka({ brokers: options.brokers.split(','), logLevel: logLevel.NOTHING });
const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
await producer.connect();
const encode = avroEncoder();
const now = () => performance.timeOrigin + performance.now();

async function sendProbe(number: number): Promise<{ key: string; version: number; appendedAt: number }> {
  const card = `probe-${number % CARDS}`;
  const value = encode({
    partition: 0,
    offset: 0,
    timestamp: 0,
    key: Buffer.from(card),
    row: {
      txn_id: `probe-${number}`,
      card_id: card,
      merchant_id: 'm1',
      amount_minor: 100,
      status: 'settled',
      geo: null,
      event_ts: Date.now() + options.eventTimeShiftMs,
    },
    defect: null,
  });
  const messages = [{ key: card, value: Buffer.from(value) }];
  const [answer] = await producer.send({ topic: options.topic, messages });
  return {
    key: latestKey(options.group as FeatureGroup, card),
    version: Number(answer!.baseOffset) + 1,
    appendedAt: Number(answer!.logAppendTime),
  };
}

async function freshnessOf(number: number): Promise<number> {
  const { key, version, appendedAt } = await sendProbe(number);
  for (;;) {
    const stored = await redis.hget(key, '@version');
    const waited = now() - appendedAt;
    if (Number(stored ?? 0) >= version || waited > GIVE_UP_MS) return waited;
    await sleep(POLL_MS);
  }
}

const probes: Promise<number>[] = [];
const start = performance.now();
for (let number = 0; number < options.seconds * PROBES_PER_SECOND; number++) {
  const dueMs = (number * 1000) / PROBES_PER_SECOND - (performance.now() - start);
  if (dueMs > 0) await sleep(dueMs);
  probes.push(freshnessOf(number));
}
const freshness = await Promise.all(probes);
tell({
  probes: freshness.length,
  p50: quantile(freshness, 0.5),
  p90: quantile(freshness, 0.9),
  p99: quantile(freshness, 0.99),
  max: Math.max(...freshness),
});
await producer.disconnect();
redis.disconnect();
