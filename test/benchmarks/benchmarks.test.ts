import { expect, test } from 'vitest';
import { AGGREGATE_NAMES } from '../../src/definitions/aggregate-signatures.ts';
import { runQuick } from './quick.ts';

const NAMES = [
  'expressions',
  'decode',
  'windows',
  'ranges',
  'aggregates',
  'state',
  'large-state',
  'replay',
  'training',
];

test('benchmarks that need no service measure what they say', { timeout: 240_000 }, async () => {
  const tables = await runQuick(NAMES);
  expect(tables.map(({ benchmark }) => benchmark)).toEqual(NAMES);
  const [expressions, decode, windows, ranges, aggregates, state, largeState, replay, training] = tables;
  for (const row of expressions!.rows) expect(row['CPU ns']).toBeGreaterThan(0);
  for (const row of decode!.rows) expect(row['CPU µs a record']).toBeGreaterThan(0);
  // A record that no window takes would make a benchmark fast.
  for (const row of [...windows!.rows, ...ranges!.rows]) expect(row['rows/event']).toBeGreaterThan(0.9);
  expect(new Set(aggregates!.rows.map(({ aggregate }) => aggregate))).toEqual(new Set(AGGREGATE_NAMES));
  for (const row of aggregates!.rows) expect(row['times the count']).toBeGreaterThan(0);
  for (const row of state!.rows) expect(row['chunks/commit']).toBeGreaterThan(0);
  for (const row of largeState!.rows) expect(row['entities']).toBeGreaterThan(1000);
  for (const row of replay!.rows) expect(row['rows written']).toBeGreaterThan(1000);
  // A range join in SQL is asked for a hundredth of the rows.
  expect(training!.rows.map((row) => row['spine rows'])).toEqual([2000, 2000, 2000, 400, 4, 400, 400]);
});
