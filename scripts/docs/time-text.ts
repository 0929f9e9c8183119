import { Temporal } from '@js-temporal/polyfill';
import type { EventTimeMs } from '../../src/time.ts';

/** `12:05` as clocks in the zone show it; seconds when there are any. */
export function clockText(time: EventTimeMs, zone = 'UTC'): string {
  const local = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone).toPlainTime();
  return local.toString({ smallestUnit: local.second === 0 ? 'minute' : 'second' });
}

/** `25 Oct`, the date in the zone. */
export function dateText(time: EventTimeMs, zone: string): string {
  const date = Temporal.Instant.fromEpochMilliseconds(time).toZonedDateTimeISO(zone);
  return date.toLocaleString('en-GB', { day: 'numeric', month: 'short' });
}
