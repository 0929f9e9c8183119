import { DOUBLE, INTEGER } from '@duckdb/node-api';
import { quoteIdentifier } from '../sinks/offline-columns.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import { type LocalTimeReader, localTimeReader } from '../sources/decode-local-time.ts';
import { RowAppender } from './row-appender.ts';
import { describeRows, ROWS_NAMED, type SpineColumn, SpineError } from './spine-error.ts';

/**
 * Makes the table `times`: for each row of the spine its number and its time `t` in epoch milliseconds, finer
 * ones floored. Instants and epoch milliseconds are taken as they are; a text says its offset or is local, as a
 * timestamp without a zone is, and then needs `zone`.
 *
 * @returns how many rows the spine has
 * @throws SpineError with the first rows whose time is null or cannot be read
 */
export async function readTimes(
  database: ScratchDatabase,
  file: string,
  column: SpineColumn,
  zone: string | null,
): Promise<number> {
  const reader = timeReader(file, column, zone);
  if (reader.read === null) {
    await database.run(
      `CREATE TABLE times AS SELECT rowid::INTEGER AS spine_row, ${reader.time} AS t FROM spine`,
    );
  } else await readTexts(database, reader.sql, reader.read);
  const [[rows, wrongCount] = []] = await database.rows(
    'SELECT count(*)::DOUBLE, count(*) FILTER (t IS NULL)::DOUBLE FROM times',
  );
  if (wrongCount === 0) return rows as number;
  const wrong = await database.rows(`
    SELECT (s.rowid + 1)::DOUBLE, ${reader.sql} FROM spine s JOIN times ON spine_row = s.rowid
    WHERE t IS NULL ORDER BY s.rowid LIMIT ${ROWS_NAMED}`);
  const named = wrong.map(([row, found]) => ({ row: row as number, found }));
  throw wrongTimes(file, column, zone, named, wrongCount as number);
}

async function readTexts(
  database: ScratchDatabase,
  sql: string,
  read: (text: string) => number | null,
): Promise<void> {
  await database.run('CREATE TABLE times (spine_row INTEGER, t DOUBLE)');
  const times = await RowAppender.open(database, 'times', [INTEGER, DOUBLE]);
  let row = 0;
  for await (const texts of database.batches(`SELECT ${sql} FROM spine ORDER BY rowid`)) {
    for (const [text] of texts) times.append([row++, text === null ? null : read(text as string)]);
  }
  times.close();
}

/** How a column becomes times. */
type TimeReader =
  /** `time` is SQL of the time, null where it is none; `sql` of the value as it is named then. */
  | { readonly sql: string; readonly time: string; readonly read: null }
  /** `sql` is that of a text, and `read` makes a time of it; null where it is none. */
  | { readonly sql: string; readonly read: (text: string) => number | null };

/** @throws SpineError when the column holds no times */
function timeReader(file: string, { name, type }: SpineColumn, zone: string | null): TimeReader {
  const column = quoteIdentifier(name);
  if (type === 'TIMESTAMP WITH TIME ZONE') {
    const time = `epoch_ms(${column})::DOUBLE`;
    return { sql: time, time, read: null };
  }
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|^DOUBLE$|^FLOAT$/.test(type)) {
    const number = `${column}::DOUBLE`;
    const isWhole = `abs(${number}) <= ${Number.MAX_SAFE_INTEGER} AND ${number} = trunc(${number})`;
    return { sql: number, time: `CASE WHEN ${isWhole} THEN ${number} END`, read: null };
  }
  if (type === 'VARCHAR') return { sql: column, read: textReader(localTimeReader(zone)) };
  // Of JSON lines with numbers and texts, or with nulls alone.
  if (type === 'JSON') return { sql: `${column} ->> '$'`, read: textReader(localTimeReader(zone)) };
  if (type.startsWith('TIMESTAMP') && zone !== null) {
    return { sql: `${column}::TIMESTAMP::VARCHAR`, read: textReader(localTimeReader(zone)) };
  }
  const isLocal = type.startsWith('TIMESTAMP');
  throw new SpineError(
    isLocal
      ? `column '${name}' holds timestamps without a zone (${type})`
      : `column '${name}' is of type ${type}, which is no time`,
    {
      code: 'SPINE_TIME',
      place: { file },
      remedy: isLocal
        ? "Give --spine-zone, as 'UTC' or 'Asia/Kolkata', or write the column as timestamps with time zone."
        : 'Write timestamps with time zone, ISO texts with an offset, or epoch milliseconds.',
      exitCode: 2,
    },
  );
}

function textReader(read: LocalTimeReader): (text: string) => number | null {
  return (written) => {
    const text = written.trim();
    if (!/^-?\d{1,16}$/.test(text)) return read(text);
    const milliseconds = Number(text);
    return Number.isSafeInteger(milliseconds) ? milliseconds + 0 : null;
  };
}

function wrongTimes(
  file: string,
  { name }: SpineColumn,
  zone: string | null,
  wrong: readonly { readonly row: number; readonly found: unknown }[],
  count: number,
): SpineError {
  const isLocal = zone === null && wrong.some(({ found }) => localTimeReader('UTC')(String(found)) !== null);
  return new SpineError(
    `column '${name}' does not say when each row happened: ${describeRows(wrong, count)}`,
    {
      code: 'SPINE_TIME',
      place: { file },
      remedy: isLocal
        ? "Times without an offset need --spine-zone, as 'UTC' or 'Asia/Kolkata'."
        : 'Write epoch milliseconds or texts like 2026-03-08T02:30:15.250+05:30, and leave rows without a time out.',
    },
  );
}
