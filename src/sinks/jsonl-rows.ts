import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { DuckDBBlobValue } from '@duckdb/node-api';
import { JsonlFile } from './jsonl-file.ts';
import { type OutputColumn, TEXT_MARK } from './offline-columns.ts';

/** Writes what a query answers, one JSON object a line, to a new file; returns the number of rows. */
export async function writeJsonlRows(
  connection: DuckDBConnection,
  sql: string,
  columns: readonly OutputColumn[],
  path: string,
): Promise<number> {
  const file = JsonlFile.openAppend(path, 0);
  try {
    const prefixes = columns.map(({ name }, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    const writers = columns.map(writerOf);
    const result = await connection.stream(sql);
    let rows = 0;
    for (;;) {
      const chunk = await result.fetchChunk();
      if (chunk === null || chunk.rowCount === 0) break;
      const vectors = columns.map((_, index) => chunk.getColumnVector(index));
      for (let row = 0; row < chunk.rowCount; row++) {
        let line = '';
        for (let i = 0; i < vectors.length; i++) {
          const value = vectors[i]!.getItem(row);
          line += prefixes[i]! + (value === null ? 'null' : writers[i]!(value));
        }
        file.append(`${line}}`);
      }
      rows += chunk.rowCount;
    }
    await file.close();
    return rows;
  } finally {
    file.discard();
  }
}

/** JSON of the column's values that are not null. */
function writerOf({ text }: OutputColumn): (value: DuckDBValue) => string {
  if (text === 'json') return (value) => value as string;
  return text === 'marked'
    ? (value) => JSON.stringify((value as string).slice(TEXT_MARK.length))
    : scalarJson;
}

/** Numbers as JSON.stringify writes them: the shortest form that reads back the same; 64-bit integers in decimal. */
function scalarJson(value: DuckDBValue): string {
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  if (value instanceof DuckDBBlobValue) return `"${Buffer.from(value.bytes).toString('base64')}"`;
  return JSON.stringify(value);
}
