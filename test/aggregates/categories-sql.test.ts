import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AggregateName } from '../../src/definitions/aggregate-signatures.ts';
import type { AggregateParameters, Value } from '../../src/definitions/definition.ts';
import type { ValueType } from '../../src/definitions/expression.ts';
import { isVectorValue, vectorText } from '../../src/definitions/value.ts';
import { valueOver } from './bench.ts';

/** What an analyst writes in SQL for the same, over a table `events` with the columns o (order), s, i and d. */
interface SqlTwin {
  readonly aggregate: AggregateName;
  readonly columns: readonly ('s' | 'i' | 'd')[];
  readonly parameters: AggregateParameters;
  readonly sql: string;
}

const TYPES = { s: 'string', i: 'integer', d: 'number' } as const satisfies Record<string, ValueType>;

const TWINS: readonly SqlTwin[] = [
  {
    aggregate: 'firstN',
    columns: ['s'],
    parameters: { n: 5 },
    sql: 'SELECT list(s ORDER BY o)[1:5] FROM events WHERE s IS NOT NULL',
  },
  {
    aggregate: 'lastN',
    columns: ['d'],
    parameters: { n: 5 },
    sql: 'SELECT max_by(d, o, 5) FROM events WHERE d IS NOT NULL',
  },
  {
    aggregate: 'firstDistinctN',
    columns: ['s'],
    parameters: { n: 4 },
    sql: `SELECT list(s ORDER BY place)[1:4]
      FROM (SELECT s, min(o) AS place FROM events WHERE s IS NOT NULL GROUP BY s)`,
  },
  {
    aggregate: 'lastDistinctN',
    columns: ['i'],
    parameters: { n: 4 },
    sql: `SELECT list(i ORDER BY place DESC)[1:4]
      FROM (SELECT i, max(o) AS place FROM events WHERE i IS NOT NULL GROUP BY i)`,
  },
  { aggregate: 'minN', columns: ['d'], parameters: { n: 6 }, sql: 'SELECT min(d, 6) FROM events' },
  { aggregate: 'maxN', columns: ['s'], parameters: { n: 6 }, sql: 'SELECT max(s, 6) FROM events' },
  {
    aggregate: 'topK',
    columns: ['s'],
    parameters: { k: 3 },
    sql: `SELECT list(s ORDER BY n DESC, s)[1:3]
      FROM (SELECT s, count(*) AS n FROM events WHERE s IS NOT NULL GROUP BY s)`,
  },
  {
    aggregate: 'topKBySum',
    columns: ['s', 'i'],
    parameters: { k: 3 },
    sql: `SELECT list(s ORDER BY total DESC, s)[1:3]
      FROM (SELECT s, sum(i) AS total FROM events WHERE s IS NOT NULL AND i IS NOT NULL GROUP BY s)`,
  },
  {
    aggregate: 'distinctValues',
    columns: ['i'],
    parameters: { limit: 7 },
    sql: 'SELECT list(DISTINCT i ORDER BY i)[1:7] FROM events WHERE i IS NOT NULL',
  },
  { aggregate: 'countBy', columns: ['s'], parameters: {}, sql: 'SELECT histogram(s) FROM events' },
  {
    aggregate: 'mostFrequentShare',
    columns: ['s'],
    parameters: {},
    sql: `SELECT max(n) / sum(n) FROM (SELECT count(*) AS n FROM events WHERE s IS NOT NULL GROUP BY s)`,
  },
  {
    aggregate: 'histogram',
    columns: ['d'],
    parameters: { edges: [-1, 0, 2.5] },
    sql: `SELECT [count(*) FILTER (d < -1), count(*) FILTER (d >= -1 AND d < 0),
      count(*) FILTER (d >= 0 AND d < 2.5), count(*) FILTER (d >= 2.5)] FROM events`,
  },
];

interface Row {
  readonly s: string | null;
  readonly i: number | null;
  readonly d: number | null;
}

const row: fc.Arbitrary<Row> = fc.record({
  s: fc.option(fc.constantFrom('a', 'b', 'B', '', 'é', '\uff5e', '\u{1f600}', 'ab')),
  i: fc.option(fc.integer({ min: -20, max: 20 })),
  d: fc.option(fc.integer({ min: -500, max: 500 }).map((hundredths) => hundredths / 100)),
});

/** Lists and maps as JSON has them. */
function asJson(value: Value | null): unknown {
  return value !== null && isVectorValue(value) ? JSON.parse(vectorText(value)) : value;
}

describe('the aggregates over categories, and lists of values', () => {
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

  async function fill(rows: readonly Row[]): Promise<void> {
    await connection.run('CREATE OR REPLACE TABLE events (o INTEGER, s VARCHAR, i BIGINT, d DOUBLE)');
    const appender = await connection.createAppender('events');
    for (const [o, { s, i, d }] of rows.entries()) {
      appender.appendInteger(o);
      if (s === null) appender.appendNull();
      else appender.appendVarchar(s);
      if (i === null) appender.appendNull();
      else appender.appendBigInt(BigInt(i));
      if (d === null) appender.appendNull();
      else appender.appendDouble(d);
      appender.endRow();
    }
    appender.closeSync();
  }

  /** The one value of a query, lists and maps as JSON has them; those of nothing are null in SQL. */
  async function answer(sql: string): Promise<unknown> {
    const result = await connection.runAndReadAll(`SELECT CAST(to_json((${sql})) AS VARCHAR)`);
    const text = result.getRows()[0]![0] as string | null;
    return text === null ? null : JSON.parse(text);
  }

  it.each(TWINS)('$aggregate is what SQL says', async ({ aggregate, columns, parameters, sql }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 200, size: 'max' }), async (rows) => {
        await fill(rows);
        const types = columns.map((column) => TYPES[column]);
        const [x, y] = columns;
        const value = valueOver(
          aggregate,
          types,
          parameters,
          rows.map((event) => (y === undefined ? [event[x!]] : [event[x!], event[y]])),
        );
        const ofNothing = valueOver(aggregate, types, parameters, []);
        expect((await answer(sql)) ?? asJson(ofNothing)).toEqual(asJson(value));
      }),
      { numRuns: 30 },
    );
  });
});
