import { calendarFaults } from './check-calendar.ts';

/**
 * Holds the calendars of all zones that the runtime knows, or of those named, against brute force, around every
 * change of their offsets: `node test/definitions/calendar-soak.ts [ZONE…]`. Takes some minutes; ends with 1 at
 * a difference.
 */
const named = process.argv.slice(2);
const zones = named.length > 0 ? named : Intl.supportedValuesOf('timeZone');
for (const [index, zone] of zones.entries()) {
  const faults = calendarFaults(zone);
  for (const fault of faults) console.error(fault);
  if (faults.length > 0) process.exitCode = 1;
  const done = index + 1;
  if (done % 20 === 0 || done === zones.length) console.log(`${done} of ${zones.length} zones`);
}
