import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tidemark } from '../cli/command-line.ts';
import { cardGroups, cardRecords } from '../services/card-groups.ts';
import { type Kafka, startKafka } from '../services/kafka.ts';
import { type Redis as RedisService, startRedis } from '../services/redis.ts';
import { createTopic, type ProducedRecord, produce } from '../services/topics.ts';
import { untilCommitted, WorkerProcess } from '../services/worker.ts';

/**
 * SIGTERM at every stage of a worker's life and whatever is away then: it ends in good order (a test that waited for
 * what is away would time out), and what it could not write the next one does: at the end Redis holds what replay says.
 */

const SEED = Number(process.env['TIDEMARK_TEST_SEED'] ?? 20_261_122);
const RECORDS = cardRecords({ seed: SEED, count: 30_000, cards: 5000, partitions: 2, defects: 0.002 });

const folder = mkdtempSync(join(tmpdir(), 'tidemark-stopping-'));
const definitions = join(folder, 'definitions.ts');
const app = `stopping-${randomUUID().slice(0, 8)}`;
const waiting: ProducedRecord[] = [...RECORDS];
let kafka: Kafka;
let redis: RedisService;
let client: Redis;
let topic: string;
let worker: WorkerProcess;

function start(...more: readonly string[]): WorkerProcess {
  const args = [definitions, '--app', app, '--brokers', kafka.brokers, '--redis', redis.url];
  args.push('--state-dir', join(folder, 'state'), '--report-interval', '100ms');
  worker = new WorkerProcess([...args, ...more, '--json']);
  return worker;
}

/** More work for a worker. */
async function write(count: number): Promise<void> {
  await produce(kafka.brokers, topic, waiting.splice(0, count));
}

async function stops(): Promise<string> {
  const { exitCode, stdout, stderr } = await worker.terminate();
  expect(exitCode, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ records: expect.any(Number) });
  expect(stderr).not.toMatch(/"level":"error"|This is a bug/);
  return stderr;
}

beforeAll(async () => {
  [kafka, redis] = await Promise.all([
    startKafka({ properties: {} }),
    startRedis({ args: ['--appendonly', 'yes'] }),
  ]);
  client = new Redis(redis.url);
  client.on('error', () => {});
  topic = await createTopic(kafka.brokers, 'stopping', { partitions: 2 });
  writeFileSync(definitions, cardGroups(topic));
});

afterAll(async () => {
  await worker?.kill();
  client?.disconnect();
  await Promise.all([kafka?.stop(), redis?.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

/** Both partitions are restored: what is written now is taken in. */
function ready(): Promise<void> {
  return worker.says('"msg":"partition ready"', 2);
}

describe(`a worker that is told to stop, seed ${SEED}`, () => {
  test('in the middle of its work, after each record a flush', async () => {
    await write(5000);
    start('--max-batch-records', '1');
    await worker.assigned();
    await worker.says('"msg":"progress"', 5);
    await stops();
  });

  test('while Redis is out of memory', async () => {
    start();
    await ready();
    await client.config('SET', 'maxmemory', '1');
    await write(1000);
    await worker.says('is out of memory: it has reached maxmemory and takes no writes; its writes wait');
    expect(await stops()).toMatch(/out of memory.*some rows were not written\. Nothing is lost/);
    await client.config('SET', 'maxmemory', '0');
  });

  test('while Redis hangs', async () => {
    start();
    await ready();
    process.kill(redis.pid!, 'SIGSTOP');
    await write(3000);
    await sleep(1500);
    await stops();
    process.kill(redis.pid!, 'SIGCONT');
  });

  test('while Redis is down', async () => {
    start();
    await ready();
    await redis.crash();
    await write(3000);
    await worker.says('cannot be reached');
    expect(await stops()).toMatch(/some rows were not written\. Nothing is lost/);
    await redis.start();
  });

  test('while Redis does not answer, before it has begun', async () => {
    process.kill(redis.pid!, 'SIGSTOP');
    start();
    await sleep(1500);
    await stops();
    process.kill(redis.pid!, 'SIGCONT');
  });

  test('while the broker hangs', async () => {
    start();
    await worker.assigned();
    process.kill(kafka.pid!, 'SIGSTOP');
    await sleep(1500);
    await stops();
    process.kill(kafka.pid!, 'SIGCONT');
  });

  test('while the broker is down, met or not', { timeout: 120_000 }, async () => {
    start();
    await worker.assigned();
    await kafka.crash();
    await worker.says('Kafka cannot be reached; trying again');
    await stops();
    start();
    await sleep(1500);
    await stops();
    await kafka.start();
  });

  test('at any moment of its start, while it restores', { timeout: 120_000 }, async () => {
    for (let delayMs = 0; delayMs < 1500; delayMs += 125) {
      await write(1000);
      start();
      await sleep(delayMs);
      const { exitCode, signal, stderr } = await worker.terminate();
      // Node itself has not begun to listen to signals at first.
      if (signal !== 'SIGTERM') expect(exitCode, stderr).toBe(0);
    }
  });

  test('leaves nothing out that the next one does not write', { timeout: 120_000 }, async () => {
    await write(waiting.length);
    start();
    await untilCommitted({ brokers: kafka.brokers, app, topic, records: RECORDS.length }, () => worker.log);
    await stops();
    const [archive, rows] = [join(folder, 'archive'), join(folder, 'rows')];
    for (const args of [
      ['archive', '--brokers', kafka.brokers, '--topic', topic, '--out', archive],
      ['replay', definitions, '--from', archive, '--out', rows, '--rows', 'all'],
      ['compare', definitions, '--with', rows, '--redis', redis.url],
    ]) {
      const { exitCode, stdout, stderr } = await tidemark(args);
      expect(exitCode, stdout + stderr).toBe(0);
    }
  });
});
