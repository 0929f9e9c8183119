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
    const isMarked = columns.map((column) => column.isMarkedText);
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
          line += prefixes[i]! + (isMarked[i] === true ? textOf(value) : jsonOf(value));
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

/** A text that comes with a mark in front of it. */
function textOf(value: DuckDBValue): string {
  return value === null ? 'null' : JSON.stringify((value as string).slice(TEXT_MARK.length));
}

/** Numbers as JSON.stringify writes them: the shortest form that reads back the same; 64-bit integers in decimal. */
function jsonOf(value: DuckDBValue): string {
  if (value === null) return 'null';
  if (typeof value === 'bigint' || typeof value === 'number' || typeof value === 'boolean')
    return String(value);
  if (value instanceof DuckDBBlobValue) return `"${Buffer.from(value.bytes).toString('base64')}"`;
  return JSON.stringify(value);
}
