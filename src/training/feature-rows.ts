import { DOUBLE, type DuckDBType, INTEGER, VARCHAR } from '@duckdb/node-api';
import { isVector } from '../definitions/aggregate-signatures.ts';
import type { Feature } from '../definitions/definition.ts';
import { type StoredValue, VectorJson } from '../definitions/value.ts';
import { assert } from '../errors.ts';
import { featureSqlType } from '../sinks/offline-columns.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import { RowAppender } from './row-appender.ts';

/** A row of the online store, or a range. */
export interface FeatureRow {
  readonly windowEnd: number | null;
  /** Null where no revision stands behind the values. */
  readonly version: number | null;
  readonly knownAt: number | null;
  /** One per feature of the group. */
  readonly values: readonly StoredValue[];
}

/**
 * Makes a relation of some rows of a group: a number that says what each is for, `window_end`, `version`, `known_at`
 * (whole numbers) and its features `f0`, `f1`, … in their own types.
 */
export class FeatureRows {
  readonly #database: ScratchDatabase;
  readonly #name: string;
  readonly #key: string;
  readonly #features: readonly Feature[];
  readonly #rows: RowAppender;

  private constructor(
    database: ScratchDatabase,
    { name, key }: { readonly name: string; readonly key: string },
    features: readonly Feature[],
    rows: RowAppender,
  ) {
    this.#database = database;
    this.#name = name;
    this.#key = key;
    this.#features = features;
    this.#rows = rows;
  }

  /** @param relation what it is called, and the column of the number */
  static async create(
    database: ScratchDatabase,
    relation: { readonly name: string; readonly key: string },
    features: readonly Feature[],
  ): Promise<FeatureRows> {
    const types = features.map(storageType);
    const columns = types.map((type, feature) => `, f${feature} ${type}`).join('');
    const table = `${relation.name}_cells`;
    await database.run(
      `CREATE TABLE ${table} (${relation.key} INTEGER, window_end DOUBLE, version DOUBLE, known_at DOUBLE${columns})`,
    );
    const all = [INTEGER, DOUBLE, DOUBLE, DOUBLE, ...types];
    return new FeatureRows(database, relation, features, await RowAppender.open(database, table, all));
  }

  add(key: number, { windowEnd, version, knownAt, values }: FeatureRow): void {
    const cells = values.map((value) => {
      if (value instanceof VectorJson) return value.json;
      assert(!(value instanceof Uint8Array), 'a feature of bytes');
      return typeof value === 'boolean' ? Number(value) : value;
    });
    this.#rows.append([key, windowEnd, version, knownAt, ...cells]);
  }

  async close(): Promise<void> {
    this.#rows.close();
    const whole = ['window_end', 'version', 'known_at'].map((name) => `${name}::BIGINT AS ${name}`);
    const features = this.#features.map(
      (feature, place) => `${featureSql(feature, `f${place}`)} AS f${place}`,
    );
    await this.#database.run(
      `CREATE VIEW ${this.#name} AS SELECT ${this.#key}, ${[...whole, ...features].join(', ')} FROM ${this.#name}_cells`,
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
