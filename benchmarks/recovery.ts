import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { FeatureGroup } from '../src/definitions/definition.ts';
import { latestKey } from '../src/sinks/redis-format.ts';
import { childrenOf } from '../test/services/children.ts';
import { createTopic, produce } from '../test/services/topics.ts';
import { type Benchmark, type BenchmarkSettings, medians, type ResultRow, rounded } from './benchmark.ts';
import { withTemporaryFolder } from './card-group.ts';
import { cardEvent, eachCardOnce, TOPIC_PARTITIONS } from './card-topic.ts';
import { LiveWorker } from './live-worker.ts';
import { type Services, withServices } from './services.ts';
import { writeCardRisk } from './worker-process.ts';

/** All events are within the longest range, so that every card has all of its state. */
const SPAN_MS = 20 * 3_600_000;
const START_MS = Date.UTC(2026, 0, 1);
const SESSION_TIMEOUT_S = 6;
const POLL_MS = 2;

/** How long it takes until a worker with a large state runs again, after it was killed. */
export const recovery: Benchmark = {
  name: 'recovery',
  run(settings: BenchmarkSettings) {
    const cards = settings.quick ? 2000 : 1_000_000;
    return withServices(async ({ brokers, redisUrl }) => {
      const client = new Redis(redisUrl);
      try {
        const rows = await withTemporaryFolder((folder) =>
          measure({ folder, cards, brokers, redisUrl, client, settings }),
        );
        const notes = [
          `${cards} cards with an event each, all within a day, two features, ${TOPIC_PARTITIONS} partitions; workers die by SIGKILL.`,
          'From the start of the process (taken over: from the death of the owner) until the worker has its partitions,',
          'until their states are restored, and until records that waited in all of them show in Redis.',
          `Without standbys the dead worker's session is ${SESSION_TIMEOUT_S} s, with them the default. Taken over by another worker with --standby:`,
          'of another machine, which misses the heartbeats of the one that died, or of the same `tidemark run --workers 2`,',
          'which leaves the group for it at once.',
        ];
        return [{ title: 'Recovery', notes, rows }];
      } finally {
        client.disconnect();
      }
    });
  },
};

interface Setting extends Services {
  readonly folder: string;
  readonly cards: number;
  readonly client: Redis;
  readonly settings: BenchmarkSettings;
}

