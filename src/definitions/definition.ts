import type { DurationMs } from '../time.ts';
import type { Expression, ValueType } from './expression.ts';

/**
 * The contract of this folder: what a definitions file means once it is loaded, checked and compiled.
 * Everything below is plain data; the operators, sources and sinks know definitions in this form only.
 */

/** What a field or a feature value is in memory: a null is a null of any type. Bytes are compared by content. */
export type Scalar = number | string | boolean | Uint8Array;

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
 * When a group's windows end (semantics.md, "Grid, ranges, panes"): `fixed` at T ≡ offsetMs (mod stepMs),
 * `calendar` where a unit of the IANA zone starts.
 */
export type Grid =
  | { readonly kind: 'fixed'; readonly stepMs: DurationMs; readonly offsetMs: DurationMs }
  | { readonly kind: 'calendar'; readonly unit: CalendarUnit; readonly zone: string };

/**
 * Which event times the window holds that ends at the grid time T:
 * - `last`: [T − lengthMs, T); only on a fixed grid;
 * - `lastUnits`: the `count` units of the grid before T; only on a calendar grid;
 * - `since`: from the start of the unit that holds T − 1 ms; its boundaries are grid times;
 * - `lifetime`: all before T.
 */
export type Range =
  | { readonly kind: 'last'; readonly lengthMs: DurationMs }
  | { readonly kind: 'lastUnits'; readonly count: number }
  | { readonly kind: 'since'; readonly unit: CalendarUnit; readonly zone: string }
  | { readonly kind: 'lifetime' };

export type AggregateName =
  | 'count'
  | 'sum'
  | 'avg'
  | 'min'
  | 'max'
  | 'first'
  | 'last'
  | 'rate'
  | 'distinctCount'
  | 'entropy';

export interface Feature {
  readonly name: string;
  readonly aggregate: AggregateName;
  /** Null only for `count()` of records. */
  readonly input: Expression | null;
  /** Records for which this is not true do not reach the aggregate. */
  readonly where: Expression | null;
  readonly range: Range;
  /** Replaces the null of no values at all. */
  readonly default: number | string | boolean | null;
  /** Type of the feature's own values: `integer` is a 64-bit integer column, `number` a double. */
  readonly valueType: ValueType;
}

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
  /** How long the online store keeps an entity after its last write; null: for ever. */
  readonly ttlMs: DurationMs | null;
  readonly where: Expression | null;
  readonly features: readonly Feature[];
  /**
   * Hex SHA-256 of everything that decides the group's values and state (source fields, event time,
   * watermark, entity, grid, lateness, emit, where, features): equal text, equal rows.
   */
  readonly fingerprint: string;
}

/** Everything that a definitions file exports, in the order of its text. */
export interface Definitions {
  readonly file: string;
  readonly sources: readonly Source[];
  readonly groups: readonly FeatureGroup[];
}
