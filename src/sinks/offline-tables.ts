import {
  BOOLEAN,
  DOUBLE,
  type DuckDBAppender,
  type DuckDBBooleanVector,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBDoubleVector,
  type DuckDBIntegerVector,
  type DuckDBUTinyIntVector,
  INTEGER,
  UTINYINT,
} from '@duckdb/node-api';
import type { FeatureGroup, FieldKind, Scalar } from '../definitions/definition.ts';
import type { RevisionBatch } from '../operators/revision.ts';
import { entityColumn, entityFields, entityStorageType, featureColumn } from './offline-columns.ts';

/** Rows of one data chunk: DuckDB's vector size. */
const CHUNK_ROWS = 2048;

/**
 * The table `revisions` of a connection's schema: numbers only, so that appending is copying typed arrays.
 * Entities and texts stand in it as numbers of {@link EntityDictionary} and {@link TextDictionary}; NaN is
 * null. Times and versions are doubles here, which hold every integer that they can be.
 */
export class RevisionTable {
  /** Rows put so far, by timing. */
  readonly counts = new Float64Array(3);
  readonly #appender: DuckDBAppender;
  readonly #chunk: DuckDBDataChunk;
  readonly #entity: DuckDBIntegerVector;
  readonly #windowEnd: DuckDBDoubleVector;
  readonly #version: DuckDBDoubleVector;
  readonly #knownAt: DuckDBDoubleVector;
  readonly #timing: DuckDBUTinyIntVector;
  readonly #deleted: DuckDBBooleanVector;
  readonly #features: readonly DuckDBDoubleVector[];
  #filled = 0;

  private constructor(appender: DuckDBAppender, width: number) {
    this.#appender = appender;
    const features = Array.from({ length: width }, () => DOUBLE);
    const types = [INTEGER, DOUBLE, DOUBLE, DOUBLE, UTINYINT, BOOLEAN, ...features];
    this.#chunk = DuckDBDataChunk.create(types, CHUNK_ROWS);
    this.#entity = this.#chunk.getColumnVector(0) as DuckDBIntegerVector;
    this.#windowEnd = this.#chunk.getColumnVector(1) as DuckDBDoubleVector;
    this.#version = this.#chunk.getColumnVector(2) as DuckDBDoubleVector;
    this.#knownAt = this.#chunk.getColumnVector(3) as DuckDBDoubleVector;
    this.#timing = this.#chunk.getColumnVector(4) as DuckDBUTinyIntVector;
    this.#deleted = this.#chunk.getColumnVector(5) as DuckDBBooleanVector;
    this.#features = features.map((_, index) => this.#chunk.getColumnVector(6 + index) as DuckDBDoubleVector);
  }

  static async create(connection: DuckDBConnection, width: number): Promise<RevisionTable> {
    const features = Array.from({ length: width }, (_, index) => `, ${featureColumn(index)} DOUBLE`).join('');
    await connection.run(
      `CREATE TABLE revisions (entity INTEGER, window_end DOUBLE, version DOUBLE, known_at DOUBLE, timing UTINYINT, deleted BOOLEAN${features})`,
    );
    return new RevisionTable(await connection.createAppender('revisions', await schemaOf(connection)), width);
  }

