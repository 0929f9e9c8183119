import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { FeatureGroup } from '../definitions/definition.ts';
import {
  entityFields,
  entityValueSql,
  quoteIdentifier,
  quoteText,
  rowColumnNames,
  timingOrder,
} from '../sinks/offline-columns.ts';
import type { OfflineRows } from '../sinks/offline-store.ts';
import { rowsMetadata } from '../sinks/offline-writer.ts';
import { markTimestampsUtc } from '../sinks/parquet-utc.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import { bucketSql } from './buckets.ts';
import type { Span } from './coverage.ts';
import { type Cell, cellFile, type StoredFile, type StoredState } from './manifest.ts';
import type { NextState } from './publish.ts';

export interface Merge {
  readonly database: ScratchDatabase;
  readonly group: FeatureGroup;
  readonly partition: number;
  readonly rows: OfflineRows;
  readonly buckets: number;
  /** Null when the store has nothing of the group. */
  readonly before: StoredState | null;
  readonly next: NextState;
}

export interface Merged {
  readonly files: readonly StoredFile[];
  /** How many of them were written; the others are as they were. */
  readonly written: number;
}

/**
 * Puts the rows of a slice into the cells of its partition: rows of the store at the positions `accepted` go, those of
 * the slice come in their place. Only cells whose rows differ then are written.
 *
 * @param slice Parquet files with the rows of the slice, as a replay writes them
 */
export async function mergeSlice(
  merge: Merge,
  slice: readonly string[],
  accepted: readonly Span[],
): Promise<Merged> {
  const { database, before, next } = merge;
  const mine = before?.manifest.files.filter(({ partition }) => partition === merge.partition) ?? [];
  const rows = new MergedRows(merge);
  await rows.load(slice, isIn(accepted));
  const cells = new Set((await rows.cells()).map(cellFile));
  const changed = mine.filter((file) => cells.has(cellFile(file)) || touches(file.version, accepted));
  if (changed.length > 0) {
    const paths = changed.map((file) => join(before!.folder, cellFile(file)));
    await rows.load(paths, `NOT ${isIn(accepted)}`);
  }
  const files = mine.filter((file) => !changed.includes(file));
  for (const file of files) next.keep(file);
  const known = new Map(changed.map((file) => [cellFile(file), file]));
  let written = 0;
  for (const found of await rows.describe()) {
    const old = known.get(cellFile(found));
    if (old !== undefined && old.rows === found.rows && old.content === found.content) {
      next.keep(old);
      files.push(old);
      continue;
    }
    const path = next.file(found);
    await rows.write(found, path);
    files.push({ ...found, bytes: statSync(path).size });
    written++;
  }
  await database.run('DROP TABLE merged');
  return { files, written };
}

function isIn(spans: readonly Span[]): string {
  const tests = spans.map(({ from, to }) => `("version" >= ${from} AND "version" < ${to})`);
  return `(${['false', ...tests].join(' OR ')})`;
}

function touches({ first, last }: StoredFile['version'], spans: readonly Span[]): boolean {
  return spans.some(({ from, to }) => first < to && last >= from);
}

/** The table `merged`: rows with their cells. Columns are numbered, so that no name can clash with another. */
class MergedRows {
  readonly #merge: Merge;
  readonly #names: readonly string[];
  #isLoaded = false;

  constructor(merge: Merge) {
    this.#merge = merge;
    this.#names = rowColumnNames(merge.group);
  }

  async load(files: readonly string[], condition: string): Promise<void> {
    const { database, group, buckets } = this.#merge;
    const columns = this.#names.map((name, index) => `${quoteIdentifier(name)} AS c${index}`);
    const fields = entityFields(group).map(({ kind }, index) =>
      entityValueSql(quoteIdentifier(group.entity[index]!), kind),
    );
    const rows = `
      SELECT ${columns.join(', ')}, ${bucketSql(group, fields, buckets)} AS bucket,
             strftime(make_timestamp_ms(epoch_ms(window_end)), '%Y-%m') AS month
      FROM read_parquet([${files.map(quoteText).join(', ')}], hive_partitioning = false) WHERE ${condition}`;
    await database.run(`${this.#isLoaded ? 'INSERT INTO merged' : 'CREATE TABLE merged AS'} ${rows}`);
    this.#isLoaded = true;
  }

