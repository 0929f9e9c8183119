import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance, DuckDBListValue, DuckDBMapValue } from '@duckdb/node-api';
import type { Scalar, Value } from '../../src/definitions/definition.ts';

type Row = (Value | null)[];

export async function query(sql: string): Promise<unknown[][]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    return (await connection.runAndReadAll(sql)).getRows() as unknown[][];
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}

/** A table function over the files; the folder `v=1` would else add a column of its own. */
export function parquet(files: string): string {
  return `read_parquet('${files}', hive_partitioning = false)`;
}

export function filesIn(directory: string, extension: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(extension) && /^\d/.test(name))
    .sort()
    .map((name) => join(directory, name));
}

/** Every row of the Parquet files in name order, in file order; times as milliseconds. */
export async function readParquet(directory: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const file of filesIn(directory, '.parquet')) rows.push(...(await readParquetFile(file)));
  return rows;
}

/** The rows of a file, in order; times as milliseconds. */
export async function readParquetFile(file: string): Promise<Row[]> {
  const sql = `SELECT * REPLACE (epoch_ms(window_end) AS window_end, epoch_ms(known_at) AS known_at) FROM ${parquet(file)}`;
  return (await query(sql)).map((row) => row.map(plainCell));
}

function plainCell(cell: unknown): Value | null {
  if (cell instanceof DuckDBListValue) return cell.items.map(plainScalar);
  if (cell instanceof DuckDBMapValue) {
    return new Map(cell.entries.map(({ key, value }) => [plainScalar(key), plainScalar(value)]));
  }
  return cell === null ? null : plainScalar(cell);
}

function plainScalar(cell: unknown): Scalar {
  return typeof cell === 'bigint' ? Number(cell) : (cell as Scalar);
}

export function readJsonl(directory: string): { names: string[]; rows: unknown[][] } {
  const objects = filesIn(directory, '.jsonl').flatMap((file) => parseLines(readFileSync(file, 'utf8')));
  return {
    names: Object.keys(objects[0] ?? {}),
    rows: objects.map((object) => Object.values(object)),
  };
}

export function parseLines(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}
