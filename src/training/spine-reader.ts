import { quoteIdentifier, quoteText } from '../sinks/offline-columns.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import { fileFormat } from './file-format.ts';
import type { SpineColumn } from './spine-error.ts';

export interface SpineReading {
  readonly file: string;
  readonly entityTime: string;
  /** Fields of entities: in a CSV, whose values have no types, they are texts as they stand. */
  readonly textFields: ReadonlySet<string>;
  /** The output is a CSV too, so that every value can stay as it is written. */
  readonly keepText: boolean;
}

/**
 * SQL of a table function that reads the spine, with types that lose nothing: what a CSV or a JSON text only looks like
 * (a date, a truth, 007) stays a text; a column of a CSV is numbers where each of its values is.
 */
export async function spineReader(database: ScratchDatabase, reading: SpineReading): Promise<string> {
  const file = quoteText(reading.file);
  switch (fileFormat(reading.file)) {
    case 'parquet':
      return `read_parquet(${file})`;
    case 'csv': {
      const reader = csvReader(reading.file, true);
      const texts = `${reader}, all_varchar = true)`;
      if (reading.keepText) return texts;
      return `${reader}, types = ${typesSql(await csvColumns(database, texts, reading))})`;
    }
    case 'jsonl': {
      const reader = `read_json(${file}, format = 'newline_delimited', sample_size = -1`;
      const columns = await describeColumns(database, `${reader})`);
      return `${reader}, columns = ${typesSql(columns.map(asWritten))})`;
    }
  }
}

/** The start of the SQL of a table function that reads a CSV. */
export function csvReader(file: string, header: boolean): string {
  const delimiter = /\.tsv(\.|$)/i.test(file) ? '\\t' : ',';
  return `read_csv(${quoteText(file)}, header = ${header}, delim = '${delimiter}', quote = '"', escape = '"'`;
}

export async function describeColumns(database: ScratchDatabase, what: string): Promise<SpineColumn[]> {
  const rows = await database.rows(`DESCRIBE SELECT * FROM ${what}`);
  return rows.map(([name, type]) => ({ name: String(name), type: String(type) }));
}

/** Types that the reader of JSON guesses from texts. */
const GUESSED_FROM_TEXT = /^(DATE|TIME|TIMESTAMP|UUID|INTERVAL)/;

function asWritten(column: SpineColumn): SpineColumn {
  return GUESSED_FROM_TEXT.test(column.type) ? { ...column, type: 'VARCHAR' } : column;
}

/** A decimal number without a zero in front that a text like 007 would lose. */
const NUMBER = '^-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?$';

async function csvColumns(
  database: ScratchDatabase,
  texts: string,
  { entityTime, textFields }: SpineReading,
): Promise<SpineColumn[]> {
  const columns = await describeColumns(database, texts);
  const tests = columns.map(({ name }) => {
    const column = quoteIdentifier(name);
    const isWhole = `coalesce(TRY_CAST(${column} AS BIGINT)::VARCHAR = ${column}, ${column} IS NULL)`;
    return `bool_and(${isWhole}), bool_and(regexp_matches(${column}, '${NUMBER}'))`;
  });
  const [found = []] = await database.rows(`SELECT ${tests.join(', ')} FROM ${texts}`);
  return columns.map(({ name }, index) => {
    if (name === entityTime || textFields.has(name)) return { name, type: 'VARCHAR' };
    const [isWhole, isNumber] = [found[2 * index], found[2 * index + 1]];
    return { name, type: isWhole === true ? 'BIGINT' : isNumber === true ? 'DOUBLE' : 'VARCHAR' };
  });
}

function typesSql(columns: readonly SpineColumn[]): string {
  return `{${columns.map(({ name, type }) => `${quoteText(name)}: ${quoteText(type)}`).join(', ')}}`;
}
