import { Temporal } from '@js-temporal/polyfill';
import type { EventTimeMs } from '../time.ts';

/**
 * Reads local date-times: `2026-03-08T02:30[:15[.250]]`, with `T` or a space between date and time, and an
 * optional `Z` or offset (`+05:30`, `+0530`, `+05`, `-00:44:30`) that wins over the zone. Finer than a
 * millisecond is floored.
 * @returns null for other text
 */
export type LocalTimeReader = (text: string) => EventTimeMs | null;

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** Spans of local time that are remembered at most, per level. */
const MAX_SPANS = 50_000;

const FORM =
  /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?$/;

/** A reader for one IANA zone; null, when texts must carry their own offset. */
export function localTimeReader(zone: string | null): LocalTimeReader {
  const toInstant = zone === null ? null : zoneReader(zone);
  return (text) => {
    const parts = FORM.exec(text);
    if (parts === null) return null;
    const local = localMs(parts);
    if (local === null) return null;
    const offset = parts[8];
    if (offset === undefined) return toInstant === null ? null : toInstant(local);
    const offsetMs = parseOffset(offset);
    return offsetMs === null ? null : local - offsetMs;
  };
}

/** Whether a text is a local date-time, with or without an offset, of a day and time that exist. */
export function isLocalDateTime(text: string): boolean {
  const parts = FORM.exec(text);
  if (parts === null || localMs(parts) === null) return false;
  return parts[8] === undefined || parseOffset(parts[8]) !== null;
}

/** The date and time of the parts as if they were UTC; null when there is no such date or time. */
function localMs(parts: RegExpExecArray): number | null {
  const month = Number(parts[2]);
  const day = Number(parts[3]);
  const hour = Number(parts[4]);
  const minute = Number(parts[5]);
  const second = Number(parts[6] ?? 0);
  if (hour > 23 || minute > 59 || second > 59) return null;
  const millis = Number((parts[7] ?? '').slice(0, 3).padEnd(3, '0'));
  const date = new Date(0);
  // Unlike Date.UTC this takes the years 0 to 99 as they stand.
  const midnight = date.setUTCFullYear(Number(parts[1]), month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  return midnight + hour * 3_600_000 + minute * MINUTE_MS + second * 1000 + millis;
}

function parseOffset(text: string): number | null {
  if (text === 'Z') return 0;
  const digits = text.slice(1).replaceAll(':', '');
  const hours = Number(digits.slice(0, 2));
  const minutes = Number(digits.slice(2, 4) || 0);
  const seconds = Number(digits.slice(4, 6) || 0);
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const size = (hours * 3600 + minutes * 60 + seconds) * 1000;
  return text.startsWith('-') ? -size : size;
}

/**
 * Local time to instant as Temporal's `disambiguation: 'compatible'` defines it: of two instants the earlier,
 * in a gap with the offset from before it. What is subtracted is therefore constant between changes of the
 * zone's rules. It is remembered for whole days, and for quarters of an hour on days that begin and end with
 * different ones; a quarter that does so too is left to Temporal, record by record.
 */
function zoneReader(zone: string): (local: number) => EventTimeMs {
  const days = new Map<number, number | null>();
  const quarters = new Map<number, number | null>();
  let lastDay = Number.NaN;
  let lastDayOffset = 0;

  const span = (known: Map<number, number | null>, index: number, lengthMs: number): number | null => {
    let offset = known.get(index);
    if (offset === undefined) {
      const start = index * lengthMs;
      const atStart = start - resolve(start, zone);
      const atEnd = start + lengthMs - 1 - resolve(start + lengthMs - 1, zone);
      offset = atStart === atEnd ? atStart : null;
      if (known.size >= MAX_SPANS) known.clear();
      known.set(index, offset);
    }
    return offset;
  };

  return (local) => {
    const day = Math.floor(local / DAY_MS);
    if (day === lastDay) return local - lastDayOffset;
    const dayOffset = span(days, day, DAY_MS);
    if (dayOffset !== null) {
      lastDay = day;
      lastDayOffset = dayOffset;
      return local - dayOffset;
    }
    const offset = span(quarters, Math.floor(local / QUARTER_MS), QUARTER_MS);
    return offset === null ? resolve(local, zone) : local - offset;
  };
}

/** Without a cache: the instant of a local time, exactly as Temporal says. */
function resolve(local: number, zone: string): EventTimeMs {
  return Temporal.Instant.fromEpochMilliseconds(local)
    .toZonedDateTimeISO('UTC')
    .toPlainDateTime()
    .toZonedDateTime(zone, { disambiguation: 'compatible' }).epochMilliseconds;
}
