import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { isVector } from '../definitions/aggregate-signatures.ts';
import type { FeatureGroup, FeatureType, FieldKind, Scalar, Value } from '../definitions/definition.ts';
import { isVectorValue, parseVector, vectorText } from '../definitions/value.ts';
import { entityValueSql, isTextField, quoteIdentifier, TEXT_MARK } from '../sinks/offline-columns.ts';
import type { OnlineRow, OnlineStore } from '../sinks/sink.ts';

/** One revision of replay's log. */
interface ReplayRow {
  readonly entity: readonly Scalar[];
  readonly windowEnd: number;
  readonly version: number;
  readonly knownAt: number;
  readonly deleted: boolean;
  readonly values: Values;
}

/** Lists and maps as their texts, which are equal when they are. */
type Values = readonly (Scalar | null)[];

export interface Comparison {
  readonly entities: number;
  /** Rows of the online store that were held against replay's. */
  readonly rows: number;
  /** One line for each difference; empty when live and replay agree. */
  readonly differences: readonly string[];
}

/**
 * Holds an online store against a replay of all revisions (`--rows all`, Parquet) of the same log: each row that the
 * store still has must be the revision of its version, to the bit, and have its window's final values; the latest row
 * must be that of the entity's greatest window_end, and no row is missing above the oldest. Rows that are no more must
 * not be there.
 *
 * @param directory where the replay wrote the group's rows
 */
export async function compareOnline(
  group: FeatureGroup,
  directory: string,
  store: OnlineStore,
): Promise<Comparison> {
  const differences: string[] = [];
  let entities = 0;
  let rows = 0;
  for await (const revisions of revisionsByEntity(group, directory)) {
    const { entity } = revisions[0]!;
    const [windows, latest] = await Promise.all([store.windows(group, entity), store.latest(group, entity)]);
    entities++;
    rows += windows.length + (latest === null ? 0 : 1);
    const name = `${group.name} ${entity.join(':')}`;
    for (const difference of compareEntity(revisions, windows, latest))
      differences.push(`${name} ${difference}`);
  }
  return { entities, rows, differences };
}

function* compareEntity(
  revisions: readonly ReplayRow[],
  windows: readonly OnlineRow[],
  latest: OnlineRow | null,
): Generator<string> {
  const byVersion = Map.groupBy(revisions, versionOf);
  // Revisions come by window_end and version: the last of each window_end stays.
  const final = new Map(revisions.map((row) => [row.windowEnd, row]));
  const kept = [...final.values()].filter((row) => !row.deleted);
  const newest = kept.at(-1);
  if (latest === null && newest !== undefined) {
    yield 'is not in the online store';
    return;
  }
  if (latest !== null && newest !== undefined && latest.windowEnd !== newest.windowEnd) {
    yield `latest row: online window_end ${latest.windowEnd}, replay ${newest.windowEnd}`;
  }
  yield* missing(kept, windows);
  for (const row of latest === null ? windows : [...windows, latest]) {
    const online = { knownAt: row.knownAt, deleted: false, values: row.values.map(comparable) };
    const at = `window_end ${row.windowEnd} version ${row.version}`;
    // Two where a mark closed the row that the record before it made: the store keeps the first.
    const same = byVersion.get(versionOf(row));
    if (same === undefined) yield `${at}: replay has no such revision`;
    else if (!same.some((each) => each.knownAt === online.knownAt && equalRows(each, online))) {
      yield `${at}: online ${describe(online)}, replay ${same.map(describe).join(' or ')}`;
    }
    const last = final.get(row.windowEnd);
    if (last !== undefined && !equalRows(last, online)) {
      yield `${at}: online ${describe(online)}, replay's final ${describe(last)}`;
    }
  }
}

function versionOf({ windowEnd, version }: Pick<ReplayRow, 'windowEnd' | 'version'>): string {
  return `${windowEnd}@${version}`;
}

