import { join } from 'node:path';
import { TRANSACTION_DEFAULTS } from '../src/demo/transactions.ts';
import { createTopic, produce } from '../test/services/topics.ts';
import {
  type Benchmark,
  type BenchmarkSettings,
  type ResultRow,
  type ResultTable,
  rounded,
} from './benchmark.ts';
import { withTemporaryFolder } from './card-group.ts';
import { cardRecords, TOPIC_PARTITIONS } from './card-topic.ts';
import { LiveWorker } from './live-worker.ts';
import { cpuSecondsOf, rssMbOf, startProcess } from './processes.ts';
import { type Services, withServices } from './services.ts';
import { writeCardRisk } from './worker-process.ts';

const PRODUCER_PROCESS = new URL('./processes/producer.ts', import.meta.url);
const PROBE_PROCESS = new URL('./processes/probe.ts', import.meta.url);

const PER_SECOND = 8000;
const CARDS = 100_000;
/** A day before the paced part, so that events leave the windows too. */
const HISTORY_PER_SECOND = 12;
const HISTORY_MS = 86_400_000;
const STEP_MS = 300_000;
const OUT_OF_ORDER_MS = 30_000;

/** `tidemark run` at 8,000 events a second: how far behind it falls, how fresh its rows are, what it costs. */
export const paced: Benchmark = {
  name: 'paced',
  run(settings: BenchmarkSettings) {
    return withServices(async ({ brokers, redisUrl }) => {
      const rows: ResultRow[] = [];
      const lags: ResultRow[] = [];
      for (const features of settings.quick ? ([2] as const) : ([2, 5] as const)) {
        const result = await withTemporaryFolder((folder) =>
          measure({ folder, features, brokers, redisUrl, settings }),
        );
        rows.push(result.row);
        lags.push(result.lag);
      }
      return describe(rows, lags);
    });
  },
};

interface Setting extends Services {
  readonly folder: string;
  readonly features: 2 | 5;
  readonly settings: BenchmarkSettings;
}

async function measure({ folder, features, brokers, redisUrl, settings }: Setting) {
  const seconds = settings.quick ? 5 : settings.minutes * 60;
  const perSecond = settings.quick ? 500 : PER_SECOND;
  const cards = settings.quick ? 100 : CARDS;
  const topic = await createTopic(brokers, 'bench', {
    partitions: TOPIC_PARTITIONS,
    config: { 'message.timestamp.type': 'LogAppendTime' },
  });
  const definitions = join(folder, 'card-risk.ts');
  const group = writeCardRisk(definitions, features, topic);

  // A grid time closes in the middle of the run: every card that saw an event or loses one gets a row then.
  const startMs = TRANSACTION_DEFAULTS.startMs + OUT_OF_ORDER_MS - ((seconds * 500) % STEP_MS);
  const common = { ...TRANSACTION_DEFAULTS, cards, partitions: TOPIC_PARTITIONS };
  const historySize = settings.quick ? 2000 : (HISTORY_MS / 1000) * HISTORY_PER_SECOND;
  const historyPerSecond = (historySize * 1000) / HISTORY_MS;
  settings.progress(`paced: ${features} features, ${historySize} records of the day before`);
  const history = {
    ...common,
    seed: 2,
    startMs: startMs - HISTORY_MS,
    count: historySize,
    perSecond: historyPerSecond,
  };
  await produce(brokers, topic, cardRecords(history, false), 10_000);

  const args = [definitions, '--app', topic, '--brokers', brokers, '--redis', redisUrl];
  const worker = new LiveWorker([...args, '--state-dir', join(folder, 'state')]);
  await worker.hasTaken(historySize);

  settings.progress(`paced: ${features} features, ${perSecond} events/s for ${seconds} s`);
  const stream = { ...common, startMs, count: seconds * perSecond, perSecond };
  const producer = startProcess(PRODUCER_PROCESS, { brokers, topic, stream });
  await producer.message();
  const eventTimeShiftMs = startMs - Date.now();
  const before = {
    reports: worker.lines('progress').length,
    cpu: cpuSecondsOf(worker.pid),
    at: performance.now(),
  };
  const probe = startProcess(PROBE_PROCESS, { brokers, topic, redisUrl, group, eventTimeShiftMs, seconds });
  const produced = await producer.message<{ sent: number; mostBehindMs: number }>();
  const cpuShare = ((cpuSecondsOf(worker.pid) - before.cpu) * 1000) / (performance.now() - before.at);
  const rssMb = rssMbOf(worker.pid);
  const reports = worker.lines('progress').slice(before.reports);
  const freshness = await probe.message<{
    probes: number;
    p50: number;
    p90: number;
    p99: number;
    max: number;
  }>();
  await Promise.all([producer.end(), probe.end()]);
  worker.child.kill('SIGTERM');
  const summary = await worker.child.message<{ records: number; upserts: { accepted: number } }>();
  const upserts = summary.upserts.accepted;
  await worker.child.end();
  if (summary.records !== historySize + produced.sent + freshness.probes) {
    throw new Error(`the worker took in ${summary.records} records, which are not those that were sent`);
  }

  const lags = reports.map(({ lag }) => lag ?? 0);
  const quarter = (n: number): number | null => {
    const some = lags.slice((n * lags.length) / 4, ((n + 1) * lags.length) / 4);
    return some.length === 0 ? null : Math.max(...some);
  };
  return {
    row: {
      features,
      'events/s': rounded(produced.sent / seconds),
      seconds,
      'freshness p50 ms': rounded(freshness.p50, 1),
      'p90 ms': rounded(freshness.p90, 1),
      'p99 ms': rounded(freshness.p99, 1),
      'max ms': rounded(freshness.max, 1),
      probes: freshness.probes,
      'worker cores': rounded(cpuShare, 3),
      'CPU µs/event': rounded((cpuShare * 1e6 * seconds) / produced.sent, 1),
      'upserts/event': rounded(upserts / summary.records, 2),
      'RSS MB': rounded(rssMb),
      'producer behind ms': rounded(produced.mostBehindMs),
    },
    lag: {
      features,
      'first quarter': quarter(0),
      second: quarter(1),
      third: quarter(2),
      'last quarter': quarter(3),
      reports: lags.length,
    },
  };
}

function describe(rows: readonly ResultRow[], lags: readonly ResultRow[]): readonly ResultTable[] {
  return [
    {
      title: 'Live at a steady pace',
      rows,
      notes: [
        `${CARDS} cards, ${TOPIC_PARTITIONS} partitions, values in Avro, every 5 minutes; a day of ` +
          `${HISTORY_PER_SECOND} events/s was taken in before. Half way a grid time closes.`,
        'Freshness: from the append (the clock of the broker, same machine, whole ms rounded down) until a probe record,',
        '25 a second, shows in Redis, which is asked every ms by another process: up to 2 ms too high, never too low.',
        'Broker, Redis, producer and probe run on the same cores as the worker.',
      ],
    },
    { title: 'Lag in records, greatest of each quarter of the run', rows: lags, notes: [] },
  ];
}
