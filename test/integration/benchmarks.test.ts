import { expect, inject, test } from 'vitest';
import { runQuick } from '../benchmarks/quick.ts';

const services = () => ({ KAFKA_BROKERS: inject('kafkaBrokers'), REDIS_URL: inject('redisUrl') });

test('benchmarks of live work measure what they say', { timeout: 600_000 }, async () => {
  const tables = await runQuick(['redis', 'serve', 'catch-up', 'paced', 'paced-large'], services());
  const [redis, serve, catchUp, paced, lag, large] = tables;
  for (const row of redis!.rows) expect(row['upserts/s']).toBeGreaterThan(0);
  for (const row of serve!.rows) expect(row['reads/s']).toBeGreaterThan(50);
  // Without rows on their way to the store there is nothing to measure.
  for (const row of catchUp!.rows) expect(row['upserts/event']).toBeGreaterThan(0.1);
  for (const each of [paced, large]) {
    expect(each!.rows[0]).toMatchObject({ probes: expect.any(Number), 'upserts/event': expect.any(Number) });
  }
  expect(lag!.rows).toHaveLength(1);
});

test('the benchmark of proofs proves what was served', { timeout: 600_000 }, async () => {
  const [proof] = await runQuick(['prove'], services());
  expect(proof!.rows[0]).toMatchObject({ answers: 13_600, different: 0 });
  expect(proof!.rows[0]!['proven']).toBeGreaterThan(1000);
});

test('benchmarks of what survives measure what they say', { timeout: 600_000 }, async () => {
  const [durability, recovery, scale] = await runQuick(['durability', 'recovery', 'scale'], services());
  const kinds = durability!.rows.map((row) => row['durability']);
  expect(kinds).toEqual(['none', 'local', 'kafka', 'none', 'local', 'kafka']);
  for (const row of durability!.rows) expect(row['CPU µs/event']).toBeGreaterThan(0);
  expect(recovery!.rows.map((row) => row['state from'])).toEqual([
    'the local store',
    'the changelog',
    'a standby on another machine',
    'a standby beside it',
  ]);
  for (const row of recovery!.rows) expect(row['rows in Redis s']).toBeGreaterThan(0);
  for (const row of scale!.rows) expect(row['CPU µs/event']).toBeGreaterThan(0);
});