/** Above the oldest row that is kept, every row is. */
function* missing(final: readonly ReplayRow[], windows: readonly OnlineRow[]): Generator<string> {
  const kept = new Set(windows.map((row) => row.windowEnd));
  const oldest = Math.min(...kept);
  for (const { windowEnd } of final) {
    if (windowEnd > oldest && !kept.has(windowEnd))
      yield `window_end ${windowEnd} is not in the online store`;
  }
  if (kept.size === 0 && final.length > 0) yield 'has no windows in the online store';
}

type Content = Pick<ReplayRow, 'knownAt' | 'deleted' | 'values'>;

function comparable(value: Value | null): Scalar | null {
  return value !== null && isVectorValue(value) ? vectorText(value) : value;
}

function equalRows(a: Content, b: Content): boolean {
  return a.deleted === b.deleted && equalValues(a.values, b.values);
}

function equalValues(a: Values, b: Values): boolean {
  return a.length === b.length && a.every((value, index) => Object.is(value, b[index]));
}

function describe({ knownAt, deleted, values }: Content): string {
  return `known_at ${knownAt} ${deleted ? 'deleted' : JSON.stringify(values)}`;
}

/** The revisions of each entity, by window_end and version, as the files hold them. */
async function* revisionsByEntity(group: FeatureGroup, directory: string): AsyncGenerator<ReplayRow[]> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    let current: ReplayRow[] = [];
    for await (const row of readRows(connection, group, directory)) {
      const [first] = current;
      if (first !== undefined && !equalValues(first.entity, row.entity)) {
        yield current;
        current = [];
      }
      current.push(row);
    }
    if (current.length > 0) yield current;
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
}

async function* readRows(
  connection: DuckDBConnection,
  group: FeatureGroup,
  directory: string,
): AsyncGenerator<ReplayRow> {
  const columns = [
    ...group.entity.map((field) => entityColumn(field, group.source.fields.get(field)!.kind)),
    'epoch_ms(window_end)::DOUBLE',
    '"version"::DOUBLE',
    'epoch_ms(known_at)::DOUBLE',
    'deleted',
    ...group.features.map(({ name, valueType }) => featureColumn(name, valueType)),
  ];
  const files = join(directory, '*.parquet').replaceAll("'", "''");
  const result = await connection.stream(
    `SELECT ${columns.join(', ')} FROM read_parquet('${files}', hive_partitioning = false)`,
  );
  const width = group.entity.length;
  for await (const chunk of result) {
    for (const row of chunk.getRows() as (Scalar | null)[][]) {
      const values = row.map((value) => (typeof value === 'string' ? value.slice(TEXT_MARK.length) : value));
      yield {
        entity: values.slice(0, width) as Scalar[],
        windowEnd: values[width] as number,
        version: values[width + 1] as number,
        knownAt: values[width + 2] as number,
        deleted: values[width + 3] as boolean,
        values: group.features.map(({ valueType }, feature) =>
          canonical(values[width + 4 + feature]!, valueType),
        ),
      };
    }
  }
}

/** Lists and maps come as JSON whose numbers may be written otherwise than ours. */
function canonical(value: Scalar | null, type: FeatureType): Scalar | null {
  return isVector(type) && value !== null ? comparable(parseVector(value as string, type)) : value;
}

// Whole numbers come as doubles, which hold them exactly; texts come marked, for a byte order mark in front is dropped.

function entityColumn(name: string, kind: FieldKind): string {
  const value = entityValueSql(quoteIdentifier(name), kind);
  return isTextField(kind) ? `'${TEXT_MARK}' || ${value}` : value;
}

function featureColumn(name: string, valueType: FeatureType): string {
  const column = quoteIdentifier(name);
  if (isVector(valueType)) return `'${TEXT_MARK}' || to_json(${column})`;
  if (valueType === 'integer') return `${column}::DOUBLE`;
  return valueType === 'string' ? `'${TEXT_MARK}' || ${column}` : column;
}
