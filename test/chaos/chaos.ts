import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { Random } from '../../src/demo/random.ts';
import { cardGroups } from '../services/card-groups.ts';
import { type Kafka, startKafka } from '../services/kafka.ts';
import { type Redis, startRedis } from '../services/redis.ts';
import { committedRecords, createTopic, writtenRecords } from '../services/topics.ts';
import { EventStream } from './event-stream.ts';
import { FAULTS, type FaultName, IDLE_TIMEOUT_MS, LEAST_WORKERS, type Surroundings } from './faults.ts';
import { judgeOutcome, type Outcome } from './outcome.ts';
import { RedisWatcher } from './redis-watcher.ts';
import { rowsOfNoReplay } from './seen-rows.ts';
import { WorkerFleet } from './worker-fleet.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly minutes: number;
  /** Events per second. */
  readonly rate: number;
  readonly faults: readonly FaultName[];
  /** Empty; takes the archive, the replays, the workers' states and logs. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

export interface ChaosReport extends Outcome {
  readonly faults: number;
  /** What the polling reader read, and how often Redis did not answer it. */
  readonly reads: number;
  readonly unanswered: number;
  /** Differences from the replay, what no reader may see, and workers that ended as they should not. */
  readonly violations: readonly string[];
}

const PARTITIONS = 6;
/** On a machine that all workers and services share, one may have no turn for seconds. */
const SESSION_TIMEOUT_MS = 10_000;
const LEAST_PAUSE_MS = 10_000;
const MOST_PAUSE_MS = 20_000;
/** When nothing breaks any more, the workers go on within this. */
const STANDSTILL_MS = 60_000;
/** Cards whose rows a reader polls, those that change most often among them. */
const WATCHED = Array.from({ length: 20 }, (_, index) => `c${index * 4}`);
const WATCH_PAUSE_MS = 20;

/**
 * Lets several workers of one app take in a stream while one thing after the other breaks, and tells how what they
 * leave differs from what a replay of the archived topic says.
 *
 * The seed decides which faults come, when, and whom they hit; not what the processes make of it.
 */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport> {
  const redisArguments = ['--appendonly', 'yes', '--appendfsync', 'always'];
  const [kafka, redis] = await Promise.all([
    startKafka({ properties: {}, heapMb: 768 }),
    startRedis({ args: redisArguments }),
  ]);
  try {
    return await runAmong(kafka, redis, options);
  } finally {
    await Promise.all([kafka.stop(), redis.stop()]);
  }
}

async function runAmong(kafka: Kafka, redis: Redis, options: ChaosOptions): Promise<ChaosReport> {
  const { seed, rate, folder, say } = options;
  const { brokers } = kafka;
  const topic = await createTopic(brokers, 'chaos', {
    partitions: PARTITIONS,
    // The stream's timestamps lie ahead of the clock.
    config: { 'message.timestamp.after.max.ms': String(Number.MAX_SAFE_INTEGER) },
  });
  const app = `chaos-${randomUUID().slice(0, 8)}`;
  const revisionsTopic = `${app}.revisions`;
  const definitionsFile = join(folder, 'definitions.ts');
  writeFileSync(definitionsFile, cardGroups(topic, `${IDLE_TIMEOUT_MS}ms`));
  const group = (await loadDefinitions(definitionsFile)).groups.find(({ name }) => name === 'card_risk')!;

  const args = [definitionsFile, '--app', app, '--brokers', brokers, '--redis', redis.url, '--log-json'];
  args.push('--revisions-topic', revisionsTopic, '--session-timeout', `${SESSION_TIMEOUT_MS}ms`);
  args.push('--max-batch-records', '1000');
  const fleet = new WorkerFleet(args, folder);
  const events = new EventStream({ brokers, topic, partitions: PARTITIONS, seed, rate });
  const watcher = new RedisWatcher(redis.url, group, WATCHED, WATCH_PAUSE_MS);
  const random = new Random(seed);
  await watcher.start();
  try {
    for (let count = 0; count < LEAST_WORKERS; count++) fleet.start();
    events.start();
    const around = { kafka, redis, fleet, events, watcher, random, sessionTimeoutMs: SESSION_TIMEOUT_MS };
    const faults = await breakThings(options, around);
    await events.stop();
    await caughtUp(brokers, app, topic, say);
    await Promise.all(fleet.running.map((worker) => fleet.terminate(worker)));
    await watcher.stop();
    say('replaying the archived topic');
    const outcome = await judgeOutcome({
      ...{ definitionsFile, brokers, app, topic, revisionsTopic, folder },
      redisUrl: redis.url,
    });
    const strange = await rowsOfNoReplay(watcher.seen, group, join(outcome.rows, 'card_risk', 'v=1'));
    const violations = [
      ...fleet.failures,
      ...outcome.differences,
      ...watcher.violations.map((violation) => `a reader saw of ${violation}`),
      ...strange.map((row) => `a reader saw a row of no replay: ${row}`),
    ];
    return { ...outcome, faults, reads: watcher.reads, unanswered: watcher.unanswered, violations };
  } finally {
    await events.stop();
    await Promise.all(fleet.running.map((worker) => fleet.kill(worker)));
    await watcher.stop();
  }
}

/** For as long as it lasts, one fault after the other; all of them before any comes again. Answers how many. */
async function breakThings({ minutes, faults, say }: ChaosOptions, around: Surroundings): Promise<number> {
  const { random } = around;
  const began = performance.now();
  const end = began + minutes * 60_000;
  let waiting: FaultName[] = [];
  for (let count = 0; ; count++) {
    const next = performance.now() + LEAST_PAUSE_MS + random.below(MOST_PAUSE_MS - LEAST_PAUSE_MS);
    if (next > end) {
      await sleep(Math.max(0, end - performance.now()));
      return count;
    }
    if (waiting.length === 0) waiting = [...faults];
    const [name] = waiting.splice(random.below(waiting.length), 1);
    await sleep(Math.max(0, next - performance.now()));
    say(`${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s  ${name}`);
    await FAULTS[name!](around);
  }
}

/** Until the workers have committed all that was written. */
async function caughtUp(
  brokers: string,
  app: string,
  topic: string,
  say: (line: string) => void,
): Promise<void> {
  const written = await writtenRecords(brokers, topic);
  let before = -1;
  for (let deadline = 0; ; ) {
    const committed = await committedRecords(brokers, app, topic);
    if (committed === written) return;
    if (committed > before) deadline = performance.now() + STANDSTILL_MS;
    else if (performance.now() > deadline) {
      throw new Error(`the workers stand still: ${committed} of ${written} records are committed`);
    }
    if (before === -1)
      say(`${written} records are written, ${written - committed} of them not committed yet`);
    before = Math.max(before, committed);
    await sleep(500);
  }
}
