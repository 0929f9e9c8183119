import { TRANSACTION_DEFAULTS } from '../src/demo/transactions.ts';
import { createTopic, produce } from '../test/services/topics.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { cardRecords, TOPIC_PARTITIONS } from './card-topic.ts';
import { withServices } from './services.ts';
import { runWorkerProcess } from './worker-process.ts';

/** A dense stream, as at 8,000 events/s, and a sparse one in which events leave their windows too. */
const STREAMS = [
  { what: 'busy', cards: 100_000, perSecond: 8000 },
  { what: 'two days', cards: 10_000, perSecond: 12 },
];
const SINKS = ['none', 'Redis'] as const;

/** A worker that catches up on a filled topic, as fast as it can. */
export const catchUp: Benchmark = {
  name: 'catch-up',
  run({ quick, runs, progress }: BenchmarkSettings) {
    const records = quick ? 20_000 : 2_000_000;
    return withServices(async ({ brokers, redisUrl }) => {
      const rows: ResultRow[] = [];
      for (const { what, cards, perSecond } of STREAMS) {
        const topic = await createTopic(brokers, 'bench', { partitions: TOPIC_PARTITIONS });
        progress(`catch-up: filling a topic with ${records} records`);
        const stream = {
          ...TRANSACTION_DEFAULTS,
          count: records,
          cards,
          perSecond,
          partitions: TOPIC_PARTITIONS,
        };
        await produce(brokers, topic, cardRecords(stream, true), 10_000);
        for (const features of [2, 5] as const) {
          const bare: { cpuUs: number }[] = [];
          for (const sink of SINKS) {
            progress(`catch-up: ${what}, ${features} features, sink: ${sink}`);
            const figures = await medians(runs, () =>
              runWorkerProcess({
                brokers,
                topic,
                features,
                redisUrl: sink === 'Redis' ? redisUrl : null,
                durability: 'local',
                warmUp: 0,
                records,
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
    });
  },
};
