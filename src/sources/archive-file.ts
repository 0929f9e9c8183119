import { type Place, TidemarkError } from '../errors.ts';
import type { LogRecord } from './record.ts';

/** What the readers of archive files share: how a file is named, what becomes of damage. */

export type ArchiveFormat = 'avro' | 'jsonl' | 'jsonl.gz' | 'jsonl.zst';

export interface ArchiveFile {
  readonly path: string;
  /** The first offset that the file may hold, from its name. */
  readonly start: number;
  readonly format: ArchiveFormat;
  readonly bytes: number;
}

/** An archive that is missing, laid out otherwise, or damaged; `place` names file and byte position or line. */
export class ArchiveError extends TidemarkError {}

const SKIP_CORRUPT_REMEDY =
  'Restore the file from its source, or go on without the damaged part with --skip-corrupt.';

export function damaged(message: string, place: Place, cause?: unknown): ArchiveError {
  return new ArchiveError(message, {
    code: 'ARCHIVE_DAMAGED',
    place,
    remedy: SKIP_CORRUPT_REMEDY,
    ...(cause === undefined ? {} : { cause }),
  });
}

/** What a reader reports to whoever reads the archive. */
export interface ArchiveReading {
  /** True when {@link damage} returns. */
  readonly skipCorrupt: boolean;
  /** Bytes of the file that have been read, compressed ones as they stand. */
  read(bytes: number): void;
  /** Reports damage, after which the reader goes on behind it; throws the error unless damage is to be skipped. */
  damage(error: ArchiveError): void;
}

/** Reads one file: its records in rising offset order, some thousands at a time at most. */
export type ArchiveFileReader = (
  file: ArchiveFile,
  reading: ArchiveReading,
) => AsyncGenerator<LogRecord[], void, void>;

/** Says why `offset` cannot follow `last` in a file that starts at `start`; null when it can. */
export function offsetFault(offset: unknown, last: number, start: number): string | null {
  if (!Number.isSafeInteger(offset) || (offset as number) < 0) return `the offset is ${show(offset)}`;
  if ((offset as number) <= last) return `offset ${offset} stands after offset ${last}`;
  if ((offset as number) < start) return `offset ${offset} is below the file's first offset, ${start}`;
  return null;
}

export function timestampFault(timestamp: unknown): string | null {
  return Number.isSafeInteger(timestamp) ? null : `the timestamp is ${show(timestamp)}`;
}

function show(value: unknown): string {
  return value === undefined ? 'missing' : (JSON.stringify(value)?.slice(0, 40) ?? typeof value);
}
