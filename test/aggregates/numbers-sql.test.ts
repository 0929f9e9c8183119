import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AggregateName } from '../../src/definitions/aggregate-signatures.ts';
import type { AggregateParameters } from '../../src/definitions/definition.ts';
import type { ValueType } from '../../src/definitions/expression.ts';
import { END, valueOver } from './bench.ts';

/** What an analyst writes in SQL for the same, over a table `events` with the columns t (time), i, d, e and b. */
interface SqlTwin {
  readonly aggregate: AggregateName;
  readonly columns: readonly ('i' | 'd' | 'e' | 'b')[];
  readonly parameters?: AggregateParameters;
  readonly sql: string;
}

const TYPES = { i: 'integer', d: 'number', e: 'number', b: 'boolean' } as const satisfies Record<
  string,
  ValueType
>;

const TWINS: readonly SqlTwin[] = [
  { aggregate: 'count', columns: ['d'], sql: 'count(d)' },
  { aggregate: 'rate', columns: ['b'], sql: 'avg(CAST(b AS INTEGER))' },
  { aggregate: 'sum', columns: ['i'], sql: 'sum(i)' },
  { aggregate: 'sum', columns: ['d'], sql: 'sum(d)' },
  { aggregate: 'avg', columns: ['d'], sql: 'avg(d)' },
  { aggregate: 'min', columns: ['d'], sql: 'min(d)' },
  { aggregate: 'max', columns: ['i'], sql: 'max(i)' },
  { aggregate: 'variance', columns: ['i'], sql: 'var_samp(i)' },
  { aggregate: 'variance', columns: ['d'], sql: 'var_samp(d)' },
  { aggregate: 'variancePop', columns: ['d'], sql: 'var_pop(d)' },
  { aggregate: 'stddev', columns: ['d'], sql: 'stddev_samp(d)' },
  { aggregate: 'stddevPop', columns: ['i'], sql: 'stddev_pop(i)' },
  { aggregate: 'skewness', columns: ['d'], sql: 'skewness(d)' },
  { aggregate: 'kurtosis', columns: ['d'], sql: 'kurtosis(d)' },
  { aggregate: 'covariance', columns: ['d', 'e'], sql: 'covar_samp(e, d)' },
  { aggregate: 'covariancePop', columns: ['i', 'e'], sql: 'covar_pop(e, i)' },
  { aggregate: 'correlation', columns: ['d', 'e'], sql: 'corr(e, d)' },
  {
    aggregate: 'decayedCount',
    columns: ['d'],
    parameters: { halfLife: 7 },
    sql: `sum(pow(2, (t - ${END}) / 7)) FILTER (d IS NOT NULL)`,
  },
  {
    aggregate: 'decayedSum',
    columns: ['d'],
    parameters: { halfLife: 13 },
    sql: `sum(d * pow(2, (t - ${END}) / 13))`,
  },
  { aggregate: 'timeSinceLast', columns: ['d'], sql: `${END} - max(t) FILTER (d IS NOT NULL)` },
  {
    aggregate: 'timeSpan',
    columns: ['d'],
    sql: 'max(t) FILTER (d IS NOT NULL) - min(t) FILTER (d IS NOT NULL)',
  },
];

interface Row {
  readonly i: number | null;
  readonly d: number | null;
  readonly e: number | null;
  readonly b: boolean | null;
}

const rarelyNull = <T>(some: fc.Arbitrary<T>) => fc.option(some, { freq: 10 });
const hundredths = fc.integer({ min: -50_000, max: 50_000 }).map((value) => value / 100);

/** Enough of different values that SQL's own sums in doubles lose little. */
const rows: fc.Arbitrary<Row[]> = fc.uniqueArray(
  fc.record({
    i: rarelyNull(fc.integer({ min: -10_000, max: 10_000 })),
    d: rarelyNull(hundredths),
    e: rarelyNull(hundredths),
    b: rarelyNull(fc.boolean()),
  }),
  { minLength: 40, maxLength: 150, size: 'max', selector: ({ d }) => d },
);

describe('the aggregates over numbers and times', () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;

  beforeAll(async () => {
    instance = await DuckDBInstance.create(':memory:');
    connection = await instance.connect();
  });

  afterAll(() => {
    connection.closeSync();
    instance.closeSync();
  });

  /** The one value of an aggregate over these rows, at the times that {@link valueOver} gives them. */
  async function answer(sql: string, events: readonly Row[]): Promise<number | null> {
    await connection.run(
      'CREATE OR REPLACE TABLE events (t INTEGER, i BIGINT, d DOUBLE, e DOUBLE, b BOOLEAN)',
    );
    const values = events.map(
      ({ i, d, e, b }, index) => `(${Math.floor((index * END) / events.length)}, ${i}, ${d}, ${e}, ${b})`,
    );
    await connection.run(`INSERT INTO events VALUES ${values.join(', ')}`);
    const result = await connection.runAndReadAll(`SELECT CAST(${sql} AS DOUBLE) FROM events`);
    return result.getRows()[0]![0] as number | null;
  }

  it.each(TWINS)('$aggregate of $columns is what SQL says, to 9 digits', async (twin) => {
    const { aggregate, columns, parameters = {}, sql } = twin;
    await fc.assert(
      fc.asyncProperty(rows, async (events) => {
        const types = columns.map((column) => TYPES[column]);
        const [x, y] = columns;
        const inputs = events.map((event) =>
          y === undefined ? ([event[x!]] as const) : ([event[x!], event[y]] as const),
        );
        const value = valueOver(aggregate, types, parameters, inputs) as number;
        const expected = (await answer(sql, events))!;
        expect(Math.abs(value - expected)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(expected)));
      }),
      { numRuns: 30 },
    );
  });

  it.each(TWINS)('$aggregate of $columns is null of too few where SQL is', async (twin) => {
    const { aggregate, columns, parameters = {}, sql } = twin;
    const types = columns.map((column) => TYPES[column]);
    for (const length of [0, 1, 2, 3]) {
      const events = [2, 3, 7].slice(0, length).map((n) => ({ i: n, d: n, e: n * n, b: true }));
      const [x, y] = columns;
      const inputs = events.map((event) =>
        y === undefined ? ([event[x!]] as const) : ([event[x!], event[y]] as const),
      );
      const value = valueOver(aggregate, types, parameters, inputs);
      const expected = length === 0 ? await answerOfNothing(sql) : await answer(sql, events);
      if (aggregate === 'decayedCount' && length === 0) expect([value, expected]).toEqual([0, null]);
      else {
        // SQL's correlation of one pair is NaN.
        const isNull = expected === null || Number.isNaN(expected);
        expect({ length, isNull: value === null }).toEqual({ length, isNull });
      }
    }
  });

  async function answerOfNothing(sql: string): Promise<number | null> {
    const nothing = 'SELECT NULL::INTEGER t, NULL::BIGINT i, NULL::DOUBLE d, NULL::DOUBLE e, NULL::BOOLEAN b';
    const result = await connection.runAndReadAll(`SELECT ${sql} FROM (${nothing})`);
    return result.getRows()[0]![0] as number | null;
  }
});
