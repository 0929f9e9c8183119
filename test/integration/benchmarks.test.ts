import { expect, inject, test } from 'vitest';
import { runQuick } from '../benchmarks/quick.ts';

test('benchmarks of live work measure what they say', { timeout: 240_000 }, async () => {
  const tables = await runQuick(['redis', 'catch-up', 'paced'], {
    KAFKA_BROKERS: inject('kafkaBrokers'),
    REDIS_URL: inject('redisUrl'),
  });
  const [redis, catchUp, paced, lag] = tables;
  for (const row of redis!.rows) expect(row['upserts/s']).toBeGreaterThan(0);
  // Without rows on their way to the store there is nothing to measure.
  for (const row of catchUp!.rows) expect(row['upserts/event']).toBeGreaterThan(0.1);
  expect(paced!.rows[0]).toMatchObject({ probes: expect.any(Number), 'upserts/event': expect.any(Number) });
  expect(lag!.rows).toHaveLength(1);
});
