import { group, HEAD, ONE_FEATURE } from '../definitions-file.ts';
import type { Refusal } from './refusal.ts';

const options = (text: string): string => group(ONE_FEATURE, text);
const grid = (every: string): string => options(`entity: 'card_id', every: ${every},`);

const REFUSED: readonly Refusal[] = [
  [
    'an unknown option',
    options("entity: 'card_id', every: '5m', allowedLatenes: '1m',"),
    `definitions.ts:21:35: the group has no option 'allowedLatenes'
  did you mean 'allowedLateness'?`,
  ],
  [
    'a missing option',
    options("entity: 'card_id',"),
    `definitions.ts:17:41: the group needs the option 'every'
  write every: '5m', the step of the window ends, or session: '30m' for session windows`,
  ],
  [
    'a wrong duration',
    options("entity: 'card_id', every: '5 m',"),
    `definitions.ts:21:29: 'every' of the group is '5 m', not a duration
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'a duration as a number',
    options("entity: 'card_id', every: 300000 as never,"),
    `definitions.ts:21:29: 'every' of the group is 300000, not a duration
  milliseconds are written '5m'`,
  ],
  [
    'a step of nothing',
    options("entity: 'card_id', every: '0s',"),
    `definitions.ts:21:29: 'every' of the group is '0s', but must be longer than nothing
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'a negative offset',
    options("entity: 'card_id', every: '5m', offset: '-1m',"),
    `definitions.ts:21:43: 'offset' of the group is '-1m', but cannot be negative
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'a calendar grid without a zone',
    grid("{ unit: 'day' } as never"),
    `definitions.ts:21:29: every needs the option 'zone'
  write zone: 'Asia/Kolkata', or the zone whose days are meant`,
  ],
  [
    'a calendar grid without a unit',
    grid("{ zone: 'UTC' } as never"),
    `definitions.ts:21:29: every needs the option 'unit'
  write unit: 'day', 'week' or 'month'`,
  ],
  [
    'a unit in the plural',
    grid("{ unit: 'days' as never, zone: 'UTC' }"),
    `definitions.ts:21:37: 'unit' of every is 'days', no unit of the calendar
  did you mean 'day'?`,
  ],
  [
    'a unit that there is not',
    grid("{ unit: 'year' as never, zone: 'UTC' }"),
    `definitions.ts:21:37: 'unit' of every is 'year', no unit of the calendar
  write 'day', 'week' or 'month'`,
  ],
  [
    'a misspelt zone',
    grid("{ unit: 'day', zone: 'Asia/Kolkatta' }"),
    `definitions.ts:21:50: 'zone' of every is 'Asia/Kolkatta', which is no time zone
  did you mean 'Asia/Kolkata'?`,
  ],
  [
    'a city for a zone',
    grid("{ unit: 'day', zone: 'Kathmandu' }"),
    `definitions.ts:21:50: 'zone' of every is 'Kathmandu', which is no time zone
  did you mean 'Asia/Kathmandu'?`,
  ],
  [
    'letters that several zones share',
    grid("{ unit: 'day', zone: 'IST' }"),
    `definitions.ts:21:50: 'zone' of every is 'IST', which is no time zone
  write an IANA name, like 'Asia/Kolkata' or 'UTC'`,
  ],
  [
    'a zone that is no text',
    grid("{ unit: 'day', zone: 5 as never }"),
    `definitions.ts:21:50: 'zone' of every is 5, not a text
  write zone: '…'`,
  ],
  [
    'an option that a calendar has not',
    grid("{ unit: 'day', zone: 'UTC', offset: '4h' } as never"),
    `definitions.ts:21:57: every has no option 'offset'
  its options are 'unit', 'zone'`,
  ],
  [
    'an offset beside a calendar',
    options("entity: 'card_id', offset: '4h', every: { unit: 'day', zone: 'UTC' },").replace(
      "'1h'",
      "{ days: 1, zone: 'UTC' }",
    ),
    `definitions.ts:21:22: 'offset' cannot stand beside a calendar
  leave it out: windows end where the unit starts; or write every: '1d' beside it`,
  ],
  [
    'an unknown entity field',
    options("entity: 'card' as never, every: '5m',"),
    `definitions.ts:21:11: the source has no field 'card' for the entity
  did you mean 'card_id'?`,
  ],
  [
    'an entity field twice',
    options("entity: ['card_id', 'card_id'], every: '5m',"),
    `definitions.ts:21:23: the entity names 'card_id' twice
  leave one of them out`,
  ],
  [
    'an entity of bytes',
    options("entity: 'photo', every: '5m',"),
    `definitions.ts:21:11: the entity field 'photo' is of type bytes, whose values have no one text to be a key by
  use a string, boolean, integer, enum or time field`,
  ],
  [
    'an entity of doubles',
    options("entity: 'price', every: '5m',"),
    `definitions.ts:21:11: the entity field 'price' is of type double, whose values have no one text to be a key by
  use a string, boolean, integer, enum or time field`,
  ],
  [
    'an empty entity',
    options("entity: [], every: '5m',"),
    `definitions.ts:21:11: 'entity' of the group is empty
  write entity: 'card_id'`,
  ],
  [
    'another emit',
    options("entity: 'card_id', every: '5m', emit: 'closed' as never,"),
    `definitions.ts:21:41: 'emit' of the group is 'closed'
  did you mean 'close'?`,
  ],
  [
    'an entity without state',
    options("entity: 'card_id', every: '5m', maxEntityState: 0,"),
    `definitions.ts:21:51: 'maxEntityState' of the group is 0, which is out of range
  write an integer, 1 or more`,
  ],
  [
    'half a value of state',
    options("entity: 'card_id', every: '5m', maxEntityState: 1.5,"),
    `definitions.ts:21:51: 'maxEntityState' of the group is 1.5, not an integer
  write an integer, 1 or more`,
  ],
  [
    'a ttl of nothing',
    options("entity: 'card_id', every: '5m', ttl: '0s',"),
    `definitions.ts:21:40: 'ttl' of the group is '0s', but must be longer than nothing
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'a range for the group',
    options("entity: 'card_id', every: '5m', last: '1h',"),
    `definitions.ts:21:35: 'last' cannot stand in the group
  each feature has its own range: write count({ last: … })`,
  ],
  [
    'where that is no condition',
    options("entity: 'card_id', every: '5m', where: (t) => t.amount as never,"),
    `definitions.ts:21:42: 'where' of the group gives an integer, not a boolean
  write a condition, like t.amount > 0`,
  ],
  [
    'where that reads the clock',
    options("entity: 'card_id', every: '5m', where: (t) => t.amount > Date.now(),"),
    `definitions.ts:21:60: 'Date.now' reads the clock or the machine's zone
  a row depends on the log alone: use a time field of the record, and a range like last: "1h" for how long ago`,
  ],
  [
    'a version of 0',
    group(ONE_FEATURE).replace('version: 1', 'version: 0'),
    `definitions.ts:19:12: 'version' of the group is 0, which is out of range
  write an integer, 1 or more`,
  ],
  [
    'a version in text',
    group(ONE_FEATURE).replace('version: 1', "version: '1' as never"),
    `definitions.ts:19:12: 'version' of the group is '1', not an integer
  write an integer, 1 or more`,
  ],
  [
    'a name with a colon',
    group(ONE_FEATURE).replace("'cards'", "'my:cards'"),
    `definitions.ts:18:9: 'name' of the group is 'my:cards', which is no safe name
  a name is up to 100 letters, digits, _ and -, starting with a letter`,
  ],
  [
    'a source that is none',
    group(ONE_FEATURE).replace('source: transactions', "source: 'transactions' as never"),
    `definitions.ts:20:11: 'source' of the group is 'transactions', not a source
  give what defineSource gave`,
  ],
  [
    'no group at all',
    'export const cards = (defineFeatureGroup as any)();',
    `definitions.ts:17:23: the group takes an object of options, not undefined
  write { … }
definitions.ts:17:23: the group needs the option 'source'
  write source: transactions, what defineSource gave
definitions.ts:17:23: the group needs the option 'every'
  write every: '5m', the step of the window ends, or session: '30m' for session windows
definitions.ts:17:23: the group needs the option 'entity'
  write entity: 'card_id', the field whose values own a row
definitions.ts:17:23: the group needs the option 'features'
  write features: { txn_count_24h: count({ last: '24h' }) }
definitions.ts:17:23: the group needs the option 'name'
  write name: 'card_risk'
definitions.ts:17:23: the group needs the option 'version'
  write version: 1`,
  ],
  [
    'no source',
    group(ONE_FEATURE).replace('  source: transactions,\n', ''),
    `definitions.ts:17:41: the group needs the option 'source'
  write source: transactions, what defineSource gave`,
  ],
  [
    'a step of null',
    grid('null as never'),
    `definitions.ts:21:29: 'every' of the group is null, not a duration
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'an entity that is no name',
    options("entity: 5 as never, every: '5m',"),
    `definitions.ts:21:11: an entity field is 5, not a name
  write entity: 'card_id'`,
  ],
  [
    'no entity',
    options("every: '5m',"),
    `definitions.ts:17:41: the group needs the option 'entity'
  write entity: 'card_id', the field whose values own a row`,
  ],
  [
    'no name',
    group(ONE_FEATURE).replace("  name: 'cards',\n", ''),
    `definitions.ts:17:41: the group needs the option 'name'
  write name: 'card_risk'`,
  ],
  [
    'no version',
    group(ONE_FEATURE).replace('  version: 1,\n', ''),
    `definitions.ts:17:41: the group needs the option 'version'
  write version: 1`,
  ],
  [
    'an allowed lateness of null',
    options("entity: 'card_id', every: '5m', allowedLateness: null as never,"),
    `definitions.ts:21:52: 'allowedLateness' of the group is null, not a duration
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'where in a text',
    options("entity: 'card_id', every: '5m', where: 't.ok' as never,"),
    `definitions.ts:17:22: 'where' of the group is 't.ok', not a function
  write an arrow function, like (t) => t.amount`,
  ],
  [
    'where that is always so',
    options("entity: 'card_id', every: '5m', where: () => true,"),
    `definitions.ts:21:42: 'where' of the group reads no field, so that it lets all records through or none
  write a condition, like t.amount > 0`,
  ],
  [
    'a name and version twice',
    group(ONE_FEATURE) + group(ONE_FEATURE).replace('const cards', 'const others'),
    `definitions.ts:27:23: version 1 of the group 'cards' is defined twice, first in line 17
  give one of them another name or version`,
  ],
  [
    'a prototype',
    options("entity: 'card_id', every: '5m', __proto__: { emit: 'close' },"),
    `definitions.ts:21:35: the group has a prototype, and what that holds is not read
  write a plain object, { … }, and no __proto__`,
  ],
  [
    'a step of centuries',
    grid("'999999d'"),
    `definitions.ts:21:29: 'every' of the group is '999999d', more than 130 years
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'an allowed lateness that no number holds',
    options("entity: 'card_id', every: '5m', allowedLateness: '999999999999d',"),
    `definitions.ts:21:52: 'allowedLateness' of the group is '999999999999d', more than 130 years
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
];

export const WRONG_GROUPS = REFUSED.map(([what, text, told]): Refusal => [what, HEAD + text, told]);
