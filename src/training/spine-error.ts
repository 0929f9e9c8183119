import { TidemarkError } from '../errors.ts';

/** A failed reading of the spine: always something about the file, or what was said of it, that a user can mend. */
export class SpineError extends TidemarkError {}

export interface SpineColumn {
  readonly name: string;
  /** DuckDB's name of its type. */
  readonly type: string;
}

/** How many wrong rows a message names. */
export const ROWS_NAMED = 5;

/** The first rows that are wrong, counted from 1, and how many there are in all. */
export function describeRows(
  rows: readonly { readonly row: number; readonly found: unknown }[],
  count: number,
): string {
  const shown = rows.map(({ row, found }) => `row ${row}: ${describeValue(found)}`);
  if (count > shown.length) shown.push(`and ${count - shown.length} more`);
  return shown.join(', ');
}

/** JSON has no word for numbers that are none. */
function describeValue(found: unknown): string {
  return typeof found === 'number' ? String(found) : JSON.stringify(found);
}

/** What a failed reading of the file means for its owner. */
export function unreadable(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TidemarkError) return error;
  // What DuckDB says of a line of a CSV: which, its text, and then what is wrong with it.
  const [first = '', ...more] = error.message.split('\n').filter((line) => !line.startsWith('Original Line'));
  const reason = /CSV Error on Line/.test(first) ? `${first}: ${more[0] ?? ''}` : first;
  return new SpineError(`the spine cannot be read: ${reason}`, {
    code: 'SPINE_UNREADABLE',
    place: { file },
    remedy: 'Mend the file, or write it again as Parquet.',
    cause: error,
  });
}
