import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { FeatureGroup } from '../definitions/definition.ts';
import { TidemarkError } from '../errors.ts';
import { bucketSql } from '../offline/buckets.ts';
import { cellFile, readState, type StoredState } from '../offline/manifest.ts';
import { groupFolder } from '../sinks/group-folder.ts';
import {
  entityFields,
  entityValueSql,
  featureSqlType,
  quoteText,
  rowColumnNames,
} from '../sinks/offline-columns.ts';
import { ROWS_METADATA } from '../sinks/offline-writer.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import type { EventTimeMs } from '../time.ts';
import type { AskedGroup } from './questions.ts';

/** Parquet files that have every revision that a spine asks for. */
export interface RevisionFiles {
  /** Paths, or a pattern of them. All revisions of a row stand in one file, in the order in which they were made. */
  readonly files: readonly string[];
  /** Where the log ends that the revisions are of. */
  readonly end: EventTimeMs;
}

/** The folder of a group's rows in a store, or in what `tidemark replay --out` wrote; null when there is none. */
export function rowsFolder(directory: string, group: FeatureGroup): string | null {
  const folder = join(directory, groupFolder(group));
  return existsSync(folder) ? folder : null;
}

/**
 * The files of a group's revisions that `questions_INDEX` is about: of a store only the buckets of the spine's
 * entities, and of these only what was known when the last row of the spine was served.
 *
 * @throws TidemarkError when the folder holds other rows than all revisions of this definition
 */
export async function findRevisionFiles(
  database: ScratchDatabase,
  asked: AskedGroup,
  folder: string,
): Promise<RevisionFiles> {
  const { group } = asked.selected;
  const state = readState(folder);
  if (state === null) return filesOfReplay(database, group, folder);
  refuseOthers(folder, group, state.manifest);
  return filesOfStore(database, asked, state);
}

async function filesOfStore(
  database: ScratchDatabase,
  { index, group }: AskedGroup,
  { folder, manifest }: StoredState,
): Promise<RevisionFiles> {
  const fields = group.entity.map((_, place) => `e${place}`);
  const asked = await database.rows(
    `SELECT DISTINCT ${bucketSql(group, fields, manifest.buckets)} FROM entities_${index}`,
  );
  const buckets = new Set(asked.map(([bucket]) => bucket));
  const [[last]] = (await database.rows(`SELECT max(known)::DOUBLE FROM questions_${index}`)) as [
    [number | null],
  ];
  const known = last ?? Number.NEGATIVE_INFINITY;
  const files = manifest.files
    .filter(({ bucket, knownAt }) => buckets.has(bucket) && knownAt.first <= known)
    .map((file) => join(folder, cellFile(file)));
  const ends = Object.values(manifest.coverage).map(({ logTime }) => logTime ?? Number.NEGATIVE_INFINITY);
  return { files, end: Math.max(...ends) };
}

async function filesOfReplay(
  database: ScratchDatabase,
  group: FeatureGroup,
  folder: string,
): Promise<RevisionFiles> {
  const files = join(folder, '*.parquet');
  if (!existsSync(join(folder, '00000.parquet'))) {
    throw wrongRows(folder, `there are no rows of ${group.name}:${group.version} in Parquet`);
  }
  const metadata = await database.rows(
    `SELECT DISTINCT decode("key"), decode("value") FROM parquet_kv_metadata(${quoteText(files)})`,
  );
  const found = new Map(metadata.map(([key, value]) => [String(key), String(value)]));
  refuseOthers(folder, group, {
    rows: found.get(ROWS_METADATA.rows) ?? 'unknown',
    fingerprint: found.get(ROWS_METADATA.fingerprint),
  });
  const [[last]] = (await database.rows(
    `SELECT max(epoch_ms(known_at))::DOUBLE FROM ${tableOf([files])}`,
  )) as [[number | null]];
  return { files: [files], end: last ?? Number.NEGATIVE_INFINITY };
}

function refuseOthers(
  folder: string,
  group: FeatureGroup,
  { rows, fingerprint }: { readonly rows: string; readonly fingerprint: string | undefined },
): void {
  if (rows !== 'all') {
    throw wrongRows(
      folder,
      `these are the rows of --rows ${rows}; what was served when shows in all revisions only`,
    );
  }
  if (fingerprint !== group.fingerprint) {
    throw wrongRows(folder, `these rows are of another definition of ${group.name}:${group.version}`);
  }
}

/** What a failed reading of the files means for their owner. */
export function unreadableRows(folder: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const [reason = ''] = error.message.split('\n');
  return wrongRows(folder, `the rows cannot be read: ${reason}`);
}

function wrongRows(folder: string, message: string): TidemarkError {
  return new TidemarkError(message, {
    code: 'OFFLINE_ROWS',
    place: { file: folder },
    remedy: 'Replay again: tidemark replay … --rows all, into another folder or with --overwrite.',
  });
}

/**
 * Makes the relation `revisions_INDEX`: the fields of the entity as `e0`, `e1`, … and the revision as whole numbers and
 * values `f0`, `f1`, …, as `FeatureRows` has them; `place` is where it stands in the
 * files, of the revisions of a row in the order in which they were made.
 */
export async function createRevisions(
  database: ScratchDatabase,
  { index, group, selected }: AskedGroup,
  files: readonly string[],
): Promise<void> {
  if (files.length === 0) {
    const features = group.features.map(
      ({ valueType }, place) => `, NULL::${featureSqlType(valueType)} AS f${place}`,
    );
    await database.run(`
      CREATE VIEW revisions_${index} AS
      SELECT *${features.join('')}, 0::BIGINT AS place, 0::BIGINT AS window_end, 0::BIGINT AS version,
             0::BIGINT AS known_at, false AS deleted
      FROM entities_${index} WHERE false`);
    return;
  }
  // The files' columns have numbers for names, so that none hides what DuckDB calls the places in files.
  const names = rowColumnNames(selected.group);
  const columns = names.map((_, place) => `c${place}`);
  const of = (name: string) => `c${names.indexOf(name)}`;
  const entity = entityFields(group).map(
    ({ kind }, field) => `${entityValueSql(`c${field}`, kind)} AS e${field}`,
  );
  const features = group.features.map(({ name }, place) => `${of(name)} AS f${place}`);
  await database.run(`
    CREATE VIEW revisions_${index} AS
    SELECT ${[...entity, ...features].join(', ')}, (r.file_index::BIGINT << 32) + r.file_row_number AS place,
           epoch_ms(${of('window_end')}) AS window_end, ${of('version')} AS version,
           epoch_ms(${of('known_at')}) AS known_at, ${of('deleted')} AS deleted
    FROM ${tableOf(files)} r(${columns.join(', ')})`);
}

function tableOf(files: readonly string[]): string {
  return `read_parquet([${files.map(quoteText).join(', ')}], hive_partitioning = false)`;
}
