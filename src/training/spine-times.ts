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
  const { sql, read } = timeReader(file, column, zone);
  await database.run('CREATE TABLE times (spine_row INTEGER, t DOUBLE)');
  const times = await RowAppender.open(database, 'times', [INTEGER, DOUBLE]);
  const wrong: { readonly row: number; readonly found: unknown }[] = [];
  let wrongCount = 0;
  let rows = 0;
  for await (const [value] of database.stream(`SELECT ${sql} FROM spine ORDER BY rowid`)) {
    const time = value === null ? null : read(value as number | string);
    if (time === null && wrongCount++ < ROWS_NAMED) wrong.push({ row: rows + 1, found: value });
    times.append([rows++, time]);
  }
  times.close();
  if (wrongCount > 0) throw wrongTimes(file, column, zone, wrong, wrongCount);
  return rows;
}

/** SQL that gives the column as a number or a text, and what makes a time of that; null where it is none. */
function timeReader(
  file: string,
  { name, type }: SpineColumn,
  zone: string | null,
): { readonly sql: string; readonly read: (value: number | string) => number | null } {
  const column = quoteIdentifier(name);
  if (type === 'TIMESTAMP WITH TIME ZONE') return { sql: `epoch_ms(${column})::DOUBLE`, read: Number };
  if (/^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$|^DOUBLE$|^FLOAT$/.test(type)) {
    return { sql: `${column}::DOUBLE`, read: wholeMilliseconds };
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

function wholeMilliseconds(value: number | string): number | null {
  return Number.isSafeInteger(value) ? Number(value) + 0 : null;
}

function textReader(read: LocalTimeReader): (value: number | string) => number | null {
  return (value) => {
    const text = String(value).trim();
    return /^-?\d{1,16}$/.test(text) ? wholeMilliseconds(Number(text)) : read(text);
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
