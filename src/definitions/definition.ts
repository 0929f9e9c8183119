import type { DurationMs } from '../time.ts';
import type { AggregateName } from './aggregate-signatures.ts';
import type { Expression, ValueType } from './expression.ts';

/**
 * The contract of this folder: what a definitions file means once it is loaded, checked and compiled.
 * Everything below is plain data; the operators, sources and sinks know definitions in this form only.
 */

/** What a field or a feature value is in memory: a null is a null of any type. Bytes are compared by content. */
export type Scalar = number | string | boolean | Uint8Array;

/** A feature's value: a scalar, a list, or a map in the order of its keys. */
export type Value = Scalar | readonly Scalar[] | ReadonlyMap<Scalar, Scalar>;

/** The type of a feature's values; the elements of lists and maps are never null. */
export type FeatureType =
  | ValueType
  | { readonly kind: 'list'; readonly of: ValueType }
  | { readonly kind: 'map'; readonly key: ValueType; readonly value: ValueType };

export type FieldKind =
  | 'string'
  | 'boolean'
  | 'int'
  | 'long'
  | 'float'
  | 'double'
  | 'bytes'
  | 'timestampMillis'
  | 'timestampMicros'
  | 'localDateTime'
  | 'enum';

export interface FieldType {
  readonly kind: FieldKind;
  readonly nullable: boolean;
  /** The listed values of an `enum`, in order; empty for every other kind. */
  readonly symbols: readonly string[];
}

/** A decoded record: every declared field by name, in the schema's order; absent ones are null, never undefined. */
export type Row = { readonly [field: string]: Scalar | null };

export interface Source {
  readonly kind: 'source';
  readonly name: string;
  readonly topic: string;
  /** The field that the record key holds; null when the source does not say. */
  readonly key: string | null;
  readonly fields: ReadonlyMap<string, FieldType>;
  readonly format: 'json' | 'avro';
  /** Absolute path of the `.avsc` file that the values were written with; null: the declared schema. */
  readonly writerSchemaFile: string | null;
  /** `zone` is an IANA zone for fields of local date-times, else null. */
  readonly eventTime: { readonly field: string; readonly zone: string | null };
  readonly maxOutOfOrdernessMs: DurationMs;
  /** Null: no limit. */
  readonly maxAheadMs: DurationMs | null;
  readonly idleTimeoutMs: DurationMs | null;
  readonly onNullEventTime: 'reject' | 'logTime';
  readonly epoch: number;
  readonly checkKey: boolean;
}

/** A unit of a zone's calendar; weeks are those of ISO 8601 and start on Monday. */
export type CalendarUnit = 'day' | 'week' | 'month';

/**
 * When a group's windows end (semantics.md, "Grid, ranges, panes" and "Sessions"): `fixed` at T ≡ offsetMs
 * (mod stepMs), `calendar` where a unit of the IANA zone starts, `session` at `gapMs` after the last event of a
 * session of the entity. A session is never longer, from its first event to its last, than `maxDurationMs`; null:
 * no limit.
 */
export type Grid = WindowGrid | SessionGrid;

export type WindowGrid =
  | { readonly kind: 'fixed'; readonly stepMs: DurationMs; readonly offsetMs: DurationMs }
  | { readonly kind: 'calendar'; readonly unit: CalendarUnit; readonly zone: string };

export interface SessionGrid {
  readonly kind: 'session';
  readonly gapMs: DurationMs;
  readonly maxDurationMs: DurationMs | null;
}

/**
 * Which event times the window holds that ends at the grid time T:
 * - `last`: [T − lengthMs, T); only on a fixed grid;
 * - `lastUnits`: the `count` units of the grid before T; only on a calendar grid;
 * - `since`: from the start of the unit that holds T − 1 ms; its boundaries are grid times;
 * - `lifetime`: all before T;
 * - `session`: the events of the session that ends at T; only on a session grid.
 */
export type Range =
  | { readonly kind: 'last'; readonly lengthMs: DurationMs }
  | { readonly kind: 'lastUnits'; readonly count: number }
  | { readonly kind: 'since'; readonly unit: CalendarUnit; readonly zone: string }
  | { readonly kind: 'lifetime' }
  | { readonly kind: 'session' };

/** Numbers that an aggregate is made with, by their names in its signature; durations are milliseconds. */
export type AggregateParameters = Readonly<Record<string, number | readonly number[]>>;

/** One aggregate over what lambdas say of each record. */
export interface Aggregation {
  readonly aggregate: AggregateName;
  /** Null where records are aggregated and not values: `count()`. */
  readonly input: Expression | null;
  /** The second input of an aggregate over pairs; a record where either is null does not reach it. */
  readonly other: Expression | null;
  /** Records for which this is not true do not reach the aggregate. */
  readonly where: Expression | null;
  readonly parameters: AggregateParameters;
  readonly valueType: FeatureType;
}

export interface Feature {
  readonly name: string;
  /** The aggregate as the definitions file calls it; decides nothing. */
  readonly aggregate: string;
  /** What its value is computed from: one aggregate, or those of an aggregate of the user's own. */
  readonly aggregations: readonly [Aggregation, ...Aggregation[]];
  /**
   * The value, where it is not simply that of the one aggregation: an expression over a record whose fields
   * `'0'`, `'1'`, … are the values of `aggregations`.
   */
  readonly result: Expression | null;
  readonly range: Range;
  /** Replaces the null of no values at all. */
  readonly default: number | string | boolean | null;
  /** Type of the feature's own values: `integer` is a 64-bit integer column, `number` a double. */
  readonly valueType: FeatureType;
}

export const DEFAULT_MAX_ENTITY_STATE = 1_000_000;

export interface FeatureGroup {
  readonly kind: 'featureGroup';
  readonly name: string;
  readonly version: number;
  readonly source: Source;
  readonly entity: readonly string[];
  readonly grid: Grid;
  /** Whether the grid or some range is a calendar's: such a group takes event times of 1970 to 2099 only. */
  readonly usesCalendar: boolean;
  readonly allowedLatenessMs: DurationMs;
  readonly emit: 'change' | 'close';
  /**
   * A record of an entity whose state holds so many values or more is rejected. One is counted for each pane or session
   * that is still needed, and one for each value that its aggregates keep beside their fixed size.
   */
  readonly maxEntityState: number;
  /** How long the online store keeps an entity after its last write; null: for ever. */
  readonly ttlMs: DurationMs | null;
  readonly where: Expression | null;
  readonly features: readonly Feature[];
  /**
   * Hex SHA-256 of everything that decides the group's values and state (source fields, event time,
   * watermark, entity, grid, lateness, emit, limit of state, where, features): equal text, equal rows.
   */
  readonly fingerprint: string;
}

/** Everything that a definitions file exports, in the order of its text. */
export interface Definitions {
  readonly file: string;
  readonly sources: readonly Source[];
  readonly groups: readonly FeatureGroup[];
}
