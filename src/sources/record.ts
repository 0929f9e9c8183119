import type { Row } from '../definitions/definition.ts';
import type { EventTimeMs, Offset } from '../time.ts';

/** The contract of this folder: records as the log holds them, and as they are once decoded. */

/** A JSON value that an archive holds inside a line of text: already parsed, its own text on demand. */
export interface JsonValue {
  readonly json: unknown;
  /** The UTF-8 text exactly as it stands in the file. */
  bytes(): Uint8Array;
}

export interface LogRecord {
  readonly offset: Offset;
  /** Kafka's record timestamp in milliseconds; −1 when there is none. */
  readonly timestamp: EventTimeMs;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | JsonValue | null;
}

/** Why a record takes no part; the order is the order in which they are looked for (semantics.md, "The log"). */
export type SourceRejection =
  | 'no_timestamp'
  | 'null_value'
  | 'undecodable'
  | 'schema'
  | 'null_event_time'
  | 'ahead';
export type GroupRejection = 'null_entity' | 'key_mismatch' | 'event_time_range' | 'entity_too_large';
export type RejectionReason = SourceRejection | GroupRejection;

export class Rejection {
  readonly reason: RejectionReason;
  /** For a person: which field, what stood there, what was expected. */
  readonly detail: string;
  constructor(reason: RejectionReason, detail: string) {
    this.reason = reason;
    this.detail = detail;
  }
}

export interface RejectedRecord {
  readonly partition: number;
  readonly record: LogRecord;
  readonly rejection: Rejection;
}

/**
 * Turns values into rows of the declared schema. A value that cannot be one is a {@link Rejection}
 * (`null_value`, `undecodable`, `schema`), never an exception.
 */
export interface RecordDecoder {
  decode(value: LogRecord['value']): Row | Rejection;
  /**
   * Event time of a decoded row: null when the event-time field is null (whether that rejects is the
   * caller's business), a Rejection `schema` when a local date-time cannot be read.
   */
  eventTime(row: Row): EventTimeMs | null | Rejection;
}

/** Consecutive records of one partition, in offset order. */
export interface RecordBatch {
  readonly partition: number;
  readonly records: readonly LogRecord[];
}
