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
