import { quoteText } from '../sinks/offline-columns.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import { fileFormat } from './file-format.ts';
import { type SpineColumn, SpineError } from './spine-error.ts';
import { csvReader } from './spine-reader.ts';

/**
 * Refuses names of columns that the reader has changed to tell them apart: two of one name (upper and lower case are
 * one to SQL), or none; and lines of JSON that are no objects.
 *
 * @param columns as the reader calls them
 */
export async function refuseWrongHeader(
  database: ScratchDatabase,
  file: string,
  columns: readonly SpineColumn[],
): Promise<void> {
  const refuse = (message: string, remedy: string): never => {
    throw new SpineError(message, { code: 'SPINE_HEADER', place: { file }, remedy, exitCode: 2 });
  };
  const names = await namesInFile(database, file, columns);
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    if (name === '')
      refuse(`column ${index + 1} of the spine has no name`, 'Name it in the first line, or leave it out.');
    const folded = name.toLowerCase();
    if (seen.has(folded))
      refuse(`the spine has two columns '${name}'`, 'Rename one of them, or leave it out.');
    seen.add(folded);
  }
  if (
    fileFormat(file) === 'jsonl' &&
    columns.length === 1 &&
    columns[0]!.name === 'json' &&
    !names.includes('json')
  )
    refuse(
      'the lines of the spine are no JSON objects',
      'Write one object a line: {"card_id": "c1", "ts": 1700000000000}.',
    );
}

async function namesInFile(
  database: ScratchDatabase,
  file: string,
  columns: readonly SpineColumn[],
): Promise<readonly string[]> {
  const names = columns.map(({ name }) => name);
  switch (fileFormat(file)) {
    case 'csv': {
      const [first = []] = await database.rows(
        `SELECT * FROM ${csvReader(file, false)}, all_varchar = true) LIMIT 1`,
      );
      return first.map((name) => String(name ?? '').trim());
    }
    case 'jsonl': {
      // Only then may a name have been changed, and the file is read once more to see.
      if (!names.some((name) => name === 'json' || /_\d+$/.test(name))) return names;
      const rows = await database.rows(`
        SELECT DISTINCT unnest(json_keys(json)) FROM read_ndjson_objects(${quoteText(file)})
        WHERE json_type(json) = 'OBJECT'`);
      return rows.map(([name]) => String(name));
    }
    case 'parquet':
      return names;
  }
}
