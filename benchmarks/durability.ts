import { setTimeout as sleep } from 'node:timers/promises';
import { TRANSACTION_DEFAULTS } from '../src/demo/transactions.ts';
import { createTopic, produce } from '../test/services/topics.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { cardRecords, TOPIC_PARTITIONS } from './card-topic.ts';
import { startProcess } from './processes.ts';
import { withServices } from './services.ts';
import { runWorkerProcess, type WorkerFigures, type WorkerRun } from './worker-process.ts';

const PRODUCER_PROCESS = new URL('./processes/producer.ts', import.meta.url);

const KINDS = ['none', 'local', 'kafka'] as const;
const PER_SECOND = 8000;
const STREAM = {
  ...TRANSACTION_DEFAULTS,
  cards: 100_000,
  perSecond: PER_SECOND,
  partitions: TOPIC_PARTITIONS,
};
/** The commit that follows the warm-up is over by then. */
const REST_MS = 3000;

/** What durability costs: the same worker over the same records with nothing kept, a local state, and Kafka. */
export const durability: Benchmark = {
  name: 'durability',
  run(settings: BenchmarkSettings) {
    const { quick, runs, progress } = settings;
    const sizes = quick ? QUICK : FULL;
    return withServices(async ({ brokers, redisUrl }) => {
      const rows: ResultRow[] = [];
      const compare = async (
        pace: string,
        features: 2 | 5,
        measure: (durability: (typeof KINDS)[number]) => Promise<WorkerFigures>,
      ) => {
        let work = 0;
        for (const kind of KINDS) {
          progress(`durability: ${pace}, ${features} features, ${kind}`);
          const { cpuUs, perSecond } = await medians(runs, () => measure(kind));
          if (kind === 'none') work = cpuUs;
          rows.push({
            pace,
            features,
            durability: kind,
            'events/s': rounded(perSecond),
            'CPU µs/event': rounded(cpuUs, 2),
            'times the work': rounded(cpuUs / work, 2),
          });
        }
      };

      const filled = await createTopic(brokers, 'bench', { partitions: TOPIC_PARTITIONS });
      progress(`durability: filling a topic with ${sizes.catchUp} records`);
      await produce(brokers, filled, cardRecords({ ...STREAM, count: sizes.catchUp }, true), 10_000);
      for (const features of sizes.features) {
        await compare('full speed', features, (kind) =>
          runWorkerProcess({
            brokers,
            topic: filled,
            features,
            redisUrl: null,
            durability: kind,
            warmUp: 0,
            records: sizes.catchUp,
          }),
        );
      }
      for (const features of sizes.features) {
        await compare(`${sizes.perSecond} events/s`, features, (kind) =>
          atPace({ brokers, features, redisUrl, durability: kind }, sizes),
        );
      }
      const notes = [
        `${STREAM.cards} cards, ${TOPIC_PARTITIONS} partitions, values in Avro, commits every second.`,
        'At full speed without a sink, over a topic filled before; at a pace with Redis, after a warm-up.',
        'None keeps nothing: this is the work itself. Local is LMDB, kafka the changelog, transactions and LMDB.',
      ];
      return [{ title: 'What durability costs', notes, rows }];
    });
  },
};

interface Sizes {
  readonly catchUp: number;
  readonly warmUp: number;
  readonly perSecond: number;
  readonly seconds: number;
  readonly features: readonly (2 | 5)[];
}

const FULL: Sizes = {
  catchUp: 2_000_000,
  warmUp: 500_000,
  perSecond: PER_SECOND,
  seconds: 30,
  features: [2, 5],
};
const QUICK: Sizes = { catchUp: 20_000, warmUp: 2000, perSecond: 500, seconds: 3, features: [2] };

/** A worker that has caught up, while records come at their pace. */
async function atPace(
  run: Pick<WorkerRun, 'brokers' | 'features' | 'redisUrl' | 'durability'>,
  { warmUp, perSecond, seconds }: Sizes,
): Promise<WorkerFigures> {
  const { brokers } = run;
  const topic = await createTopic(brokers, 'bench', { partitions: TOPIC_PARTITIONS });
  const before = { ...STREAM, seed: 2, count: warmUp };
  await produce(brokers, topic, cardRecords(before, true), 10_000);
  const records = perSecond * seconds;
  const startMs = STREAM.startMs + (warmUp * 1000) / PER_SECOND;
  return runWorkerProcess({ ...run, topic, warmUp, records }, async () => {
    await sleep(REST_MS);
    const stream = { ...STREAM, startMs, count: records, perSecond };
    const producer = startProcess(PRODUCER_PROCESS, { brokers, topic, stream });
    await producer.message();
    await producer.message();
    await producer.end();
  });
}