  async cells(): Promise<Cell[]> {
    const rows = await this.#merge.database.rows('SELECT DISTINCT bucket, month FROM merged');
    return rows.map(([bucket, month]) => this.#cell(bucket, month));
  }

  /** What the files of the cells are to hold. */
  async describe(): Promise<Omit<StoredFile, 'bytes'>[]> {
    const { database } = this.#merge;
    await this.#keepLast();
    const [windowEnd, version, knownAt] = ['window_end', 'version', 'known_at'].map((name) =>
      this.#column(name),
    );
    const times = [windowEnd, knownAt].flatMap((column) => [
      `epoch_ms(min(${column}))::DOUBLE`,
      `epoch_ms(max(${column}))::DOUBLE`,
    ]);
    const all = this.#names.map((_, index) => `c${index}`).join(', ');
    const rows = await database.rows(`
      SELECT bucket, month, count(*)::DOUBLE, sum(hash(${all}))::VARCHAR,
             min(${version})::DOUBLE, max(${version})::DOUBLE, ${times.join(', ')},
             to_json(list_sort(list(DISTINCT floor(epoch_ms(${windowEnd}) / 86400000)::BIGINT)))
      FROM merged GROUP BY bucket, month ORDER BY bucket, month`);
    return rows.map(([bucket, month, count, content, ...extents]) => {
      const numbers = extents as number[];
      const extent = (at: number) => ({ first: numbers[at]!, last: numbers[at + 1]! });
      return {
        ...this.#cell(bucket, month),
        rows: count as number,
        content: content as string,
        version: extent(0),
        windowEnd: extent(2),
        knownAt: extent(4),
        days: JSON.parse(extents[6] as string) as number[],
      };
    });
  }

  async write({ bucket, month }: Cell, path: string): Promise<void> {
    const { database, group, rows } = this.#merge;
    const kinds = entityFields(group).map(({ kind }) => kind);
    const columns = this.#names.map((name, index) => {
      const column = `c${index}`;
      const isMillis = kinds[index] === 'timestampMillis' || name === 'window_end' || name === 'known_at';
      // Read as instants of a zone, in microseconds; see `markTimestampsUtc`.
      if (isMillis) return `make_timestamp_ms(epoch_ms(${column}))::TIMESTAMP_MS AS ${quoteIdentifier(name)}`;
      const isMicros = kinds[index] === 'timestampMicros';
      return `${isMicros ? `make_timestamp(epoch_us(${column}))` : column} AS ${quoteIdentifier(name)}`;
    });
    const entity = kinds.map((_, index) => `c${index}`);
    const order = [
      ...entity,
      this.#column('window_end'),
      this.#column('version'),
      timingOrder(this.#column('timing')),
    ];
    await database.run(`
      COPY (SELECT ${columns.join(', ')} FROM merged WHERE bucket = ${bucket} AND month = ${quoteText(month)}
            ORDER BY ${order.join(', ')})
      TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA ${rowsMetadata(group, rows)})`);
    markTimestampsUtc(path);
  }

  /** Of `final` rows the last revision alone, whichever slice it came with; and the rows of a cell together. */
  async #keepLast(): Promise<void> {
    const { database, group, rows } = this.#merge;
    const row = [...group.entity.map((_, index) => `c${index}`), this.#column('window_end')].join(', ');
    const last = ` QUALIFY row_number() OVER (PARTITION BY ${row} ORDER BY ${this.#column('version')} DESC) = 1`;
    await database.run(`
      CREATE TABLE sorted AS SELECT * FROM merged${rows === 'final' ? last : ''} ORDER BY bucket, month;
      DROP TABLE merged;
      ALTER TABLE sorted RENAME TO merged`);
  }

  #column(name: string): string {
    return `c${this.#names.indexOf(name)}`;
  }

  #cell(bucket: unknown, month: unknown): Cell {
    return { partition: this.#merge.partition, bucket: bucket as number, month: month as string };
  }
}
