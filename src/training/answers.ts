import { DOUBLE, type DuckDBConnection, type DuckDBType, INTEGER, VARCHAR } from '@duckdb/node-api';
import { isVector } from '../definitions/aggregate-signatures.ts';
import type { Feature, Value } from '../definitions/definition.ts';
import { isVectorValue, vectorText } from '../definitions/value.ts';
import { RowAppender } from './row-appender.ts';

/** The row of the online store, or the range, that a row of the spine is told of. */
export interface Answer {
  readonly windowEnd: number | null;
  /** Null where no revision stands behind the values. */
  readonly version: number | null;
  readonly knownAt: number | null;
  /** One per feature of the group. */
  readonly values: readonly (Value | null)[];
}

/**
 * The table `answers_INDEX` of a group: for each row of the spine that was answered its number and the answer. Lists and
 * maps stand in it as JSON.
 */
export class Answers {
  readonly #rows: RowAppender;
  count = 0;

  private constructor(rows: RowAppender) {
    this.#rows = rows;
  }

  static async create(
    connection: DuckDBConnection,
    index: number,
    features: readonly Feature[],
  ): Promise<Answers> {
    const types = features.map(storageType);
    const columns = types.map((type, feature) => `, f${feature} ${type}`).join('');
    await connection.run(
      `CREATE TABLE answers_${index} (spine_row INTEGER, window_end DOUBLE, version DOUBLE, known_at DOUBLE${columns})`,
    );
    const all = [INTEGER, DOUBLE, DOUBLE, DOUBLE, ...types];
    return new Answers(await RowAppender.open(connection, `answers_${index}`, all));
  }

  add(spineRow: number, { windowEnd, version, knownAt, values }: Answer): void {
    const cells = values.map((value) => {
      if (value === null || typeof value === 'number' || typeof value === 'string') return value;
      if (typeof value === 'boolean') return Number(value);
      return isVectorValue(value) ? vectorText(value) : null;
    });
    this.#rows.append([spineRow, windowEnd, version, knownAt, ...cells]);
    this.count++;
  }

  close(): void {
    this.#rows.close();
  }
}

function storageType({ valueType }: Feature): DuckDBType {
  return isVector(valueType) || valueType === 'string' ? VARCHAR : DOUBLE;
}

const SCALAR_SQL = {
  integer: 'BIGINT',
  number: 'DOUBLE',
  boolean: 'BOOLEAN',
  string: 'VARCHAR',
  bytes: 'BLOB',
};

/** SQL of a feature's column out of the answers. */
export function answerSql({ valueType }: Feature, column: string): string {
  if (!isVector(valueType)) return `${column}::${SCALAR_SQL[valueType]}`;
  const type =
    valueType.kind === 'list'
      ? `${SCALAR_SQL[valueType.of]}[]`
      : `MAP(${SCALAR_SQL[valueType.key]}, ${SCALAR_SQL[valueType.value]})`;
  return `${column}::JSON::${type}`;
}
