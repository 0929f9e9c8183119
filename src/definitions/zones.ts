import { Temporal } from '@js-temporal/polyfill';
import { nearest } from './nearest.ts';

/** Names of today that `Intl` lists under older ones only. */
const NEWER_NAMES = [
  'America/Argentina/Buenos_Aires',
  'America/Indiana/Indianapolis',
  'America/Nuuk',
  'Asia/Ho_Chi_Minh',
  'Asia/Kathmandu',
  'Asia/Kolkata',
  'Asia/Yangon',
  'Atlantic/Faroe',
  'Europe/Kyiv',
  'Pacific/Chuuk',
  'Pacific/Kanton',
  'Pacific/Pohnpei',
  'UTC',
];

/**
 * The zone as IANA spells it, by its name in upper or lower case, or an offset like `+05:30`; null when there is
 * none. Three letters that several zones share (`IST`) are none.
 */
export function findZone(name: string): string | null {
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** A remedy for a name that is no zone's: the nearest, by its whole name or its last part. */
export function suggestZone(name: string): string {
  const zones = [...NEWER_NAMES, ...Intl.supportedValuesOf('timeZone')];
  const asked = name.trim().replaceAll(' ', '_');
  const byCity = new Map(zones.map((zone) => [zone.slice(zone.lastIndexOf('/') + 1), zone]));
  const city = asked.includes('/') ? null : nearest(asked, byCity.keys());
  const near = city === null ? nearest(asked, zones) : byCity.get(city)!;
  const isFar = near === null || asked.length < 4;
  return isFar ? "write an IANA name, like 'Asia/Kolkata' or 'UTC'" : `did you mean '${near}'?`;
}
