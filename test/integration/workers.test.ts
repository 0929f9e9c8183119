import { randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { judgeOutcome } from '../chaos/outcome.ts';
import { tidemark } from '../cli/command-line.ts';
import { cardGroups, cardRecords } from '../services/card-groups.ts';
import { childrenOf } from '../services/children.ts';
import { type Redis, startRedis } from '../services/redis.ts';
import { createTopic, produce } from '../services/topics.ts';
import { until } from '../services/until.ts';
import { untilCommitted, WorkerProcess } from '../services/worker.ts';

/** `tidemark run --workers 2` on the real broker and Redis: watched, and one of its processes killed. */

const EVENTS = 8000;
const PARTITIONS = 4;
/** Longer than anything that these tests may have to wait for. */
const SESSION_TIMEOUT_S = 30;
const RECORDS = cardRecords({ seed: 5, count: EVENTS, cards: 200, partitions: PARTITIONS, defects: 0.005 });

const brokers = inject('kafkaBrokers');
const folder = mkdtempSync(join(tmpdir(), 'tidemark-workers-'));
const definitionsFile = join(folder, 'definitions.ts');
const app = `workers-${randomUUID().slice(0, 8)}`;
const revisionsTopic = `${app}.revisions`;
let topic: string;
let redis: Redis;
let workers: WorkerProcess;

beforeAll(async () => {
  redis = await startRedis({ args: [] });
  topic = await createTopic(brokers, 'workers', { partitions: PARTITIONS });
  writeFileSync(definitionsFile, cardGroups(topic));
});

afterAll(async () => {
  await workers?.kill();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function args(): string[] {
  const to = ['--brokers', brokers, '--redis', redis.url, '--revisions-topic', revisionsTopic];
  const pace = ['--commit-interval', '200ms', '--report-interval', '500ms'];
  const session = ['--session-timeout', `${SESSION_TIMEOUT_S}s`];
  return [
    definitionsFile,
    '--app',
    app,
    ...to,
    ...pace,
    ...session,
    '--state-dir',
    join(folder, 'state'),
    '--workers',
    '2',
  ];
}

function lines(): Record<string, unknown>[] {
  const whole = workers.log.split('\n').slice(0, -1);
  return whole.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function url(path: string): string {
  const { port } = lines().find(({ msg }) => msg === 'metrics are served') as { port: number };
  return `http://127.0.0.1:${port}${path}`;
}

/** The values of a metric, and the labels of each as they stand. */
async function values(metric: string): Promise<[string, number][]> {
  const text = await (await fetch(url('/metrics'))).text();
  const matches = text.matchAll(new RegExp(`^${metric}\\{(.*)\\} (\\S+)$`, 'gm'));
  return Array.from(matches, ([, labels, value]) => [labels!, Number(value)]);
}

async function sumOf(metric: string): Promise<number> {
  return (await values(metric)).reduce((sum, [, value]) => sum + value, 0);
}

async function isReady(): Promise<boolean> {
  return (await fetch(url('/readyz'))).status === 200;
}

/** Both have partitions, and all of them run. */
async function shared(): Promise<void> {
  await until(
    async () => {
      const running = await values('tidemark_partitions');
      const counts = running.map(([, count]) => count);
      return (await isReady()) && counts.length === 2 && counts.every((count) => count === PARTITIONS / 2);
    },
    () => workers.log,
  );
}

async function taken(records: number): Promise<void> {
  await untilCommitted({ brokers, app, topic, records }, () => workers.log);
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

describe('two workers on one machine', () => {
  test('share the partitions, with one log and one set of metrics', async () => {
    workers = new WorkerProcess([...args(), '--metrics-port', '0', '--json']);
    await workers.says('metrics are served');
    await shared();
    await produce(brokers, topic, RECORDS.slice(0, 4000), 400);
    await taken(4000);
    expect(await sumOf('tidemark_records_consumed_total')).toBe(4000);
    const consumed = await values('tidemark_records_consumed_total');
    for (const worker of ['worker="1"', 'worker="2"']) {
      expect(consumed.some(([labels, value]) => labels.includes(worker) && value > 500)).toBe(true);
    }
    await until(
      async () => (await sumOf('tidemark_lag_records')) === 0,
      () => workers.log,
    );
    const upserts = await sumOf('tidemark_upserts_total');
    expect(upserts).toBeGreaterThan(1000);
    expect(await sumOf('tidemark_freshness_seconds_count')).toBeGreaterThanOrEqual(upserts);
    expect(await sumOf('tidemark_commit_failures_total')).toBe(0);
    expect(new Set(lines().map(({ worker }) => worker))).toEqual(new Set([undefined, 1, 2]));
    expect(lines().filter(({ worker }) => worker === undefined)).toHaveLength(1);
    expect(['worker-1', 'worker-2'].map((name) => existsSync(join(folder, 'state', name)))).toEqual([
      true,
      true,
    ]);
  });

  test('one that is killed is started again, and counted', async () => {
    const [victim] = childrenOf(workers.pid!);
    process.kill(victim!, 'SIGKILL');
    await workers.says('it is started again');
    expect((await fetch(url('/healthz'))).status).toBe(200);
    expect(await isReady()).toBe(false);
    await produce(brokers, topic, RECORDS.slice(4000, 6000), 400);
    await taken(6000);
    await shared();
    expect(await sumOf('tidemark_worker_restarts_total')).toBe(1);
    expect(await sumOf('tidemark_worker_up')).toBe(2);
  });

  test('one that dies at every start leaves its partitions to the other, which waits for no session', async () => {
    const [survivor, victim] = childrenOf(workers.pid!);
    process.kill(victim!, 'SIGKILL');
    const diedAt = performance.now();
    const dying = setInterval(() => {
      for (const pid of childrenOf(workers.pid!)) if (pid !== survivor) killIfThere(pid);
    }, 50);
    try {
      await produce(brokers, topic, RECORDS.slice(6000), 400);
      await taken(EVENTS);
    } finally {
      clearInterval(dying);
    }
    expect((performance.now() - diedAt) / 1000).toBeLessThan(SESSION_TIMEOUT_S / 2);
    await shared();
  });

  test('stop in good order at SIGTERM, and say together what they did', async () => {
    const { exitCode, stdout, stderr } = await workers.terminate();
    expect(exitCode, stderr).toBe(0);
    const summary = JSON.parse(stdout);
    const deaths = lines().filter(({ msg }) => String(msg).endsWith('it is started again'));
    expect(summary).toMatchObject({ restarts: deaths.length, records: expect.any(Number) });
    // What the killed ones had taken in, nobody can say any more; what was committed by nobody was taken in twice.
    expect(summary.records).toBeGreaterThanOrEqual(EVENTS - 6000);
  });

  test('leave what a replay says, each revision once', async () => {
    const outcomeFolder = mkdtempSync(join(folder, 'outcome-'));
    const redisUrl = redis.url;
    const outcome = await judgeOutcome({
      definitionsFile,
      brokers,
      redisUrl,
      app,
      topic,
      revisionsTopic,
      folder: outcomeFolder,
    });
    expect(outcome, workers.log).toMatchObject({ records: EVENTS, differences: [] });
    expect(outcome.onlineRows).toBeGreaterThan(1000);
  });

  test('that cannot start end together, with one error', async () => {
    const wrong = args().map((arg) => (arg === brokers ? 'localhost:1' : arg));
    const { exitCode, stderr } = await tidemark(['run', ...wrong, '--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stderr.trim().split('\n').at(-1)!)).toMatchObject({
      errors: [{ code: 'KAFKA_UNREACHABLE' }],
    });
  });

  test('do not outlive the process that started them', async () => {
    workers = new WorkerProcess(args());
    await workers.assigned();
    const children = childrenOf(workers.pid!);
    expect(children).toHaveLength(2);
    await workers.kill();
    await until(
      () => children.every((pid) => !existsSync(`/proc/${pid}`)),
      () => `${children} live on`,
    );
  });
});
