import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import type { FeatureGroup } from '../definitions/definition.ts';
import { EARLY, LATE, ON_TIME, type RevisionBatch, TIMINGS } from '../operators/revision.ts';
import { writeJsonlRows } from './jsonl-rows.ts';
import { isText, jsonlColumns, parquetColumns, quoteText } from './offline-columns.ts';
import { OpenRows } from './offline-open-rows.ts';
import { findLastRevisions, type RankRange, rankEntities, sortedRows, splitByRank } from './offline-sort.ts';
import type { OfflineFormat, OfflineRows, RevisionSummary, RevisionWriter } from './offline-store.ts';
import { EntityDictionary, RevisionTable, TextDictionary } from './offline-tables.ts';
import { markTimestampsUtc } from './parquet-utc.ts';

export interface WriterLimits {
  /** A file ends at the first entity after so many rows. */
  readonly maxRowsPerFile: number;
  /** Open early rows in memory, at most. */
  readonly maxOpenRows: number;
  /** Entities known in memory, at most. */
  readonly maxEntities: number;
}

/** Keys of the metadata of a Parquet file: which rows it holds (see `OfflineRows`), and of which definition. */
export const ROWS_METADATA = { rows: 'tidemark.rows', fingerprint: 'tidemark.fingerprint' };

/** These metadata as SQL. */
export function rowsMetadata({ fingerprint }: FeatureGroup, rows: OfflineRows): string {
  return `{'${ROWS_METADATA.rows}': ${quoteText(rows)}, '${ROWS_METADATA.fingerprint}': ${quoteText(fingerprint)}}`;
}

/**
 * Gathers revisions in DuckDB, which keeps what does not fit into memory on the disk, and sorts them at the
 * end.
 */
export class DuckDbRevisionWriter implements RevisionWriter {
  readonly #connection: DuckDBConnection;
  readonly #group: FeatureGroup;
  readonly #directory: string;
  readonly #rows: OfflineRows;
  readonly #format: OfflineFormat;
  readonly #limits: WriterLimits;
  readonly #table: RevisionTable;
  readonly #entities: EntityDictionary;
  readonly #texts: TextDictionary;
  readonly #open: OpenRows;
  readonly #made = new Float64Array(TIMINGS.length);
  /** The features whose values are texts. */
  readonly #textFeatures: readonly number[];
  /** One row's features, with the batch's text numbers replaced. */
  readonly #row: Float64Array;

  private constructor(
    connection: DuckDBConnection,
    group: FeatureGroup,
    options: WriterOptions,
    tables: { revisions: RevisionTable; entities: EntityDictionary; texts: TextDictionary },
  ) {
    this.#connection = connection;
    this.#group = group;
    this.#directory = options.directory;
    this.#rows = options.rows;
    this.#format = options.format;
    this.#limits = options.limits;
    this.#table = tables.revisions;
    this.#entities = tables.entities;
    this.#texts = tables.texts;
    const width = group.features.length;
    this.#open = new OpenRows(width);
    this.#row = new Float64Array(width);
    this.#textFeatures = group.features.flatMap(({ valueType }, index) => (isText(valueType) ? [index] : []));
  }

  /** `connection` is the writer's own, with an empty current schema. */
  static async create(
    connection: DuckDBConnection,
    group: FeatureGroup,
    options: WriterOptions,
  ): Promise<DuckDbRevisionWriter> {
    const revisions = await RevisionTable.create(connection, group.features.length);
    const entities = await EntityDictionary.create(connection, group, options.limits.maxEntities);
    const texts = await TextDictionary.create(connection);
    return new DuckDbRevisionWriter(connection, group, options, { revisions, entities, texts });
  }

