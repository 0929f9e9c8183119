import { join } from 'node:path';
import type { TransactionOptions } from '../src/demo/transactions.ts';
import { createTopic, type ProducedRecord, produce } from '../test/services/topics.ts';
import { type BenchmarkSettings, type ResultRow, rounded } from './benchmark.ts';
import { withTemporaryFolder } from './card-group.ts';
import { TOPIC_PARTITIONS } from './card-topic.ts';
import { LiveWorker } from './live-worker.ts';
import { cpuSecondsOf, residentMbOf, startProcess } from './processes.ts';
import type { Services } from './services.ts';
import { writeCardRisk } from './worker-process.ts';

const PRODUCER_PROCESS = new URL('./processes/producer.ts', import.meta.url);
const PROBE_PROCESS = new URL('./processes/probe.ts', import.meta.url);

/** What a worker is given. */
export interface PacedLoad {
  readonly features: 2 | 5;
  /** Taken in before the clock starts. */
  readonly history: Iterable<ProducedRecord>;
  readonly historySize: number;
  /** Comes at its pace. */
  readonly stream: TransactionOptions;
  readonly seconds: number;
  /** What follows the command besides, and node's own arguments. */
  readonly args: readonly string[];
  readonly nodeArgs: readonly string[];
}

export interface PacedFigures {
  readonly row: ResultRow;
  /** Lag in records. */
  readonly lag: ResultRow;
}

/** Runs `tidemark run` under a load. */
export function runPaced(
  load: PacedLoad,
  services: Services,
  progress: BenchmarkSettings['progress'],
): Promise<PacedFigures> {
  return withTemporaryFolder((folder) => measure(folder, load, services, progress));
}

async function measure(
  folder: string,
  load: PacedLoad,
  { brokers, redisUrl }: Services,
  progress: BenchmarkSettings['progress'],
): Promise<PacedFigures> {
  const { features, history, historySize, stream, seconds } = load;
  const topic = await createTopic(brokers, 'bench', {
    partitions: TOPIC_PARTITIONS,
    config: { 'message.timestamp.type': 'LogAppendTime' },
  });
  const definitions = join(folder, 'card-risk.ts');
  const group = writeCardRisk(definitions, features, topic);

  progress(`${historySize} records of the day before`);
  await produce(brokers, topic, history, 10_000);

  const args = [definitions, '--app', topic, '--brokers', brokers, '--redis', redisUrl];
  const worker = new LiveWorker([...args, '--state-dir', join(folder, 'state'), ...load.args], load.nodeArgs);
  await worker.hasTaken(historySize);

  await worker.rests();
  progress(`${stream.perSecond} events/s for ${seconds} s`);
  const producer = startProcess(PRODUCER_PROCESS, { brokers, topic, stream });
  await producer.message();
  const eventTimeShiftMs = stream.startMs - Date.now();
  const before = {
    reports: worker.lines('progress').length,
    cpu: cpuSecondsOf(worker.pid),
    at: performance.now(),
  };
  const probe = startProcess(PROBE_PROCESS, { brokers, topic, redisUrl, group, eventTimeShiftMs, seconds });
  const produced = await producer.message<{ sent: number; mostBehindMs: number }>();
  const cpuShare = ((cpuSecondsOf(worker.pid) - before.cpu) * 1000) / (performance.now() - before.at);
  const resident = residentMbOf(worker.pid);
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
      'anonymous MB': rounded(resident.anonymous),
      'of files MB': rounded(resident.files),
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
