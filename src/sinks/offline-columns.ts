import { isVector } from '../definitions/aggregate-signatures.ts';
import type { FeatureGroup, FeatureType, FieldKind, FieldType } from '../definitions/definition.ts';
import type { ValueType } from '../definitions/expression.ts';
import { assert } from '../errors.ts';

/** How a column of the output comes out of the internal one. */
export interface OutputColumn {
  /** As users see it. */
  readonly name: string;
  /** SQL over the sorted rows. */
  readonly sql: string;
  /** What its texts are, where that is not plain: they come with a {@link TEXT_MARK}, or are JSON themselves. */
  readonly text?: 'marked' | 'json';
}

/** Stands before each text that a query answers; see {@link jsonlColumns}. */
export const TEXT_MARK = '.';

/** Internal column names are numbered, so that no feature's name can clash with them. */
export const entityColumn = (index: number): string => `entity_${index}`;
export const featureColumn = (index: number): string => `feature_${index}`;
/** What the numbers of a feature stand for, when {@link isText}. */
export const textColumn = (index: number): string => `text_${index}`;

export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const ENTITY_TYPES: Readonly<Record<FieldKind, string>> = {
  string: 'VARCHAR',
  enum: 'VARCHAR',
  localDateTime: 'VARCHAR',
  boolean: 'BOOLEAN',
  int: 'INTEGER',
  long: 'BIGINT',
  timestampMillis: 'BIGINT',
  timestampMicros: 'BIGINT',
  float: 'DOUBLE',
  double: 'DOUBLE',
  bytes: 'BLOB',
};

/** The fields of the group's entity, in order. */
export function entityFields(group: FeatureGroup): readonly FieldType[] {
  return group.entity.map((name) => {
    const field = group.source.fields.get(name);
    assert(field !== undefined, `entity field ${name} is declared`);
    return field;
  });
}

/** Type of the entity field in the internal table; numbers that stand for times stay numbers there. */
export function entityStorageType(kind: FieldKind): string {
  return ENTITY_TYPES[kind];
}

/** Whether the values of the field are texts. */
export function isTextField(kind: FieldKind): boolean {
  return ENTITY_TYPES[kind] === 'VARCHAR';
}

/**
 * SQL of an entity field, from its column in files of rows, as what it is in memory: text, truth or number. Whole
 * numbers and times are doubles, which hold them exactly.
 */
export function entityValueSql(column: string, kind: FieldKind): string {
  if (isTextField(kind) || kind === 'boolean') return column;
  if (kind === 'timestampMillis') return `epoch_ms(${column})::DOUBLE`;
  return kind === 'timestampMicros' ? `epoch_us(${column})::DOUBLE` : `${column}::DOUBLE`;
}

const timestampMillis = (sql: string): string => `make_timestamp_ms(${sql})::TIMESTAMP_MS`;

/** Whether the numbers of the feature in the internal table stand for texts: of strings, or of lists and maps. */
export function isText(type: FeatureType): boolean {
  return type === 'string' || isVector(type);
}

const FEATURE_SQL: Readonly<Record<ValueType, (column: string, index: number) => string>> = {
  // NaN is null in a batch's numbers.
  integer: (column) => `CASE WHEN isnan(${column}) THEN NULL ELSE ${column}::BIGINT END`,
  number: (column) => `CASE WHEN isnan(${column}) THEN NULL ELSE ${column} END`,
  boolean: (column) => `CASE WHEN isnan(${column}) THEN NULL ELSE ${column} <> 0 END`,
  string: (_, index) => textColumn(index),
  bytes: () => {
    throw new Error('a feature of bytes');
  },
};

const TIMING = "CASE revision & 3 WHEN 0 THEN 'early' WHEN 1 THEN 'on-time' ELSE 'late' END";

const VALUE_TYPES = { integer: 'BIGINT', number: 'DOUBLE', boolean: 'BOOLEAN', string: 'VARCHAR' } as const;

function valueSqlType(type: ValueType): string {
  assert(type !== 'bytes', 'a value of bytes');
  return VALUE_TYPES[type];
}

/** The SQL type of a feature's column; its values' texts are cast to it as JSON where it is a list or a map. */
export function featureSqlType(type: FeatureType): string {
  if (!isVector(type)) return valueSqlType(type);
  return type.kind === 'list'
    ? `${valueSqlType(type.of)}[]`
    : `MAP(${valueSqlType(type.key)}, ${valueSqlType(type.value)})`;
}

/** SQL for a feature as Parquet holds it. */
function featureSql(type: FeatureType, index: number): string {
  if (!isVector(type)) return FEATURE_SQL[type](featureColumn(index), index);
  return `${textColumn(index)}::JSON::${featureSqlType(type)}`;
}

/** The names of the columns of a Parquet file, in order (interface.md, "Rows"). */
export function rowColumnNames(group: FeatureGroup): readonly string[] {
  return parquetColumns(group).map(({ name }) => name);
}

/** The columns of a Parquet file, in order (interface.md, "Rows"). */
export function parquetColumns(group: FeatureGroup): readonly OutputColumn[] {
  const entity = entityFields(group).map(({ kind }, index) => {
    const column = entityColumn(index);
    if (kind === 'timestampMillis') return timestampMillis(column);
    return kind === 'timestampMicros' ? `make_timestamp(${column})` : column;
  });
  return [
    ...group.entity.map((name, index) => ({ name, sql: entity[index]! })),
    { name: 'window_end', sql: timestampMillis('window_end') },
    { name: 'version', sql: 'revision >> 2' },
    { name: 'known_at', sql: timestampMillis('known_at') },
    { name: 'timing', sql: TIMING },
    { name: 'deleted', sql: 'deleted' },
    ...group.features.map(({ name, valueType }, index) => ({ name, sql: featureSql(valueType, index) })),
  ];
}

/**
 * The same columns as JSONL holds them: times as integer milliseconds, lists and maps as the JSON that they are kept
 * as. What reads the query's answers drops a byte order
 * mark at the start of a text, so texts come with a mark of our own in front of them.
 */
export function jsonlColumns(group: FeatureGroup): readonly OutputColumn[] {
  const marked = ({ name, sql }: OutputColumn): OutputColumn => ({
    name,
    sql: `'${TEXT_MARK}' || ${sql}`,
    text: 'marked',
  });
  const entity = group.entity.map((name, index): OutputColumn => ({ name, sql: entityColumn(index) }));
  const isMarked = entityFields(group).map(({ kind }) => isTextField(kind));
  return [
    ...entity.map((column, index) => (isMarked[index] === true ? marked(column) : column)),
    { name: 'window_end', sql: 'window_end' },
    { name: 'version', sql: 'revision >> 2' },
    { name: 'known_at', sql: 'known_at' },
    marked({ name: 'timing', sql: TIMING }),
    { name: 'deleted', sql: 'deleted' },
    ...group.features.map(({ name, valueType }, index): OutputColumn => {
      if (isVector(valueType)) return { name, sql: textColumn(index), text: 'json' };
      const column = { name, sql: featureSql(valueType, index) };
      return valueType === 'string' ? marked(column) : column;
    }),
  ];
}

/** SQL to sort revisions of one version by: they come in this order (semantics.md, "Revisions"). */
export function timingOrder(timing: string): string {
  return `CASE ${timing} WHEN 'early' THEN 0 WHEN 'on-time' THEN 1 ELSE 2 END`;
}
