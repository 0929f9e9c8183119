import { statSync } from 'node:fs';
import type { FeatureGroup } from '../definitions/definition.ts';
import { suggestName } from '../definitions/nearest.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import { entityColumn } from './spine-entities.ts';
import { type SpineColumn, SpineError, unreadable } from './spine-error.ts';
import { refuseWrongHeader } from './spine-header.ts';
import { describeColumns, spineReader } from './spine-reader.ts';
import { readTimes } from './spine-times.ts';

/**
 * The spine in a database: the table `spine` with its columns as they are, in the order of its rows (`rowid`), and the
 * table `times` with the time of each (`t`, in epoch milliseconds).
 */
export interface Spine {
  readonly file: string;
  readonly columns: readonly SpineColumn[];
  readonly rows: number;
}

/** Loads the spine. @throws SpineError with the column or the rows that are not right */
export async function loadSpine(
  database: ScratchDatabase,
  options: {
    readonly file: string;
    readonly entityTime: string;
    readonly zone: string | null;
    /** Fields of entities, which are read as what they are and not as what they look like. */
    readonly textFields: ReadonlySet<string>;
    /** The output is text too, so that every value can stay as it is written. */
    readonly keepText: boolean;
  },
): Promise<Spine> {
  const { file } = options;
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) {
    throw new SpineError('the spine is a folder', {
      code: 'SPINE_UNREADABLE',
      place: { file },
      remedy: 'Give --spine one Parquet, CSV or JSON lines file.',
      exitCode: 2,
    });
  }
  if (found === undefined) {
    throw new SpineError('there is no such spine', {
      code: 'SPINE_MISSING',
      place: { file },
      remedy: 'Give --spine a Parquet, CSV or JSON lines file.',
      exitCode: 2,
    });
  }
  try {
    await database.run(`CREATE TABLE spine AS SELECT * FROM ${await spineReader(database, options)}`);
  } catch (error) {
    throw unreadable(file, error);
  }
  const columns = await describeColumns(database, 'spine');
  const time = columns.find(({ name }) => name === options.entityTime);
  await refuseWrongHeader(database, file, columns);
  if (time === undefined) throw missingColumn(file, options.entityTime, 'the time of its rows', columns);
  const rows = await readTimes(database, file, time, options.zone);
  return { file, columns, rows };
}

/**
 * Makes the table `entities_INDEX` of a group: the different entities of the spine, numbered from 0.
 * @throws SpineError when a field of the entity is no column, or one of another type
 */
export async function numberEntities(
  database: ScratchDatabase,
  spine: Spine,
  group: FeatureGroup,
  index: number,
): Promise<void> {
  const columns: string[] = [];
  for (const field of group.entity) {
    const column = spine.columns.find(({ name }) => name === field);
    const what = `an entity field of ${group.name}`;
    if (column === undefined) throw missingColumn(spine.file, field, what, spine.columns);
    columns.push(
      await entityColumn(database, spine.file, column, group.source.fields.get(field)!.kind, what),
    );
  }
  const fields = columns.map((sql, field) => `${sql} AS e${field}`);
  await database.run(
    `CREATE VIEW keys_${index} AS SELECT rowid AS spine_row, ${fields.join(', ')} FROM spine`,
  );
  const names = columns.map((_, field) => `e${field}`);
  const known = names.map((name) => `${name} IS NOT NULL`).join(' AND ');
  await database.run(`
    CREATE TABLE entities_${index} AS
    SELECT (row_number() OVER () - 1)::INTEGER AS number, *
    FROM (SELECT DISTINCT ${names.join(', ')} FROM keys_${index} WHERE ${known})`);
}

/** SQL that joins `keys_INDEX` (as k) with the entities' numbers (as e). */
export function entityJoin(group: FeatureGroup, index: number): string {
  return `keys_${index} k LEFT JOIN entities_${index} e ON ${sameEntity(group, 'k', 'e')}`;
}

/** SQL of whether rows of two tables are of one entity: each has its fields as `e0`, `e1`, … */
export function sameEntity(group: FeatureGroup, a: string, b: string): string {
  return group.entity.map((_, field) => `${a}.e${field} = ${b}.e${field}`).join(' AND ');
}

function missingColumn(
  file: string,
  name: string,
  what: string,
  columns: readonly SpineColumn[],
): SpineError {
  const names = columns.map((column) => column.name);
  const isOneOfSeveral = names.length === 1 && /[;\t|]/.test(names[0]!);
  return new SpineError(`the spine has no column '${name}', ${what}`, {
    code: 'SPINE_COLUMN',
    place: { file },
    remedy: isOneOfSeveral
      ? `Its only column is '${names[0]}': separate values by commas, or by tabs in a .tsv.`
      : `In this file ${suggestName(name, names)}`,
    exitCode: 2,
  });
}