  append(batch: RevisionBatch): void {
    const { length, timing, windowEnd, version, knownAt, deleted, width } = batch;
    const final = this.#rows === 'final';
    this.#entities.begin(batch);
    for (let row = 0; row < length; row++) {
      const when = timing[row]!;
      this.#made[when]!++;
      if (when === EARLY && this.#rows === 'revisions') continue;
      const entity = this.#entities.numberOf(batch, row);
      let values = batch.values;
      let at = row * width;
      if (this.#textFeatures.length > 0) {
        this.#translate(batch, row);
        values = this.#row;
        at = 0;
      }
      if (final && when === EARLY) {
        this.#open.set(entity, windowEnd[row]!, version[row]!, knownAt[row]!, deleted[row]!, values, at);
        if (this.#open.size >= this.#limits.maxOpenRows) this.#storeOpen();
        continue;
      }
      // Only a row that replaces one can have an early revision that waits.
      if (final && when === ON_TIME && batch.replaces[row] === 1) this.#open.delete(entity, windowEnd[row]!);
      this.#table.put(entity, windowEnd[row]!, version[row]!, knownAt[row]!, when, deleted[row]!, values, at);
    }
  }

  async close(): Promise<RevisionSummary> {
    this.#storeOpen();
    this.#table.close();
    this.#entities.close();
    this.#texts.close();
    await rankEntities(this.#connection, this.#group);
    const stored = this.#table.counts;
    const lastOnly = this.#rows === 'final' && stored[EARLY]! + stored[LATE]! > 0;
    if (lastOnly) await findLastRevisions(this.#connection);
    const files =
      this.#format === 'parquet' ? await this.#writeParquet(lastOnly) : await this.#writeJsonl(lastOnly);
    return {
      rows: files.reduce((sum, file) => sum + file.rows, 0),
      revisions: { early: this.#made[EARLY]!, 'on-time': this.#made[ON_TIME]!, late: this.#made[LATE]! },
      files: files.map(({ name }) => name),
      bytes: files.reduce((sum, { name }) => sum + statSync(join(this.#directory, name)).size, 0),
    };
  }

  /** The numbers of a batch's texts hold until its task goes on. */
  #translate(batch: RevisionBatch, row: number): void {
    const at = row * batch.width;
    for (let i = 0; i < this.#row.length; i++) this.#row[i] = batch.values[at + i]!;
    for (const feature of this.#textFeatures) {
      const text = batch.text(row, feature);
      if (text !== null) this.#row[feature] = this.#texts.numberOf(text);
    }
  }

  #storeOpen(): void {
    this.#open.drain((entity, windowEnd, version, knownAt, deleted, values, at) =>
      this.#table.put(entity, windowEnd, version, knownAt, EARLY, deleted, values, at),
    );
  }

  async #writeParquet(lastOnly: boolean): Promise<WrittenFile[]> {
    const columns = parquetColumns(this.#group);
    const metadata = rowsMetadata(this.#group, this.#rows);
    const files: WrittenFile[] = [];
    for (const range of await this.#ranges()) {
      const name = fileName(files.length, 'parquet');
      const path = join(this.#directory, name);
      const result = await this.#connection.run(
        `COPY (${sortedRows(this.#group, columns, range, lastOnly)}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA ${metadata})`,
      );
      markTimestampsUtc(path);
      files.push({ name, rows: result.rowsChanged });
    }
    return files;
  }

  async #writeJsonl(lastOnly: boolean): Promise<WrittenFile[]> {
    const columns = jsonlColumns(this.#group);
    const files: WrittenFile[] = [];
    for (const range of await this.#ranges()) {
      const name = fileName(files.length, 'jsonl');
      const path = join(this.#directory, name);
      const sql = sortedRows(this.#group, columns, range, lastOnly);
      files.push({ name, rows: await writeJsonlRows(this.#connection, sql, columns, path) });
    }
    return files;
  }

  /** What each file holds; always at least one, so that there is a schema to read. */
  async #ranges(): Promise<readonly (RankRange | null)[]> {
    const stored = this.#table.counts.reduce((sum, count) => sum + count, 0);
    if (stored <= this.#limits.maxRowsPerFile) return [null];
    return splitByRank(this.#connection, this.#limits.maxRowsPerFile);
  }
}

export interface WriterOptions {
  /** Exists, and is empty. */
  readonly directory: string;
  readonly rows: OfflineRows;
  readonly format: OfflineFormat;
  readonly limits: WriterLimits;
}

interface WrittenFile {
  readonly name: string;
  readonly rows: number;
}

function fileName(index: number, extension: string): string {
  return `${String(index).padStart(5, '0')}.${extension}`;
}
