import type { DroppedRecord } from '../operators/task.ts';
import type { LogRecord, RejectedRecord } from '../sources/record.ts';
import { JsonlFile } from './jsonl-file.ts';

/**
 * Writes one kind of record that took no part, one JSON object a line, in the field names of the public
 * interface. `count` is of this writer's life, not of what the file held before.
 */
export class DeadLetterWriter<T> {
  readonly #file: JsonlFile;
  readonly #line: (record: T) => string;
  count = 0;

  constructor(file: JsonlFile, line: (record: T) => string) {
    this.#file = file;
    this.#line = line;
  }

  write(record: T): void {
    this.#file.append(this.#line(record));
    this.count++;
  }

  /** Length of the file in bytes with everything written so far. */
  position(): number {
    return this.#file.position();
  }

  /** Resolves when everything written before the call is on the disk. */
  flush(): Promise<void> {
    return this.#file.flush();
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Closes without writing what still waits. */
  discard(): void {
    this.#file.discard();
  }
}

export type DroppedWriter = DeadLetterWriter<DroppedRecord>;
export type RejectedWriter = DeadLetterWriter<RejectedRecord>;

/** Appends dropped records to `path` after its first `committedBytes` bytes; 0 makes a new file. */
export function openDropped(path: string, committedBytes: number): DroppedWriter {
  return new DeadLetterWriter(JsonlFile.openAppend(path, committedBytes), droppedLine);
}

/** Appends rejected records to `path` after its first `committedBytes` bytes; 0 makes a new file. */
export function openRejected(path: string, committedBytes: number): RejectedWriter {
  return new DeadLetterWriter(JsonlFile.openAppend(path, committedBytes), rejectedLine);
}

function droppedLine(record: DroppedRecord): string {
  return JSON.stringify({
    partition: record.partition,
    offset: record.offset,
    timestamp: record.timestamp,
    event_time: record.eventTime,
    watermark: record.watermark,
    missed_first: record.missedFirst,
    missed_last: record.missedLast,
    missed_count: record.missedCount,
  });
}

function rejectedLine({ partition, record, rejection }: RejectedRecord): string {
  return JSON.stringify({
    partition,
    offset: record.offset,
    timestamp: record.timestamp,
    reason: rejection.reason,
    detail: rejection.detail,
    key: base64(record.key),
    value: base64(record.value),
  });
}

/** The bytes as they stood in the log, in base64. */
function base64(value: LogRecord['value']): string | null {
  if (value === null) return null;
  const bytes = value instanceof Uint8Array ? value : value.bytes();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}
