import type { Row } from '../definitions/definition.ts';
import type { LogRecord } from '../sources/record.ts';
import type { EventTimeMs, Offset, Version } from '../time.ts';

/** A record at its place in the log, as the source judged it. */
export interface JudgedRecord {
  readonly log: LogRecord;
  readonly row: Row;
  readonly eventTime: EventTimeMs;
  /** W(o−1): what it is judged against. */
  readonly watermarkBefore: EventTimeMs;
  /** W(o): what closes windows after it. */
  readonly watermark: EventTimeMs;
  /** λ(o). */
  readonly logTime: EventTimeMs;
}

/** What takes a source's records, once they are judged: a task, or whatever else wants the same ones. */
export interface RecordTaker {
  /** The offset of the next record that it wants. */
  readonly nextOffset: Offset;
  /** What came last is not worked off: {@link close} is to be called until it is, before anything else comes. */
  readonly isClosing: boolean;
  /** A record that the source accepted. Records come in order of offset. */
  process(record: JudgedRecord): void;
  /** A record that the source rejected. */
  skip(offset: Offset, logTime: EventTimeMs): void;
  /** A mark of the journal has moved the watermark and log time, at the position that `version` names. */
  advance(watermark: EventTimeMs, version: Version, logTime: EventTimeMs): void;
  close(): void;
}
