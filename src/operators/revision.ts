import { isVector } from '../definitions/aggregate-signatures.ts';
import type { FeatureGroup, Scalar, Value } from '../definitions/definition.ts';
import { parseVector, type StoredValue, VectorJson } from '../definitions/value.ts';
import { assert } from '../errors.ts';
import type { EventTimeMs, Version } from '../time.ts';

/** When a revision was made, seen from its window's end (semantics.md, "Revisions"). The order is theirs. */
export const TIMINGS = ['early', 'on-time', 'late'] as const;
export type Timing = (typeof TIMINGS)[number];
export const EARLY = 0;
export const ON_TIME = 1;
export const LATE = 2;

/** One revision as an object, for tests and sinks that handle few. */
export interface Revision {
  readonly entity: readonly Scalar[];
  readonly windowEnd: EventTimeMs;
  readonly version: Version;
  readonly knownAt: EventTimeMs;
  readonly timing: Timing;
  /** The row is no more: the session that it was of has another end. All values are null then. */
  readonly deleted: boolean;
  /** When the first of what the row holds leaves its range: the first grid time without it. Null when nothing does. */
  readonly leave: EventTimeMs | null;
  readonly values: readonly (Value | null)[];
  /** The values that it replaces; null when the row had none. */
  readonly previous: readonly (Value | null)[] | null;
}

/** What a batch needs of the task that fills it: what its numbers stand for. */
export interface RevisionNames {
  entityOf(id: number): readonly Scalar[];
  /** The text behind a number that stands for a string, a list or a map. */
  textOf(id: number): string;
}

/** A batch has room for so many at first: a worker has many tasks, and most of their batches are small. */
const FEW_ROWS = 64;

/**
 * Revisions in columns, as a task makes them: no object per row. Filled by one task between two drains; whoever
 * drains must be done with it before the task goes on, because entity and text numbers are reused after.
 */
export class RevisionBatch {
  readonly group: FeatureGroup;
  readonly width: number;
  length = 0;
  /** Number of the entity within the task: the same entity has the same number within one batch. */
  entity = new Int32Array(FEW_ROWS);
  windowEnd = new Float64Array(FEW_ROWS);
  version = new Float64Array(FEW_ROWS);
  knownAt = new Float64Array(FEW_ROWS);
  timing = new Uint8Array(FEW_ROWS);
  /** 1 when the row replaces one. */
  replaces = new Uint8Array(FEW_ROWS);
  /** 1 when the row is no more; its values are all null. */
  deleted = new Uint8Array(FEW_ROWS);
  /** {@link Revision.leave}, for the online stores; NaN is null. */
  leave = new Float64Array(FEW_ROWS);
  /**
   * `width` numbers a row: NaN is null, booleans are 0 and 1; strings, lists and maps are numbers for
   * {@link RevisionNames.textOf}.
   */
  values: Float64Array;
  /** Meaningful where `replaces` is 1. */
  previous: Float64Array;
  readonly #names: RevisionNames;

  constructor(group: FeatureGroup, names: RevisionNames) {
    this.group = group;
    this.width = group.features.length;
    this.values = new Float64Array(FEW_ROWS * this.width);
    this.previous = new Float64Array(FEW_ROWS * this.width);
    this.#names = names;
  }

  /** Room for one more row; returns its index. The caller fills every column. */
  push(): number {
    if (this.length === this.entity.length) this.#grow();
    return this.length++;
  }

  /**
   * One more row, which replaces none, is not deleted and has no leave; returns its index. The caller fills in the
   * values.
   */
  add(
    entity: number,
    windowEnd: EventTimeMs,
    timing: number,
    version: Version,
    knownAt: EventTimeMs,
  ): number {
    const row = this.push();
    this.entity[row] = entity;
    this.windowEnd[row] = windowEnd;
    this.version[row] = version;
    this.knownAt[row] = knownAt;
    this.timing[row] = timing;
    this.replaces[row] = 0;
    this.deleted[row] = 0;
    this.leave[row] = Number.NaN;
    return row;
  }

  /** Whether the values that the row replaces are equal to its own. */
  repeats(row: number): boolean {
    for (let at = row * this.width; at < (row + 1) * this.width; at++) {
      const value = this.values[at]!;
      const old = this.previous[at]!;
      if (value !== old && !(Number.isNaN(value) && Number.isNaN(old))) return false;
    }
    return true;
  }

  clear(): void {
    this.length = 0;
  }

  entityOf(row: number): readonly Scalar[] {
    return this.#names.entityOf(this.entity[row]!);
  }

  value(row: number, feature: number): Value | null {
    return this.#decode(this.values[row * this.width + feature]!, feature);
  }

  /** The text of a value that is a string, a list or a map (JSON, see `vectorText`); null for null. */
  text(row: number, feature: number): string | null {
    const cell = this.values[row * this.width + feature]!;
    return Number.isNaN(cell) ? null : this.#names.textOf(cell);
  }

  leaveOf(row: number): EventTimeMs | null {
    const leave = this.leave[row]!;
    return Number.isNaN(leave) ? null : leave;
  }

  valuesOf(row: number): (Value | null)[] {
    return this.group.features.map((_, feature) => this.value(row, feature));
  }

  /** The row's values with lists and maps as their texts, which is what stores hold. */
  storedValues(row: number): StoredValue[] {
    return this.group.features.map(({ valueType }, feature) => {
      if (!isVector(valueType)) return this.value(row, feature) as Scalar | null;
      const json = this.text(row, feature);
      return json === null ? null : new VectorJson(json);
    });
  }

  /** The row as an object. */
  at(row: number): Revision {
    assert(row >= 0 && row < this.length, `row ${row} of ${this.length}`);
    return {
      entity: this.entityOf(row),
      windowEnd: this.windowEnd[row]!,
      version: this.version[row]!,
      knownAt: this.knownAt[row]!,
      timing: TIMINGS[this.timing[row]!]!,
      deleted: this.deleted[row] === 1,
      leave: this.leaveOf(row),
      values: this.valuesOf(row),
      previous:
        this.replaces[row] === 0
          ? null
          : this.group.features.map((_, f) => this.#decode(this.previous[row * this.width + f]!, f)),
    };
  }

  #decode(cell: number, feature: number): Value | null {
    if (Number.isNaN(cell)) return null;
    const type = this.group.features[feature]!.valueType;
    if (isVector(type)) return parseVector(this.#names.textOf(cell), type);
    if (type === 'string') return this.#names.textOf(cell);
    return type === 'boolean' ? cell !== 0 : cell;
  }

  #grow(): void {
    const size = this.entity.length * 2;
    const widen = <T extends Int32Array | Float64Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    this.entity = widen(this.entity, new Int32Array(size));
    this.windowEnd = widen(this.windowEnd, new Float64Array(size));
    this.version = widen(this.version, new Float64Array(size));
    this.knownAt = widen(this.knownAt, new Float64Array(size));
    this.timing = widen(this.timing, new Uint8Array(size));
    this.replaces = widen(this.replaces, new Uint8Array(size));
    this.deleted = widen(this.deleted, new Uint8Array(size));
    this.leave = widen(this.leave, new Float64Array(size));
    this.values = widen(this.values, new Float64Array(size * this.width));
    this.previous = widen(this.previous, new Float64Array(size * this.width));
  }
}