async function measure({
  folder,
  cards,
  brokers,
  redisUrl,
  client,
  settings,
}: Setting): Promise<ResultRow[]> {
  const { progress, runs } = settings;
  const topic = await createTopic(brokers, 'bench', { partitions: TOPIC_PARTITIONS });
  const definitions = join(folder, 'card-risk.ts');
  const group = writeCardRisk(definitions, 2, topic);
  progress(`recovery: filling a topic with ${cards} records`);
  await produce(brokers, topic, eachCardOnce(cards, START_MS, SPAN_MS), 10_000);

  const start = (stateDir: string, ...more: string[]) =>
    new LiveWorker([
      ...[definitions, '--app', topic, '--brokers', brokers, '--redis', redisUrl],
      ...['--state-dir', join(folder, stateDir), ...more],
    ]);
  let probes = 0;
  /** Appends a record to each partition; resolves when all of their rows are in Redis, to that time. */
  const appendProbes = async (): Promise<() => Promise<number>> => {
    const number = probes++;
    const keys = Array.from({ length: TOPIC_PARTITIONS }, (_, partition) => `probe-${number}-${partition}`);
    const records = keys.map((card, partition) => ({
      ...cardEvent(card, START_MS + SPAN_MS + number),
      partition,
    }));
    await produce(brokers, topic, records);
    return () => untilThere(client, group as FeatureGroup, keys);
  };
  const rows: ResultRow[] = [];
  const show = (from: string, entities: number | null, { assignedMs, restoredMs, rowsMs }: RecoveryTimes) => {
    const restoring = (restoredMs - assignedMs) / 1000;
    rows.push({
      'state from': from,
      'partitions assigned s': rounded(assignedMs / 1000, 2),
      'restored s': rounded(restoredMs / 1000, 2),
      'rows in Redis s': rounded(rowsMs / 1000, 2),
      'entities/s': entities === null ? null : rounded(entities / restoring),
    });
  };

  progress('recovery: the worker that makes the state');
  const shortSession = ['--session-timeout', `${SESSION_TIMEOUT_S}s`];
  let worker = start('state', ...shortSession);
  await worker.hasTaken(cards);
  await worker.rests();

  progress('recovery: from the local store');
  const restart = (prepare: () => void) => async () => {
    await worker.die();
    prepare();
    const rowsThere = await appendProbes();
    worker = start('state', ...shortSession);
    const rowsAt = await rowsThere();
    const times = timesOf(worker, worker.startedAt, rowsAt);
    await worker.rests();
    return times;
  };
  show(
    'the local store',
    null,
    await medians(
      runs,
      restart(() => {}),
    ),
  );

  progress('recovery: from the changelog');
  const emptyStore = restart(() => rmSync(join(folder, 'state'), { recursive: true }));
  show('the changelog', cards, await medians(runs, emptyStore));

  progress('recovery: from a standby');
  await worker.stop();
  let owner = { folder: 'state', worker: start('state', '--standby') };
  let other = { folder: 'standby', worker: start('standby', '--standby') };
  const bothRest = async () => {
    for (const { worker } of [owner, other]) {
      await worker.until(() => shareOf(worker) === TOPIC_PARTITIONS / 2);
      await worker.rests();
    }
  };
  const lose = async () => {
    await bothRest();
    const diedAt = Date.now();
    await owner.worker.die();
    const rowsThere = await appendProbes();
    const times = timesOf(other.worker, diedAt, await rowsThere());
    [owner, other] = [other, { ...owner, worker: start(owner.folder, '--standby') }];
    return times;
  };
  show('a standby on another machine', null, await medians(runs, lose));
  await bothRest();
  await Promise.all([owner, other].map(({ worker }) => worker.stop()));

  progress('recovery: from a standby beside it');
  const pair = start('pair', '--workers', '2', '--standby');
  const takeOver = async () => {
    await pair.until(() => [1, 2].every((number) => shareOf(pair, number) === TOPIC_PARTITIONS / 2));
    await pair.rests();
    const [oldest] = childrenOf(pair.pid);
    const diedAt = Date.now();
    process.kill(oldest!, 'SIGKILL');
    const rowsThere = await appendProbes();
    return timesOf(pair, diedAt, await rowsThere());
  };
  show('a standby beside it', null, await medians(runs, takeOver));
  await pair.stop();
  return rows;
}

type RecoveryTimes = { assignedMs: number; restoredMs: number; rowsMs: number };

function timesOf(worker: LiveWorker, from: number, rowsAt: number): RecoveryTimes {
  const assignments = worker.lines('partitions assigned', from);
  const assigned = assignments.find((_, last) => {
    const owned = assignments.slice(0, last + 1).flatMap(({ partitions }) => partitions!);
    return new Set(owned).size === TOPIC_PARTITIONS;
  });
  const ready = worker.lines('partition ready', from).findLast(({ at }) => at <= rowsAt);
  return { assignedMs: assigned!.at - from, restoredMs: ready!.at - from, rowsMs: rowsAt - from };
}

/** How many partitions a worker has; of `--workers`, the one of that number. */
function shareOf(workers: LiveWorker, number?: number): number {
  const last = workers.lines('partitions assigned').findLast(({ worker }) => worker === number);
  return last?.partitions?.length ?? 0;
}

async function untilThere(client: Redis, group: FeatureGroup, cards: readonly string[]): Promise<number> {
  for (;;) {
    const versions = await Promise.all(cards.map((card) => client.hget(latestKey(group, card), '@version')));
    if (!versions.includes(null)) return Date.now();
    await sleep(POLL_MS);
  }
}
