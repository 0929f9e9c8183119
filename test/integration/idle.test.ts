import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { compareOnline } from '../../src/replay/compare-online.ts';
import { openRedisStore } from '../../src/sinks/redis-store.ts';
import { tidemark } from '../cli/command-line.ts';
import { startRedis } from '../services/redis.ts';
import { createTopic, type ProducedRecord, produce } from '../services/topics.ts';
import { until } from '../services/until.ts';
import { WorkerProcess } from '../services/worker.ts';

/** A partition that falls silent: its windows close all the same, and a replay with the journal says the same. */

const brokers = inject('kafkaBrokers');

const definitions = (topic: string) => `
import { count, defineFeatureGroup, defineSource, field } from 'tidemark';

export const clicks = defineSource({
  name: 'clicks',
  topic: '${topic}',
  schema: { user: field.string, at: field.timestampMillis },
  eventTime: { field: 'at' },
  watermark: { maxOutOfOrderness: '1s', maxAhead: null, idleTimeout: '2s' },
  checkKey: false,
});

export const users = defineFeatureGroup({
  name: 'users',
  version: 1,
  source: clicks,
  entity: 'user',
  every: '2s',
  features: { n: count({ last: '4s' }) },
});

export const visits = defineFeatureGroup({
  name: 'visits',
  version: 1,
  source: clicks,
  entity: 'user',
  session: '3s',
  features: { n: count() },
});
`;

test('values of a silent partition fall, through restarts, and as a replay with the journal has them', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-idle-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const redis = await startRedis({ args: [] });
  onTestFinished(() => redis.stop());
  const topic = await createTopic(brokers, 'idle', { partitions: 2 });
  const app = `idle-${randomUUID().slice(0, 8)}`;
  const definitionsFile = join(folder, 'definitions.ts');
  writeFileSync(definitionsFile, definitions(topic));
  const { groups } = await loadDefinitions(definitionsFile);
  const users = groups.find(({ name }) => name === 'users')!;
  const store = await openRedisStore({ url: redis.url });
  onTestFinished(() => store.close());
  const start = async () => {
    const args = [definitionsFile, '--app', app, '--brokers', brokers, '--redis', redis.url];
    const worker = new WorkerProcess([...args, '--state-dir', join(folder, 'state'), '--log-json']);
    onTestFinished(async () => {
      await worker.kill();
    });
    await worker.assigned();
    return worker;
  };
  const click = (user: string, partition: number): ProducedRecord => {
    const at = Date.now();
    return { partition, key: user, timestamp: at, value: JSON.stringify({ user, at }) };
  };
  const fallsTo = (user: string, n: number) =>
    until(
      async () => (await store.latest(users, [user]))?.values[0] === n,
      () => `${user} does not fall to ${n}`,
    );

  let worker = await start();
  await produce(brokers, topic, [click('ana', 0), click('ana', 0), click('ben', 1)]);
  await fallsTo('ana', 0);
  await fallsTo('ben', 0);
  // Killed, so that marks that are in the journal but in no committed state are looked for.
  await produce(brokers, topic, [click('ana', 0)]);
  await until(
    async () => (await store.latest(users, ['ana']))?.values[0] === 1,
    () => worker.log,
  );
  await worker.kill();
  worker = await start();
  await fallsTo('ana', 0);
  await produce(brokers, topic, [click('cleo', 1), click('ana', 1)]);
  await fallsTo('cleo', 0);
  const { exitCode, stderr } = await worker.terminate();
  expect(exitCode, stderr).toBe(0);

  const archive = join(folder, 'archive');
  const rows = join(folder, 'rows');
  const archived = await tidemark([
    ...['archive', '--brokers', brokers, '--topic', topic, '--journal', app],
    ...['--out', archive, '--json'],
  ]);
  expect(archived.exitCode, archived.stderr).toBe(0);
  const replayed = await tidemark([
    ...['replay', definitionsFile, '--from', archive, '--journal', app],
    ...['--out', rows, '--rows', 'all', '--json'],
  ]);
  expect(replayed.exitCode, replayed.stderr).toBe(0);
  expect(JSON.parse(replayed.stdout).sources[0].marks).toBeGreaterThan(3);
  for (const group of groups) {
    const directory = join(rows, group.name, `v=${group.version}`);
    const { differences, entities } = await compareOnline(group, directory, store);
    expect(differences).toEqual([]);
    expect(entities).toBeGreaterThanOrEqual(3);
  }
});
