import { existsSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';

/** So many lines of a kind are told. */
const TOLD = 5;

export interface DifferingLines {
  /** Lines that only one of the sides has, or that it has more often; the first of each. */
  readonly missing: readonly string[];
  readonly surplus: readonly string[];
}

/** Holds the lines of files against those of others, as often as each stands there, in no order. */
export async function differingLines(
  expected: readonly string[],
  found: readonly string[],
): Promise<DifferingLines> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const without = async (some: readonly string[], others: readonly string[]): Promise<string[]> => {
    const sql = `${linesOf(some)} EXCEPT ALL ${linesOf(others)} LIMIT ${TOLD}`;
    return (await connection.runAndReadAll(sql)).getRows().map(([line]) => String(line));
  };
  try {
    return { missing: await without(expected, found), surplus: await without(found, expected) };
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}

function linesOf(files: readonly string[]): string {
  const names = files.filter((file) => existsSync(file)).map((file) => `'${file.replaceAll("'", "''")}'`);
  if (names.length === 0) return `(SELECT '' AS line WHERE false)`;
  // No line holds the separator, so that each is one column.
  const format = `header = false, auto_detect = false, delim = '\\x01', quote = '', escape = ''`;
  const limits = `max_line_size = 16777216, columns = {'line': 'VARCHAR'}`;
  return `(SELECT line FROM read_csv([${names.join(', ')}], ${format}, ${limits}))`;
}
