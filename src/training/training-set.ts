import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isVector } from '../definitions/aggregate-signatures.ts';
import type { FeatureType } from '../definitions/definition.ts';
import { TidemarkError } from '../errors.ts';
import { quoteIdentifier, quoteText } from '../sinks/offline-columns.ts';
import { offlineFailure } from '../sinks/offline-error.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import { type FileFormat, fileFormat } from './file-format.ts';
import type { JoinOptions } from './options.ts';
import type { AskedGroup } from './questions.ts';

/** Before any work is done. @throws TidemarkError when the file is there and may not be replaced */
export function refuseExisting({
  out,
  spine,
  overwrite,
}: Pick<JoinOptions, 'out' | 'spine' | 'overwrite'>): void {
  if (out === spine) {
    throw new TidemarkError('the training set would replace its spine', {
      code: 'OUTPUT_IS_SPINE',
      place: { file: out },
      remedy: 'Give another --out.',
      exitCode: 2,
    });
  }
  if (overwrite || !existsSync(out)) return;
  throw new TidemarkError('there is a file already', {
    code: 'OUTPUT_EXISTS',
    place: { file: out },
    remedy: 'Give another --out, or --overwrite to replace it.',
    exitCode: 2,
  });
}

/**
 * Writes the spine with its answers: its own columns and order, the features, and of each group which row was taken.
 * The file stands in its place when all of it is written.
 */
export async function writeTrainingSet(
  database: ScratchDatabase,
  groups: readonly AskedGroup[],
  options: JoinOptions,
): Promise<void> {
  const { out } = options;
  const format = fileFormat(out);
  const features = groups.flatMap(({ index, selected }) =>
    selected.features.map(({ feature, column }, place) => {
      const value = `a${index}.f${place}`;
      const sql = format === 'parquet' ? value : textualSql(value, feature.valueType);
      return `${sql} AS ${quoteIdentifier(column)}`;
    }),
  );
  const origins = groups.flatMap(({ index, selected }) => [
    `${timeSql(`a${index}.window_end`, format)} AS ${quoteIdentifier(selected.windowEndColumn)}`,
    `a${index}.version AS ${quoteIdentifier(selected.versionColumn)}`,
    `${timeSql(`a${index}.known_at`, format)} AS ${quoteIdentifier(selected.knownAtColumn)}`,
    ...(selected.ageColumn === null
      ? []
      : [`t.t::BIGINT - a${index}.window_end AS ${quoteIdentifier(selected.ageColumn)}`]),
  ]);
  const answers = groups.map(
    ({ index }) => ` LEFT JOIN answers_${index} a${index} ON a${index}.spine_row = s.rowid`,
  );
  const rows = `SELECT s.*, ${[...features, ...origins].join(', ')} FROM spine s JOIN times t ON t.spine_row = s.rowid${answers.join('')} ORDER BY s.rowid`;
  const partial = join(dirname(out), `.partial-${process.pid}-${basename(out)}`);
  try {
    mkdirSync(dirname(out), { recursive: true });
  } catch (error) {
    throw offlineFailure('cannot write the training set', out, error);
  }
  try {
    await database.run(
      `COPY (${rows}) TO ${quoteText(partial)} (${copyOptions(format, out, groups, options)})`,
    );
    renameSync(partial, out);
  } catch (error) {
    throw offlineFailure('cannot write the training set', out, error);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** A value as formats of text have it: lists and maps are JSON, with numbers as keys written as everywhere else. */
function textualSql(value: string, type: FeatureType): string {
  if (!isVector(type)) return value;
  if (type.kind === 'list' || type.key !== 'number') return `to_json(${value})`;
  return `to_json(map(list_transform(map_keys(${value}), lambda key: number_text(key)), map_values(${value})))`;
}

/** An instant: a timestamp, in JSON lines epoch milliseconds as in every other file of rows. */
function timeSql(milliseconds: string, format: FileFormat): string {
  if (format === 'jsonl') return milliseconds;
  const timestamp = `make_timestamptz(${milliseconds} * 1000)`;
  return format === 'csv' ? `strftime(${timestamp}, '%Y-%m-%dT%H:%M:%S.%gZ')` : timestamp;
}

function copyOptions(
  format: FileFormat,
  out: string,
  groups: readonly AskedGroup[],
  options: JoinOptions,
): string {
  const compression = out.endsWith('.gz')
    ? ', COMPRESSION gzip'
    : out.endsWith('.zst')
      ? ', COMPRESSION zstd'
      : '';
  if (format === 'csv')
    return `FORMAT csv, HEADER${out.includes('.tsv') ? `, DELIMITER '\t'` : ''}${compression}`;
  if (format === 'jsonl') return `FORMAT json${compression}`;
  const metadata = Object.entries(metadataOf(groups, options)).map(
    ([key, value]) => `${quoteText(key)}: ${quoteText(value)}`,
  );
  return `FORMAT parquet, COMPRESSION zstd, KV_METADATA {${metadata.join(', ')}}`;
}

/** What the file says of itself. */
function metadataOf(groups: readonly AskedGroup[], options: JoinOptions): Record<string, string> {
  return {
    'tidemark.as': options.as,
    'tidemark.note':
      options.as === 'served'
        ? `each row as the online store would have answered ${options.servingDelayMs} ms after its revisions were made`
        : 'ranges end exactly at each row: values that could not have been served',
    ...Object.fromEntries(
      groups.map(({ selected: { group } }) => [
        `tidemark.group.${group.name}`,
        `version ${group.version}, fingerprint ${group.fingerprint}`,
      ]),
    ),
  };
}
