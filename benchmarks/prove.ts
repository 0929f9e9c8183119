import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { TRANSACTION_DEFAULTS } from '../src/demo/transactions.ts';
import type { ProofSummary } from '../src/proof/options.ts';
import { createTopic } from '../test/services/topics.ts';
import { type Benchmark, type BenchmarkSettings, rounded } from './benchmark.ts';
import { withTemporaryFolder } from './card-group.ts';
import { TOPIC_PARTITIONS } from './card-topic.ts';
import type { ReadFigures } from './paced-reads.ts';
import { startProcess, startTidemark, type Usage } from './processes.ts';
import { withServices } from './services.ts';
import { writeCardRisk } from './worker-process.ts';

const PRODUCER_PROCESS = new URL('./processes/producer.ts', import.meta.url);
const READ_LOGGED_PROCESS = new URL('./processes/read-logged.ts', import.meta.url);

const ENTITIES = 16;
/** More than a million answers. */
const SECONDS = 66;

/** A live run whose every answer is logged, and the proof of them all. */
export const prove: Benchmark = {
  name: 'prove',
  run(settings: BenchmarkSettings) {
    return withServices(async ({ brokers, redisUrl }) => {
      const row = await withTemporaryFolder((folder) => measure(folder, brokers, redisUrl, settings));
      const notes = [
        `${TOPIC_PARTITIONS} partitions, five features, values in Avro; a grid time closes half way. Reads of ${ENTITIES} cards`,
        'through OnlineReader, each answer logged. The proof is the whole process, from its start to its end.',
      ];
      return [{ title: 'Proof of what was served', notes, rows: [row] }];
    });
  },
};

async function measure(folder: string, brokers: string, redisUrl: string, settings: BenchmarkSettings) {
  const { quick, progress } = settings;
  const seconds = quick ? 2 : SECONDS;
  const perSecond = quick ? 500 : 8000;
  const cards = quick ? 100 : 20_000;
  const topic = await createTopic(brokers, 'bench', {
    partitions: TOPIC_PARTITIONS,
    config: { 'message.timestamp.type': 'LogAppendTime' },
  });
  const definitionsFile = join(folder, 'card-risk.ts');
  writeCardRisk(definitionsFile, 5, topic);
  const from = join(folder, 'archive');
  const served = join(folder, 'served');

  progress(`prove: ${perSecond} events/s, and reads, for ${seconds} s`);
  const args = ['run', definitionsFile, '--app', topic, '--brokers', brokers, '--redis', redisUrl];
  const worker = startTidemark([...args, '--state-dir', join(folder, 'state'), '--log-json', '--json']);
  while (!worker.log.includes('partitions assigned')) await sleep(50);
  const startMs = TRANSACTION_DEFAULTS.startMs - seconds * 500;
  const stream = { ...TRANSACTION_DEFAULTS, startMs, cards, partitions: TOPIC_PARTITIONS, perSecond };
  const producer = startProcess(PRODUCER_PROCESS, {
    brokers,
    topic,
    stream: { ...stream, count: seconds * perSecond },
  });
  const reader = startProcess(READ_LOGGED_PROCESS, {
    ...{ definitionsFile, redisUrl, folder: served, cards },
    ...{ entities: ENTITIES, perSecond: quick ? 50 : 1000, seconds },
  });
  await producer.message();
  const produced = await producer.message<{ sent: number; seconds: number }>();
  const reads = await reader.message<ReadFigures & { written: number; dropped: number }>();
  await Promise.all([producer.end(), reader.end()]);
  worker.kill('SIGTERM');
  await worker.end();
  if (reads.dropped > 0) throw new Error(`${reads.dropped} answers were not logged`);

  progress('prove: the proof');
  await runTidemark(['archive', '--brokers', brokers, '--topic', topic, '--out', from]);
  const start = performance.now();
  const proof = await runTidemark<ProofSummary>([
    ...['prove', definitionsFile, '--served', served, '--from', from],
  ]);
  const took = (performance.now() - start) / 1000;
  const [group] = proof.message.groups;
  if (group === undefined || !proof.message.isProven || proof.message.answers !== reads.written) {
    throw new Error(`not proven: ${JSON.stringify(proof.message)}`);
  }
  return {
    answers: proof.message.answers,
    proven: group.proven,
    'without a row': group.withoutRow,
    different: group.different,
    'live events/s': rounded(produced.sent / produced.seconds),
    'reads/s': rounded(reads.perSecond),
    'read p99 ms': rounded(reads.p99, 1),
    'proof s': rounded(took, 1),
    'answers/s': rounded(proof.message.answers / took),
    'events/s': rounded(produced.sent / took),
    'CPU s': rounded(proof.usage.cpuSeconds, 1),
    'RSS MB': rounded(proof.usage.maxRssMb),
  };
}

async function runTidemark<T>(args: readonly string[]): Promise<{ message: T; usage: Usage }> {
  const child = startTidemark([...args, '--quiet', '--json']);
  const message = await child.message<T>();
  const usage = await child.message<Usage>();
  await child.end();
  return { message, usage };
}
