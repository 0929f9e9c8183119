import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { describe, expect, inject, test } from 'vitest';
import { OnlineReader } from '../../src/serving/online-reader.ts';
import { openRedisStore } from '../../src/sinks/redis-store.ts';
import { startRedis } from '../services/redis.ts';
import { onlineReaderContract } from '../serving/online-reader-contract.ts';
import { aGroup } from '../sinks/a-group.ts';

describe('a reader of Redis', () => {
  onlineReaderContract(async () => {
    const url = inject('redisUrl');
    return { store: await openRedisStore({ url }), options: { kind: 'redis', url } };
  });
});

test('a reader needs no more rights than the documents say', async () => {
  const redis = await startRedis({ args: [] });
  const client = new Redis(redis.url);
  const documented = /`(~tidemark:\* [^`]*)`/.exec(readFileSync('docs/serving.md', 'utf8'))![1]!.split(' ');
  await client.call('ACL', ['SETUSER', 'reader', 'on', '>pass', ...documented]);
  const url = redis.url.replace('//', '//reader:pass@');
  const group = aGroup({ name: 'cards', features: { n: 'integer' } });
  const reader = await OnlineReader.open({ groups: [group], store: { kind: 'redis', url } });
  await reader.ping();
  expect(await reader.read([{ group: 'cards', entity: 'c1' }])).toMatchObject([{ version: null }]);
  await client.call('ACL', ['SETUSER', 'reader', '-hgetall']);
  const refused = reader.read([{ group: 'cards', entity: 'c1' }]);
  await expect(refused).rejects.toMatchObject({ code: 'REDIS_NOPERM' });
  await reader.close();
  client.disconnect();
  await redis.stop();
});

test('fails at once while Redis is away, and reads again when it is back', async () => {
  const redis = await startRedis({ args: [] });
  const group = aGroup({ name: 'cards', features: { n: 'integer' } });
  const reader = await OnlineReader.open({ groups: [group], store: { kind: 'redis', url: redis.url } });
  try {
    const read = () => reader.read([{ group: 'cards', entity: 'c1' }]);
    expect((await read())[0]).toMatchObject({ version: null });
    await redis.crash();
    const start = performance.now();
    await expect(read()).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' });
    await expect(reader.ping()).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' });
    expect(performance.now() - start).toBeLessThan(1000);
    await redis.start();
    await expect
      .poll(
        () =>
          reader.ping().then(
            () => 'answers',
            () => 'away',
          ),
        { timeout: 20_000 },
      )
      .toBe('answers');
    expect((await read())[0]).toMatchObject({ version: null });
  } finally {
    await reader.close();
    await redis.stop();
  }
});
