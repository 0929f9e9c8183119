import { TidemarkError } from '../errors.ts';
import type { EventTimeMs, Offset } from '../time.ts';

/**
 * An idle partition's watermark was advanced (semantics.md, "Idle"): after the record at `after` and before the next
 * one W became `watermark`. What that made was known at `logTime`, which λ became, unless it was later already.
 *
 * Marks come from a wall clock, so they are part of the log: they stand in a journal, a topic beside the source's, in
 * the same partition.
 */
export interface Mark {
  readonly after: Offset;
  readonly watermark: EventTimeMs;
  readonly logTime: EventTimeMs;
}

/** A mark as the journal holds it: sources over one topic share its journal. */
export interface JournalEntry {
  /** The name of the source whose watermark it is. */
  readonly source: string;
  readonly mark: Mark;
}

/** The value of the journal's record; its key is the source's name. */
export function encodeJournalEntry({ source, mark }: JournalEntry): string {
  const { after, watermark, logTime } = mark;
  return JSON.stringify({ source, after, watermark, log_time: logTime });
}

/**
 * Reads the value of a journal's record.
 *
 * @param where the record, for the error
 * @throws TidemarkError `JOURNAL_ENTRY` when it is none
 */
export function parseJournalEntry(text: string, where: string): JournalEntry {
  const { source, after, watermark, log_time: logTime } = parseObject(text);
  if (typeof source !== 'string') throw noMark(where, 'source', source);
  if (!isInteger(after) || after < 0) throw noMark(where, 'after', after);
  if (!isInteger(watermark)) throw noMark(where, 'watermark', watermark);
  if (!isInteger(logTime)) throw noMark(where, 'log_time', logTime);
  return { source, mark: { after, watermark, logTime } };
}

/** Whatever is no object has no fields. */
function parseObject(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return {};
  }
}

function isInteger(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function noMark(where: string, name: string, value: unknown): TidemarkError {
  const stands = value === undefined ? 'is missing' : `is ${JSON.stringify(value)}`;
  return new TidemarkError(`${where} is no mark: ${name} ${stands}`, {
    code: 'JOURNAL_ENTRY',
    remedy: 'Only workers may write to a journal.',
  });
}
