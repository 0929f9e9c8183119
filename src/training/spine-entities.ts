import type { FieldKind } from '../definitions/definition.ts';
import { isTextField, quoteIdentifier } from '../sinks/offline-columns.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import { describeRows, ROWS_NAMED, type SpineColumn, SpineError } from './spine-error.ts';

const INTEGERS = /^U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?$/;

/** How a column of the spine becomes the field of an entity. */
interface Reading {
  /** SQL of the field, as it is in memory. */
  readonly sql: string;
  /** SQL of whether the column's value, when there is one, can be one. */
  readonly isRight: string;
}

/**
 * SQL of an entity field as a text, a truth or a number (times too), out of a column of the spine.
 *
 * @throws SpineError when the column is of a type that holds no such values, or the first rows whose value is none
 */
export async function entityColumn(
  database: ScratchDatabase,
  file: string,
  { name, type }: SpineColumn,
  kind: FieldKind,
  what: string,
): Promise<string> {
  const column = quoteIdentifier(name);
  const reading = readingOf(column, type, kind);
  if (reading === null) {
    const [[values]] = (await database.rows(`SELECT count(${column})::DOUBLE FROM spine`)) as [[number]];
    // Without any value a column has no type of its own.
    if (values === 0)
      return isTextField(kind) ? 'NULL::VARCHAR' : kind === 'boolean' ? 'NULL::BOOLEAN' : 'NULL::DOUBLE';
    throw new SpineError(`column '${name}' is of type ${type}, but ${what} of type ${kind}`, {
      code: 'SPINE_TYPE',
      place: { file },
      remedy: `Write the column as ${kind === 'string' ? 'text' : kind}, as the records have it.`,
      exitCode: 2,
    });
  }
  const wrong = await database.rows(`
    SELECT rowid::DOUBLE, ${column}::VARCHAR, (count(*) OVER ())::DOUBLE FROM spine
    WHERE ${column} IS NOT NULL AND NOT coalesce(${reading.isRight}, false) ORDER BY rowid LIMIT ${ROWS_NAMED}`);
  if (wrong.length === 0) return reading.sql;
  const rows = wrong.map(([row, found]) => ({ row: (row as number) + 1, found }));
  throw new SpineError(
    `column '${name}' holds values that ${what} of type ${kind} cannot have: ${describeRows(rows, wrong[0]![2] as number)}`,
    {
      code: 'SPINE_ENTITY',
      place: { file },
      remedy: `Write ${kind === 'boolean' ? 'true or false' : 'whole numbers up to 2^53 − 1'}, as the records have it, or leave the value out.`,
      exitCode: 2,
    },
  );
}

/** Null for a type that holds no such values. */
function readingOf(column: string, type: string, kind: FieldKind): Reading | null {
  if (isTextField(kind)) {
    const isText = type === 'VARCHAR' || type.startsWith('ENUM');
    return isText ? { sql: `${column}::VARCHAR`, isRight: 'true' } : null;
  }
  if (kind === 'boolean') {
    if (type === 'BOOLEAN') return { sql: column, isRight: 'true' };
    return type === 'VARCHAR'
      ? { sql: `${column} = 'true'`, isRight: `${column} IN ('true', 'false')` }
      : null;
  }
  if (INTEGERS.test(type)) return { sql: `${column}::DOUBLE`, isRight: isExact(column) };
  if (type === 'VARCHAR') {
    const number = `TRY_CAST(${column} AS BIGINT)`;
    return {
      sql: `${number}::DOUBLE`,
      isRight: `regexp_full_match(${column}, '-?[0-9]+') AND ${isExact(number)}`,
    };
  }
  if (type !== 'TIMESTAMP WITH TIME ZONE') return null;
  if (kind === 'timestampMillis')
    return { sql: `epoch_ms(${column})::DOUBLE`, isRight: `isfinite(${column})` };
  return kind === 'timestampMicros'
    ? { sql: `epoch_us(${column})::DOUBLE`, isRight: `isfinite(${column})` }
    : null;
}

/** Larger numbers no record has: they would be rounded. */
function isExact(number: string): string {
  return `${number} BETWEEN -${Number.MAX_SAFE_INTEGER} AND ${Number.MAX_SAFE_INTEGER}`;
}
