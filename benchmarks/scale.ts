import { join } from 'node:path';
import { TRANSACTION_DEFAULTS } from '../src/demo/transactions.ts';
import { createTopic, produce } from '../test/services/topics.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { withTemporaryFolder } from './card-group.ts';
import { cardRecords } from './card-topic.ts';
import { LiveWorker } from './live-worker.ts';
import { cpuSecondsOf, startProcess } from './processes.ts';
import { type Services, withServices } from './services.ts';
import { writeCardRisk } from './worker-process.ts';

const PRODUCER_PROCESS = new URL('./processes/producer.ts', import.meta.url);

const FULL = { partitions: [4, 16, 64], workers: [1, 2, 4], warmUp: 200_000, perSecond: 8000, seconds: 20 };
const QUICK = { partitions: [4], workers: [1, 2], warmUp: 2000, perSecond: 500, seconds: 3 };
const CARDS = 100_000;

/** What an event costs when more workers share the work, and when there are more partitions. */
export const scale: Benchmark = {
  name: 'scale',
  run({ quick, runs, progress }: BenchmarkSettings) {
    const sizes = quick ? QUICK : FULL;
    return withServices(async ({ brokers, redisUrl }) => {
      const rows: ResultRow[] = [];
      for (const partitions of sizes.partitions) {
        for (const workers of sizes.workers) {
          progress(`scale: ${partitions} partitions, ${workers} workers`);
          const { cpuUs } = await medians(runs, () =>
            withTemporaryFolder((folder) =>
              measure({ folder, partitions, workers, brokers, redisUrl }, sizes),
            ),
          );
          rows.push({ partitions, workers, 'CPU µs/event': rounded(cpuUs, 1) });
        }
      }
      const notes = [
        `${sizes.perSecond} events/s over ${CARDS} cards, two features, Kafka durability, commits every second, Redis.`,
        'CPU time of all workers together; each partition is a transaction of its own with every commit.',
      ];
      return [{ title: 'Workers and partitions', notes, rows }];
    });
  },
};

interface Setting extends Services {
  readonly folder: string;
  readonly partitions: number;
  readonly workers: number;
}

async function measure(
  { folder, partitions, workers, brokers, redisUrl }: Setting,
  { warmUp, perSecond, seconds }: typeof FULL,
): Promise<{ cpuUs: number }> {
  const topic = await createTopic(brokers, 'bench', { partitions });
  const definitions = join(folder, 'card-risk.ts');
  writeCardRisk(definitions, 2, topic);
  const args = [definitions, '--app', topic, '--brokers', brokers, '--redis', redisUrl];
  const group = Array.from(
    { length: workers },
    (_, worker) =>
      new LiveWorker([...args, '--state-dir', join(folder, `${worker}`), '--report-interval', '1s']),
  );
  const sum = (count: (worker: LiveWorker) => number) =>
    group.reduce((all, worker) => all + count(worker), 0);
  const owned = (worker: LiveWorker) => worker.lines('partitions assigned').at(-1)?.partitions?.length ?? 0;
  await group[0]!.until(() => sum(owned) === partitions && group.every((worker) => owned(worker) > 0));

  const stream = { ...TRANSACTION_DEFAULTS, cards: CARDS, partitions, perSecond };
  await produce(brokers, topic, cardRecords({ ...stream, seed: 2, count: warmUp }, true), 10_000);
  const taken = (worker: LiveWorker) => worker.lines('progress').at(-1)?.records ?? 0;
  await group[0]!.until(() => sum(taken) >= warmUp);

  const startMs = stream.startMs + (warmUp * 1000) / perSecond;
  const count = perSecond * seconds;
  const producer = startProcess(PRODUCER_PROCESS, {
    brokers,
    topic,
    stream: { ...stream, startMs, count },
  });
  await producer.message();
  const before = sum(({ pid }) => cpuSecondsOf(pid));
  await producer.message();
  await group[0]!.until(() => sum(taken) >= warmUp + count);
  const cpuSeconds = sum(({ pid }) => cpuSecondsOf(pid)) - before;
  await producer.end();
  for (const worker of group) await worker.stop();
  return { cpuUs: (cpuSeconds * 1e6) / count };
}
