import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TRANSACTION_DEFAULTS } from '../src/demo/transactions.ts';
import { startKafka } from '../test/services/kafka.ts';
import { startRedis } from '../test/services/redis.ts';
import { createTopic, produce } from '../test/services/topics.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { cardGroupText, withTemporaryFolder } from './card-group.ts';
import { cardRisk } from './card-risk.ts';
import { cardRecords, TOPIC_PARTITIONS } from './card-topic.ts';
import { runProcess } from './processes.ts';

const CATCH_UP_PROCESS = new URL('./processes/catch-up.ts', import.meta.url);

/** A dense stream, as at 8,000 events/s, and a sparse one in which events leave their windows too. */
const STREAMS = [
  { what: 'busy', cards: 100_000, perSecond: 8000 },
  { what: 'two days', cards: 10_000, perSecond: 12 },
];
const SINKS = ['none', 'Redis'] as const;

/** A worker that catches up on a filled topic, as fast as it can. */
export const catchUp: Benchmark = {
  name: 'catch-up',
  async run({ quick, runs, progress }: BenchmarkSettings) {
    const records = quick ? 20_000 : 2_000_000;
    const kafka = await startKafka();
    const redis = await startRedis();
    try {
      const rows: ResultRow[] = [];
      for (const { what, cards, perSecond } of STREAMS) {
        const topic = await createTopic(kafka.brokers, 'bench', { partitions: TOPIC_PARTITIONS });
        progress(`catch-up: filling a topic with ${records} records`);
        const stream = {
          ...TRANSACTION_DEFAULTS,
          count: records,
          cards,
          perSecond,
          partitions: TOPIC_PARTITIONS,
        };
        await produce(kafka.brokers, topic, cardRecords(stream, true), 10_000);
        for (const features of [2, 5] as const) {
          const bare: { cpuUs: number }[] = [];
          for (const sink of SINKS) {
            progress(`catch-up: ${what}, ${features} features, sink: ${sink}`);
            const figures = await medians(runs, () =>
              withTemporaryFolder((folder) => {
                const definitionsFile = join(folder, 'card-risk.ts');
                const text = cardGroupText(cardRisk(features), { format: 'avro', topic });
                const app = `bench-${randomUUID()}`;
                // Each run has keys of its own.
                const version = Math.floor(Math.random() * 1e9);
                writeFileSync(definitionsFile, text.replace('version: 1', `version: ${version}`));
                mkdirSync(join(folder, 'worker'));
                return runProcess<CatchUpFigures>(CATCH_UP_PROCESS, {
                  definitionsFile,
                  brokers: kafka.brokers,
                  redisUrl: sink === 'Redis' ? redis.url : null,
                  folder: join(folder, 'worker'),
                  app,
                  records,
                  commitIntervalMs: 1000,
                });
              }),
            );
            if (sink === 'none') bare.push(figures);
            const extra = figures.cpuUs - bare[0]!.cpuUs;
            rows.push({
              stream: what,
              features,
              sink,
              'events/s': rounded(figures.perSecond),
              'worker CPU µs/event': rounded(figures.cpuUs, 2),
              'revisions/event': rounded(figures.revisionsPerEvent, 2),
              'upserts/event': rounded(figures.upsertsPerEvent, 2),
              'CPU µs more per upsert': sink === 'none' ? null : rounded(extra / figures.upsertsPerEvent, 2),
              'RSS MB': rounded(figures.rssMb),
            });
          }
        }
      }
      const notes = [
        `${records} records in ${TOPIC_PARTITIONS} partitions, values in Avro; a real Kafka, LMDB state committed every second.`,
        'From the first record taken to the last one committed, the start of the process not included.',
        'Sink "none" is a store that counts the rows handed to it; upserts are what is left of revisions once coalesced.',
      ];
      return [{ title: 'Live at full speed', notes, rows }];
    } finally {
      await redis.stop();
      await kafka.stop();
    }
  },
};

type CatchUpFigures = {
  perSecond: number;
  cpuUs: number;
  revisionsPerEvent: number;
  upsertsPerEvent: number;
  rssMb: number;
};
