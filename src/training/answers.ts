import { DOUBLE, type DuckDBType, INTEGER, VARCHAR } from '@duckdb/node-api';
import { isVector } from '../definitions/aggregate-signatures.ts';
import type { Feature } from '../definitions/definition.ts';
import { type StoredValue, VectorJson } from '../definitions/value.ts';
import { assert } from '../errors.ts';
import { featureSqlType } from '../sinks/offline-columns.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import { RowAppender } from './row-appender.ts';

/** The row of the online store, or the range, that a row of the spine is told of. */
export interface Answer {
  readonly windowEnd: number | null;
  /** Null where no revision stands behind the values. */
  readonly version: number | null;
  readonly knownAt: number | null;
  /** One per feature of the group. */
  readonly values: readonly StoredValue[];
}

/**
 * Makes the relation `answers_INDEX` of a group: for each row of the spine that was answered `spine_row`, `window_end`,
 * `version`, `known_at` (whole numbers) and its features `f0`, `f1`, … in their own types.
 */
export class Answers {
  readonly #database: ScratchDatabase;
  readonly #index: number;
  readonly #features: readonly Feature[];
  readonly #rows: RowAppender;

  private constructor(
    database: ScratchDatabase,
    index: number,
    features: readonly Feature[],
    rows: RowAppender,
  ) {
    this.#database = database;
    this.#index = index;
    this.#features = features;
    this.#rows = rows;
  }

  static async create(
    database: ScratchDatabase,
    index: number,
    features: readonly Feature[],
  ): Promise<Answers> {
    const types = features.map(storageType);
    const columns = types.map((type, feature) => `, f${feature} ${type}`).join('');
    await database.run(
      `CREATE TABLE cells_${index} (spine_row INTEGER, window_end DOUBLE, version DOUBLE, known_at DOUBLE${columns})`,
    );
    const all = [INTEGER, DOUBLE, DOUBLE, DOUBLE, ...types];
    const rows = await RowAppender.open(database, `cells_${index}`, all);
    return new Answers(database, index, features, rows);
  }

  add(spineRow: number, { windowEnd, version, knownAt, values }: Answer): void {
    const cells = values.map((value) => {
      if (value instanceof VectorJson) return value.json;
      assert(!(value instanceof Uint8Array), 'a feature of bytes');
      return typeof value === 'boolean' ? Number(value) : value;
    });
    this.#rows.append([spineRow, windowEnd, version, knownAt, ...cells]);
  }

  async close(): Promise<void> {
    this.#rows.close();
    const whole = ['window_end', 'version', 'known_at'].map((name) => `${name}::BIGINT AS ${name}`);
    const features = this.#features.map(
      (feature, place) => `${featureSql(feature, `f${place}`)} AS f${place}`,
    );
    await this.#database.run(
      `CREATE VIEW answers_${this.#index} AS SELECT spine_row, ${[...whole, ...features].join(', ')} FROM cells_${this.#index}`,
    );
  }
}

function storageType({ valueType }: Feature): DuckDBType {
  return isVector(valueType) || valueType === 'string' ? VARCHAR : DOUBLE;
}

/** SQL that makes a feature's value of its cell: numbers are doubles there, lists and maps JSON. */
function featureSql({ valueType }: Feature, column: string): string {
  return `${isVector(valueType) ? `${column}::JSON` : column}::${featureSqlType(valueType)}`;
}
