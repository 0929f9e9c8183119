import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { judgeOutcome } from '../chaos/outcome.ts';
import { cardGroups, cardRecords } from '../services/card-groups.ts';
import { type Redis, startRedis } from '../services/redis.ts';
import { createTopic, produce } from '../services/topics.ts';
import { until } from '../services/until.ts';
import { untilCommitted, WorkerProcess } from '../services/worker.ts';

/**
 * Several workers of one app share a topic on the real broker and Redis: they come, go, die and hang while the stream
 * goes on. What they leave is what a replay of the topic says: every row, and every revision and record that made no
 * row exactly once.
 */

const EVENTS = 24_000;
const PARTITIONS = 5;
const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20_261_122);
const RECORDS = cardRecords({
  seed: SEED,
  count: EVENTS,
  cards: 300,
  partitions: PARTITIONS,
  defects: 0.005,
});

const brokers = inject('kafkaBrokers');
const folder = mkdtempSync(join(tmpdir(), 'tidemark-failover-'));
const definitionsFile = join(folder, 'definitions.ts');
const app = `failover-${randomUUID().slice(0, 8)}`;
const revisionsTopic = `${app}.revisions`;
const workers = new Map<string, WorkerProcess>();
let topic: string;
let redis: Redis;
let written = 0;

interface Place {
  readonly state?: string;
  readonly sessionTimeout?: string;
  readonly standby?: boolean;
}

/** `state`: the folder of its local state; by default its own. */
function start(
  name: string,
  { state = name, sessionTimeout = '3s', standby = false }: Place = {},
): WorkerProcess {
  const args = [definitionsFile, '--app', app, '--brokers', brokers, '--redis', redis.url, '--json'];
  args.push('--state-dir', join(folder, state), '--revisions-topic', revisionsTopic);
  args.push('--commit-interval', '200ms', '--session-timeout', sessionTimeout);
  if (standby) args.push('--standby');
  const worker = new WorkerProcess(args);
  workers.set(name, worker);
  return worker;
}

/** The partitions that a living worker was given last. */
function partitionsOf(name: string): readonly string[] {
  const assigned = workers
    .get(name)!
    .log.split('\n')
    .filter((line) => line.includes('"partitions assigned"'));
  return assigned.length === 0 ? [] : JSON.parse(assigned.at(-1)!).partitions;
}

/** Until these workers, and nobody else, have the partitions, some each. */
async function shared(...names: readonly string[]): Promise<void> {
  await until(
    () => {
      const owned = names.map(partitionsOf);
      const all = owned.flat();
      return (
        owned.every(({ length }) => length > 0) &&
        all.length === PARTITIONS &&
        new Set(all).size === PARTITIONS
      );
    },
    () => names.map((name) => `${name} has ${partitionsOf(name)}\n${workers.get(name)!.log}`).join('\n'),
  );
}

/** More of the stream: a number of records, or what is left. */
async function write(count = EVENTS): Promise<void> {
  const some = RECORDS.slice(written, written + count);
  await produce(brokers, topic, some, 400);
  written += some.length;
}

async function allTaken(): Promise<void> {
  await untilCommitted({ brokers, app, topic, records: written }, () =>
    [...workers].map(([name, { log }]) => `${name}:\n${log}`).join('\n'),
  );
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

beforeAll(async () => {
  redis = await startRedis({ args: [] });
  topic = await createTopic(brokers, 'failover', { partitions: PARTITIONS });
  writeFileSync(definitionsFile, cardGroups(topic));
});

afterAll(async () => {
  await Promise.all([...workers.values()].map((worker) => worker.kill()));
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe(`several workers of one app, seed ${SEED}`, () => {
  test('share the partitions; one that joins takes its part', async () => {
    await write(3000);
    start('a', { sessionTimeout: '60s' });
    start('b');
    await shared('a', 'b');
    start('c');
    await write(3000);
    await shared('a', 'b', 'c');
    await allTaken();
  });

  test('one that is told to stop hands over within seconds, in the midst of its work', async () => {
    await write(4000);
    const { exitCode, stderr } = await workers.get('a')!.terminate();
    expect(exitCode, stderr).toBe(0);
    // Its session would have lasted a minute.
    const seconds = await secondsOf(async () => {
      await shared('b', 'c');
      await write(200);
      await allTaken();
    });
    expect(seconds).toBeLessThan(20);
  });

  test('one that was killed is replaced when its session is over', async () => {
    await write(3000);
    await sleep(200);
    const { signal } = await workers.get('b')!.kill();
    expect(signal).toBe('SIGKILL');
    await shared('c');
    await allTaken();
  });

  test('it comes back, and another one on a machine without state', async () => {
    start('a', { sessionTimeout: '10m' });
    await write(2000);
    start('d', { state: 'another machine', standby: true });
    await shared('a', 'c', 'd');
    await allTaken();
  });

  test('one that was killed is missed by one with standbys, long before its session is over', async () => {
    await write(2000);
    await workers.get('a')!.kill();
    await shared('c', 'd');
    await allTaken();
    start('a');
    await shared('a', 'c', 'd');
  });

  test('one that hung for longer than its session does no harm when it goes on', async () => {
    const zombie = workers.get('c')!;
    const writing = write(4000);
    await sleep(300);
    process.kill(zombie.pid!, 'SIGSTOP');
    await shared('a', 'd');
    await writing;
    await allTaken();
    process.kill(zombie.pid!, 'SIGCONT');
    await write(1000);
    await shared('a', 'c', 'd');
    await allTaken();
  });

  test('all stop and start at once', async () => {
    await write(2000);
    const ends = await Promise.all(['a', 'c', 'd'].map((name) => workers.get(name)!.terminate()));
    for (const { exitCode, stderr } of ends) expect(exitCode, stderr).toBe(0);
    await write();
    for (const name of ['a', 'c', 'd']) start(name);
    await shared('a', 'c', 'd');
    await allTaken();
    for (const name of ['a', 'c', 'd']) {
      const { exitCode, stderr } = await workers.get(name)!.terminate();
      expect(exitCode, stderr).toBe(0);
    }
  });

  test('leave what a replay says, each revision and each record without a row exactly once', async () => {
    const outcome = await judgeOutcome({
      ...{ definitionsFile, brokers, app, topic, revisionsTopic, folder },
      redisUrl: redis.url,
    });
    expect(outcome.differences).toEqual([]);
    expect(outcome.records).toBe(EVENTS);
    expect(outcome.deadLetters).toBeGreaterThan(100);
    expect(outcome.late).toBeGreaterThan(50);
    expect(outcome.revisions).toBeGreaterThan(EVENTS);
    expect(outcome.onlineRows).toBeGreaterThan(1000);
  });
});
