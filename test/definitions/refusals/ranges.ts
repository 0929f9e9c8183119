import { group, HEAD } from '../definitions-file.ts';
import type { Refusal } from './refusal.ts';

const on = (every: string, range: string): string =>
  group(`n: count({ ${range} }),`, `entity: 'card_id', every: ${every},`);
const DAYS = "{ unit: 'day', zone: 'Asia/Kolkata' }";
const WEEKS = "{ unit: 'week', zone: 'Asia/Kolkata' }";
const MONTHS = "{ unit: 'month', zone: 'Asia/Kolkata' }";
const since = (unit: string, zone: string): string => `since: { unit: '${unit}', zone: '${zone}' }`;

const REFUSED: readonly Refusal[] = [
  [
    "Kolkata's day on full hours",
    on("'1h'", since('day', 'Asia/Kolkata')),
    `definitions.ts:23:23: 'since' of count of 'n' has a day that starts at 1970-01-01T18:30Z, which is no window end of the group's every: '1h'
  write every: '30m', or offset: '30m' beside every`,
  ],
  [
    "Kathmandu's, a quarter of an hour off since 1986",
    on("'1h'", since('day', 'Asia/Kathmandu')),
    `definitions.ts:23:23: 'since' of count of 'n' has a day that starts at 1970-01-01T18:30Z, which is no window end of the group's every: '1h'
  write every: '15m'`,
  ],
  [
    "Lord Howe's, half an hour of summer time",
    on("'1h'", since('week', 'Australia/Lord_Howe')),
    `definitions.ts:23:23: 'since' of count of 'n' has a week that starts at 1981-03-01T13:30Z, which is no window end of the group's every: '1h'
  write every: '30m'`,
  ],
  [
    "Monrovia's, which was seconds off",
    on("'1m'", since('month', 'Africa/Monrovia')),
    `definitions.ts:23:23: 'since' of count of 'n' has a month that starts at 1970-01-01T00:44:30Z, which is no window end of the group's every: '1m'
  write every: '30s'`,
  ],
  [
    'steps that no day divides into',
    on("'7m'", since('day', 'UTC')),
    `definitions.ts:23:23: 'since' of count of 'n' has a day that starts at 1970-01-02T00:00Z, which is no window end of the group's every: '7m'
  write every: '8m'`,
  ],
  [
    'an offset',
    on("'1h', offset: '5m'", since('day', 'UTC')),
    `definitions.ts:23:23: 'since' of count of 'n' has a day that starts at 1970-01-01T00:00Z, which is no window end of the group's every: '1h', offset: '5m'
  write every: '5m', or offset: '0ms' beside every`,
  ],
  [
    'steps that are longer than the unit',
    on("'2d'", since('day', 'UTC')),
    `definitions.ts:23:23: 'since' of count of 'n' has a day that starts at 1970-01-02T00:00Z, which is no window end of the group's every: '2d'
  write every: '1d'`,
  ],
  [
    'a month on weeks',
    on(WEEKS, since('month', 'Asia/Kolkata')),
    `definitions.ts:23:23: 'since' of count of 'n' has a month that starts at 1970-01-31T18:30Z, which is no window end of the group's every: { unit: 'week', zone: 'Asia/Kolkata' }
  write since: { unit: 'week', zone: 'Asia/Kolkata' }, or every: { unit: 'day', zone: 'Asia/Kolkata' } for the group`,
  ],
  [
    'a day on months',
    on(MONTHS, since('day', 'Asia/Kolkata')),
    `definitions.ts:23:23: 'since' of count of 'n' has a day that starts at 1970-01-01T18:30Z, which is no window end of the group's every: { unit: 'month', zone: 'Asia/Kolkata' }
  write since: { unit: 'month', zone: 'Asia/Kolkata' }, or every: { unit: 'day', zone: 'Asia/Kolkata' } for the group`,
  ],
  [
    'a day of another zone',
    on(DAYS, since('day', 'UTC')),
    `definitions.ts:23:23: 'since' of count of 'n' has a day that starts at 1970-01-01T00:00Z, which is no window end of the group's every: { unit: 'day', zone: 'Asia/Kolkata' }
  write zone: 'Asia/Kolkata', the grid's, or every: { unit: 'day', zone: 'UTC' } for the group`,
  ],
  [
    'a misspelt zone',
    on("'5m'", since('day', 'America/New York')),
    `definitions.ts:23:44: 'zone' of since is 'America/New York', which is no time zone
  did you mean 'America/New_York'?`,
  ],
  [
    'a misspelt unit',
    on("'5m'", since('mnth', 'UTC')),
    `definitions.ts:23:31: 'unit' of since is 'mnth', no unit of the calendar
  did you mean 'month'?`,
  ],
  [
    'hours since',
    on("'5m'", since('hour', 'UTC')),
    `definitions.ts:23:31: 'unit' of since is 'hour', no unit of the calendar
  write 'day', 'week' or 'month'`,
  ],
  [
    'since a text',
    on("'5m'", "since: 'day' as never"),
    `definitions.ts:23:16: since takes an object of options, not 'day'
  write { … }`,
  ],
  [
    'a fixed length on days',
    on(DAYS, "last: '7d'"),
    `definitions.ts:23:22: 'last' of count of 'n' is '7d', a fixed length, but the group's window ends are those of a calendar
  write last: { days: 7, zone: 'Asia/Kolkata' }`,
  ],
  [
    'a short one',
    on(MONTHS, "last: '24h'"),
    `definitions.ts:23:22: 'last' of count of 'n' is '24h', a fixed length, but the group's window ends are those of a calendar
  write last: { months: 1, zone: 'Asia/Kolkata' }`,
  ],
  [
    'days on a fixed grid',
    on("'5m'", "last: { days: 30, zone: 'UTC' }"),
    `definitions.ts:23:22: 'last' of count of 'n' is 30 days in UTC, which needs that calendar's grid, not the group's every: '5m'
  write last: '30d', or every: { unit: 'day', zone: 'UTC' } for the group`,
  ],
  [
    'a day on a longer fixed grid',
    on("'2d'", "last: { days: 1, zone: 'UTC' }"),
    `definitions.ts:23:22: 'last' of count of 'n' is 1 day in UTC, which needs that calendar's grid, not the group's every: '2d'
  write last: '2d', or every: { unit: 'day', zone: 'UTC' } for the group`,
  ],
  [
    'weeks on days',
    on(DAYS, "last: { weeks: 2, zone: 'Asia/Kolkata' }"),
    `definitions.ts:23:22: 'last' of count of 'n' is 2 weeks in Asia/Kolkata, which needs that calendar's grid, not the group's every: { unit: 'day', zone: 'Asia/Kolkata' }
  write last: { days: 14, zone: 'Asia/Kolkata' }, or every: { unit: 'week', zone: 'Asia/Kolkata' } for the group`,
  ],
  [
    'days of another zone',
    on(DAYS, "last: { days: 7, zone: 'Asia/Kathmandu' }"),
    `definitions.ts:23:22: 'last' of count of 'n' is 7 days in Asia/Kathmandu, which needs that calendar's grid, not the group's every: { unit: 'day', zone: 'Asia/Kolkata' }
  write last: { days: 7, zone: 'Asia/Kolkata' }, or every: { unit: 'day', zone: 'Asia/Kathmandu' } for the group`,
  ],
  [
    'no days',
    on(DAYS, "last: { days: 0, zone: 'Asia/Kolkata' }"),
    `definitions.ts:23:30: 'days' of last is 0, which is out of range
  write an integer, 1 or more`,
  ],
  [
    'days before',
    on(DAYS, "last: { days: -1, zone: 'Asia/Kolkata' }"),
    `definitions.ts:23:30: 'days' of last is -1, which is out of range
  write an integer, 1 or more`,
  ],
  [
    'half a month',
    on(MONTHS, "last: { months: 0.5, zone: 'Asia/Kolkata' }"),
    `definitions.ts:23:32: 'months' of last is 0.5, not an integer
  write an integer, 1 or more`,
  ],
  [
    'more than all',
    on(MONTHS, "last: { months: 2000, zone: 'Asia/Kolkata' }"),
    `definitions.ts:23:32: 'months' of last is 2000, more than 130 years
  write lifetime: true, which is all there was, or up to months: 1560`,
  ],
  [
    'one day',
    on(DAYS, "last: { day: 1, zone: 'Asia/Kolkata' } as never"),
    `definitions.ts:23:24: last has no option 'day'
  did you mean 'days'?`,
  ],
  [
    'a unit for a length',
    on(DAYS, "last: { unit: 'day', zone: 'Asia/Kolkata' } as never"),
    `definitions.ts:23:24: 'unit' cannot stand in last
  a length counts units: write days: 1, weeks: 1 or months: 1`,
  ],
  [
    'days and months',
    on(MONTHS, "last: { months: 1, days: 2, zone: 'Asia/Kolkata' } as never"),
    `definitions.ts:23:24: 'last' counts days and months, which are of different lengths
  leave one of them out`,
  ],
  [
    'days of nowhere',
    on(DAYS, 'last: { days: 1 } as never'),
    `definitions.ts:23:22: last needs the option 'zone'
  write zone: 'Asia/Kolkata', or the zone whose days are meant`,
  ],
  [
    'a zone alone',
    on(DAYS, "last: { zone: 'Asia/Kolkata' } as never"),
    `definitions.ts:23:22: last needs the option 'days'
  write days: 30, or weeks or months`,
  ],
];

export const WRONG_RANGES = REFUSED.map(([what, text, told]): Refusal => [what, HEAD + text, told]);