  /** `deleted` is 0 or 1, `values` holds the features from `at` on. */
  put(
    entity: number,
    windowEnd: number,
    version: number,
    knownAt: number,
    timing: number,
    deleted: number,
    values: Float64Array,
    at: number,
  ): void {
    const row = this.#filled;
    this.#entity.setItem(row, entity);
    this.#windowEnd.setItem(row, windowEnd);
    this.#version.setItem(row, version);
    this.#knownAt.setItem(row, knownAt);
    this.#timing.setItem(row, timing);
    this.#deleted.setItem(row, deleted === 1);
    const features = this.#features;
    for (let i = 0; i < features.length; i++) features[i]!.setItem(row, values[at + i]!);
    this.counts[timing]!++;
    if (++this.#filled === CHUNK_ROWS) this.#send();
  }

  /** Nothing can be put afterwards. */
  close(): void {
    if (this.#filled > 0) this.#send();
    this.#appender.closeSync();
  }

  #send(): void {
    const vectors = [this.#entity, this.#windowEnd, this.#version, this.#knownAt, this.#timing];
    for (const vector of vectors) vector.flush();
    this.#deleted.flush();
    for (const vector of this.#features) vector.flush();
    // Only the last chunk is partly filled; setting the size forgets the vectors above.
    if (this.#filled < CHUNK_ROWS) this.#chunk.rowCount = this.#filled;
    this.#appender.appendDataChunk(this.#chunk);
    this.#filled = 0;
  }
}

/** Texts in memory at most, and UTF-16 units of all of them; forgotten ones get a second number, which harms nothing. */
const TEXTS_IN_MEMORY = 100_000;
const TEXT_UNITS_IN_MEMORY = 2 ** 25;

/** The table `texts`: what the numbers of features that are strings, lists or maps stand for. */
export class TextDictionary {
  readonly #appender: DuckDBAppender;
  readonly #numbers = new Map<string, number>();
  #units = 0;
  #next = 0;

  private constructor(appender: DuckDBAppender) {
    this.#appender = appender;
  }

  static async create(connection: DuckDBConnection): Promise<TextDictionary> {
    await connection.run('CREATE TABLE texts (number DOUBLE, text VARCHAR)');
    return new TextDictionary(await connection.createAppender('texts', await schemaOf(connection)));
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text);
    if (known !== undefined) return known;
    if (this.#numbers.size >= TEXTS_IN_MEMORY || this.#units >= TEXT_UNITS_IN_MEMORY) {
      this.#numbers.clear();
      this.#units = 0;
    }
    const number = this.#next++;
    this.#numbers.set(text, number);
    this.#units += text.length;
    this.#appender.appendDouble(number);
    this.#appender.appendVarchar(text);
    this.#appender.endRow();
    return number;
  }

  close(): void {
    this.#appender.closeSync();
  }
}

/** Entities in memory at most: a JavaScript map cannot hold more than 16 million. */
const ENTITIES_IN_MEMORY = 4_000_000;

/** What a batch's own entity numbers were the last time it was appended. */
interface BatchNumbers {
  /** Which append filled the slot. */
  serial: Int32Array;
  number: Int32Array;
  /** The entities' fields; an entity number of a batch may stand for another one later. */
  fields: (readonly Scalar[] | undefined)[];
}

/**
 * The table `entities`: what the numbers in `revisions` stand for. An entity can have several numbers, when it
 * was forgotten meanwhile; sorting ranks them equal.
 */
export class EntityDictionary {
  readonly #appender: DuckDBAppender;
  readonly #kinds: readonly FieldKind[];
  readonly #numbers = new Map<Scalar, number>();
  readonly #batches = new WeakMap<RevisionBatch, BatchNumbers>();
  readonly #limit: number;
  #batch: BatchNumbers = newBatchNumbers(0);
  #serial = 0;
  #next = 0;

  private constructor(appender: DuckDBAppender, kinds: readonly FieldKind[], limit: number) {
    this.#appender = appender;
    this.#kinds = kinds;
    this.#limit = limit;
  }

  static async create(
    connection: DuckDBConnection,
    group: FeatureGroup,
    limit = ENTITIES_IN_MEMORY,
  ): Promise<EntityDictionary> {
    const kinds = entityFields(group).map(({ kind }) => kind);
    const columns = kinds
      .map((kind, index) => `, ${entityColumn(index)} ${entityStorageType(kind)}`)
      .join('');
    await connection.run(`CREATE TABLE entities (number INTEGER${columns})`);
    const appender = await connection.createAppender('entities', await schemaOf(connection));
    return new EntityDictionary(appender, kinds, limit);
  }

  /** Must be called before the rows of a batch are asked for, each time that the batch was filled anew. */
  begin(batch: RevisionBatch): void {
    let numbers = this.#batches.get(batch);
    if (numbers === undefined) {
      numbers = newBatchNumbers(1024);
      this.#batches.set(batch, numbers);
    }
    this.#batch = numbers;
    this.#serial = (this.#serial + 1) | 0;
  }

  numberOf(batch: RevisionBatch, row: number): number {
    const local = batch.entity[row]!;
    const numbers = this.#batch;
    if (local >= numbers.serial.length) widenBatchNumbers(numbers, local);
    if (numbers.serial[local] === this.#serial) return numbers.number[local]!;
    numbers.serial[local] = this.#serial;
    const fields = batch.entityOf(row);
    if (!sameFields(fields, numbers.fields[local])) {
      numbers.fields[local] = fields;
      numbers.number[local] = this.#lookUp(fields);
    }
    return numbers.number[local]!;
  }

  close(): void {
    this.#appender.closeSync();
  }

  #lookUp(fields: readonly Scalar[]): number {
    const key = entityKey(fields);
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    if (this.#numbers.size >= this.#limit) this.#numbers.clear();
    const number = this.#next++;
    this.#numbers.set(key, number);
    this.#appender.appendInteger(number);
    for (let i = 0; i < fields.length; i++) appendScalar(this.#appender, this.#kinds[i]!, fields[i]!);
    this.#appender.endRow();
    return number;
  }
}

/** Each writer has a schema of its own, so that groups can share an instance. */
async function schemaOf(connection: DuckDBConnection): Promise<string> {
  const result = await connection.runAndReadAll('SELECT current_schema()');
  return String(result.getRows()[0]![0]);
}

function newBatchNumbers(capacity: number): BatchNumbers {
  return { serial: new Int32Array(capacity), number: new Int32Array(capacity), fields: [] };
}

function widenBatchNumbers(numbers: BatchNumbers, local: number): void {
  const capacity = Math.max(1024, 2 ** Math.ceil(Math.log2(local + 1)));
  const { serial, number } = numbers;
  numbers.serial = new Int32Array(capacity);
  numbers.serial.set(serial);
  numbers.number = new Int32Array(capacity);
  numbers.number.set(number);
}

function sameFields(a: readonly Scalar[], b: readonly Scalar[] | undefined): boolean {
  if (a === b) return true;
  if (b === undefined) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Equal for equal entities of one group, and for no others. */
function entityKey(fields: readonly Scalar[]): Scalar {
  if (fields.length === 1 && !(fields[0] instanceof Uint8Array)) return fields[0]!;
  return JSON.stringify(fields.map((field) => (field instanceof Uint8Array ? [...field] : field)));
}

function appendScalar(appender: DuckDBAppender, kind: FieldKind, value: Scalar): void {
  switch (entityStorageType(kind)) {
    case 'VARCHAR':
      appender.appendVarchar(value as string);
      break;
    case 'BOOLEAN':
      appender.appendBoolean(value as boolean);
      break;
    case 'INTEGER':
      appender.appendInteger(value as number);
      break;
    case 'BIGINT':
      appender.appendBigInt(BigInt(value as number));
      break;
    case 'DOUBLE':
      appender.appendDouble(value as number);
      break;
    default:
      appender.appendBlob(value as Uint8Array);
  }
}
