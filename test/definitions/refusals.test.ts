import { describe, expect, it } from 'vitest';
import { DefinitionError } from '../../src/definitions/definition-error.ts';
import { describeError } from '../../src/errors.ts';
import { defineFeatureGroup, defineSource, field } from '../../src/index.ts';
import { group, HEAD, problemsOf } from './definitions-file.ts';

type Case = readonly [what: string, text: string, at: string, message: RegExp, remedy: RegExp];

const N = "n: count({ last: '1h' }),";
const options = (text: string): string => group(N, text);
const grid = (every: string): string => options(`entity: 'card_id', every: ${every},`);
const OF_GROUPS: readonly Case[] = [
  [
    'an unknown option',
    options("entity: 'card_id', every: '5m', allowedLatenes: '1m',"),
    'allowedLatenes',
    /no option 'allowedLatenes'/,
    /did you mean 'allowedLateness'/,
  ],
  ['a missing option', options("entity: 'card_id',"), '{', /needs the option 'every'/, /write every/],
  [
    'a wrong duration',
    options("entity: 'card_id', every: '5 m',"),
    "'5 m'",
    /'every' of the group is '5 m', not a duration/,
    /'5m'/,
  ],
  [
    'a duration as a number',
    options("entity: 'card_id', every: 300000 as never,"),
    '300000',
    /not a duration/,
    /'5m'/,
  ],
  ['a step of nothing', options("entity: 'card_id', every: '0s',"), "'0s'", /longer than nothing/, /'5m'/],
  [
    'a negative offset',
    options("entity: 'card_id', every: '5m', offset: '-1m',"),
    "'-1m'",
    /cannot be negative/,
    /'5m'/,
  ],
  [
    'a calendar grid without a zone',
    grid("{ unit: 'day' } as never"),
    '{ unit',
    /every needs the option 'zone'/,
    /Asia\/Kolkata/,
  ],
  [
    'a calendar grid without a unit',
    grid("{ zone: 'UTC' } as never"),
    '{ zone',
    /needs the option 'unit'/,
    /'week'/,
  ],
  [
    'a unit in the plural',
    grid("{ unit: 'days' as never, zone: 'UTC' }"),
    "'days'",
    /'unit' of every is 'days', no unit of the calendar/,
    /did you mean 'day'/,
  ],
  [
    'a unit that there is not',
    grid("{ unit: 'year' as never, zone: 'UTC' }"),
    "'year'",
    /no unit/,
    /'day', 'week' or 'month'/,
  ],
  [
    'a misspelt zone',
    grid("{ unit: 'day', zone: 'Asia/Kolkatta' }"),
    "'Asia/Kolkatta'",
    /no time zone/,
    /did you mean 'Asia\/Kolkata'/,
  ],
  [
    'a city for a zone',
    grid("{ unit: 'day', zone: 'Kathmandu' }"),
    "'Kathmandu'",
    /no time zone/,
    /did you mean 'Asia\/Kathmandu'/,
  ],
  ['letters that several zones share', grid("{ unit: 'day', zone: 'IST' }"), "'IST'", /no time zone/, /IANA/],
  ['a zone that is no text', grid("{ unit: 'day', zone: 5 as never }"), '5', /is 5, not a text/, /zone: '…'/],
  [
    'an option that a calendar has not',
    grid("{ unit: 'day', zone: 'UTC', offset: '4h' } as never"),
    'offset',
    /every has no option 'offset'/,
    /'unit', 'zone'/,
  ],
  [
    'an offset beside a calendar',
    options("entity: 'card_id', offset: '4h', every: { unit: 'day', zone: 'UTC' },").replace(
      "'1h'",
      "{ days: 1, zone: 'UTC' }",
    ),
    'offset',
    /'offset' cannot stand beside a calendar/,
    /leave it out/,
  ],
  [
    'an unknown entity field',
    options("entity: 'card' as never, every: '5m',"),
    "'card'",
    /no field 'card'/,
    /did you mean 'card_id'/,
  ],
  [
    'an entity field twice',
    options("entity: ['card_id', 'card_id'], every: '5m',"),
    "'card_id'], ",
    /names 'card_id' twice/,
    /leave one/,
  ],
  [
    'an entity of bytes',
    options("entity: 'photo', every: '5m',"),
    "'photo'",
    /of type bytes/,
    /string, boolean/,
  ],
  [
    'an entity of doubles',
    options("entity: 'price', every: '5m',"),
    "'price'",
    /of type double/,
    /string, boolean/,
  ],
  ['an empty entity', options("entity: [], every: '5m',"), '[]', /'entity' of the group is empty/, /card_id/],
  [
    'another emit',
    options("entity: 'card_id', every: '5m', emit: 'closed' as never,"),
    "'closed'",
    /'emit' of the group is 'closed'/,
    /did you mean 'close'/,
  ],
  [
    'a ttl of nothing',
    options("entity: 'card_id', every: '5m', ttl: '0s',"),
    "'0s'",
    /longer than nothing/,
    /'7d'/,
  ],
  [
    'a range for the group',
    options("entity: 'card_id', every: '5m', last: '1h',"),
    'last',
    /cannot stand in the group/,
    /each feature has its own/,
  ],
  [
    'where that is no condition',
    options("entity: 'card_id', every: '5m', where: (t) => t.amount as never,"),
    '(t) =>',
    /'where' of the group gives an integer/,
    /a condition/,
  ],
  [
    'where that reads the clock',
    options("entity: 'card_id', every: '5m', where: (t) => t.amount > Date.now(),"),
    'Date.now',
    /reads the clock/,
    /time field/,
  ],
  [
    'a version of 0',
    group(N).replace('version: 1', 'version: 0'),
    '0,',
    /'version' of the group is 0/,
    /1 or more/,
  ],
  [
    'a version in text',
    group(N).replace('version: 1', "version: '1' as never"),
    "'1'",
    /'version' of the group is '1'/,
    /1 or more/,
  ],
  [
    'a name with a colon',
    group(N).replace("'cards'", "'my:cards'"),
    "'my:cards'",
    /no safe name/,
    /letters, digits/,
  ],
  [
    'a source that is none',
    group(N).replace('source: transactions', "source: 'transactions' as never"),
    "'transactions'",
    /not a source/,
    /defineSource/,
  ],
];

const feature = (text: string): string => group(text);
const OF_FEATURES: readonly Case[] = [
  ['no features', feature(''), '{', /'features' of the group is empty/, /count/],
  ['two of one name', feature(`${N} ${N}`), 'n: count', /two features are named 'n'/, /rename/],
  [
    'two that differ in case',
    feature(`${N} N: count({ last: '1h' }),`),
    'N: count',
    /upper and lower case/,
    /rename/,
  ],
  [
    'a name like an entity field',
    feature("card_id: count({ last: '1h' }),"),
    'card_id',
    /named like an entity field/,
    /rename/,
  ],
  [
    'a name like a column',
    feature("known_at: count({ last: '1h' }),"),
    'known_at',
    /column that every row has/,
    /taken/,
  ],
  [
    'a name with a point',
    feature("'a.b': count({ last: '1h' }),"),
    "'a.b'",
    /no name for a feature/,
    /letters, digits and _/,
  ],
  ['what is no aggregate', feature('n: 5 as never,'), '5', /is 5, not an aggregate/, /count/],
  [
    'a lambda alone',
    feature('n: ((t) => t.amount) as never,'),
    '((t)'.slice(1),
    /is a function, not an aggregate/,
    /count/,
  ],
  [
    'no options',
    feature('n: count(),'),
    'count()',
    /^count of 'n' needs a range$/,
    /^write last: '24h', since: \{ unit: 'day', zone: 'Asia\/Kolkata' \} or lifetime: true$/,
  ],
  [
    'no range',
    feature('n: count({} as never),'),
    '{}',
    /count of 'n' needs a range/,
    /last: '24h', since: .* or lifetime/,
  ],
  [
    'two ranges',
    feature("n: count({ last: '1h', lifetime: true } as never),"),
    'lifetime',
    /two ranges, 'last' and 'lifetime'/,
    /two features/,
  ],
  [
    'no lifetime',
    feature('n: count({ lifetime: false as never }),'),
    'false',
    /'lifetime' of count of 'n' is false/,
    /lifetime: true/,
  ],
  [
    'a session',
    feature("n: count({ last: '1h', session: '30m' } as never),"),
    'session',
    /^'session' cannot stand in count of 'n'$/,
    /^the gap belongs to the group: write session beside features, in place of every$/,
  ],
  ['a range of nothing', feature("n: count({ last: '0ms' }),"), "'0ms'", /longer than nothing/, /'5m'/],
  [
    'a range shorter than the step',
    feature("n: count({ last: '1m' }),"),
    "'1m'",
    /shorter than the group's every: '5m'/,
    /'5m' or longer/,
  ],
  [
    'an unknown option',
    feature("n: count({ last: '1h', wher: (t) => true } as never),"),
    'wher',
    /no option 'wher'/,
    /did you mean 'where'/,
  ],
  [
    'an option twice',
    feature("n: count({ last: '1h', last: '2h' } as never),"),
    "last: '2h'",
    /stands twice/,
    /leave one/,
  ],
  [
    'a default of another type',
    feature("n: sum((t) => t.amount, { last: '1h', default: '0' as never }),"),
    "'0'",
    /is '0', but the feature is an integer/,
    /default: 0/,
  ],
  [
    'half a default for integers',
    feature("n: sum((t) => t.amount, { last: '1h', default: 0.5 }),"),
    '0.5',
    /the feature is an integer/,
    /default: 0/,
  ],
  [
    'a sum of texts',
    feature("n: sum((t) => t.geo as never, { last: '1h' }),"),
    '(t) => t.geo',
    /sum of 'n' takes number, not a string/,
    /Number\(text\)/,
  ],
  [
    'a sum of booleans',
    feature("n: sum((t) => t.ok as never, { last: '1h' }),"),
    '(t) => t.ok',
    /not a boolean/,
    /\? 1 : 0/,
  ],
  [
    'a rate of numbers',
    feature("n: rate((t) => t.amount as never, { last: '1h' }),"),
    '(t) => t.amount',
    /rate of 'n' takes boolean, not an integer/,
    /a condition/,
  ],
  [
    'a minimum of booleans',
    feature("n: min((t) => t.ok as never, { last: '1h' }),"),
    '(t) => t.ok',
    /takes number or string/,
    /\? 1 : 0/,
  ],
  [
    'the entropy of bytes',
    feature("n: entropy((t) => t.photo as never, { last: '1h' }),"),
    '(t) => t.photo',
    /not bytes/,
    /counted/,
  ],
  [
    'a name in place of a lambda',
    feature("n: rate('ok' as never, { last: '1h' }),"),
    'rate',
    /is 'ok', not a function/,
    /\(t\) => t\.amount/,
  ],
  [
    'where that is no condition',
    feature("n: count({ last: '1h', where: (t) => t.geo as never }),"),
    '(t) => t.geo',
    /gives a string, not a boolean/,
    /a condition/,
  ],
  [
    'a misspelt field',
    feature("n: rate((t: any) => t.statsu === 'failed', { last: '1h' }),"),
    'statsu',
    /no field 'statsu'/,
    /did you mean 'status'/,
  ],
  [
    'an outer variable',
    `const limit = 5;\n${feature("n: rate((t) => t.amount > limit, { last: '1h' }),")}`,
    'limit,',
    /'limit' is an outer variable/,
    /write its value/,
  ],
];

const on = (every: string, range: string): string =>
  group(`n: count({ ${range} }),`, `entity: 'card_id', every: ${every},`);
const DAYS = "{ unit: 'day', zone: 'Asia/Kolkata' }";
const WEEKS = "{ unit: 'week', zone: 'Asia/Kolkata' }";
const MONTHS = "{ unit: 'month', zone: 'Asia/Kolkata' }";
const since = (unit: string, zone: string): string => `since: { unit: '${unit}', zone: '${zone}' }`;

const OF_RANGES: readonly Case[] = [
  [
    "Kolkata's day on full hours",
    on("'1h'", since('day', 'Asia/Kolkata')),
    '{ unit',
    /'since' of count of 'n' has a day that starts at 1970-01-01T18:30Z, .* every: '1h'/,
    /^write every: '30m', or offset: '30m' beside every$/,
  ],
  [
    "Kathmandu's, a quarter of an hour off since 1986",
    on("'1h'", since('day', 'Asia/Kathmandu')),
    '{ unit',
    /starts at 1970-01-01T18:30Z/,
    /^write every: '15m'$/,
  ],
  [
    "Lord Howe's, half an hour of summer time",
    on("'1h'", since('week', 'Australia/Lord_Howe')),
    '{ unit',
    /has a week that starts/,
    /^write every: '30m'$/,
  ],
  [
    "Monrovia's, which was seconds off",
    on("'1m'", since('month', 'Africa/Monrovia')),
    '{ unit',
    /starts at 1970-01-01T00:44:30Z/,
    /^write every: '30s'$/,
  ],
  [
    'steps that no day divides into',
    on("'7m'", since('day', 'UTC')),
    '{ unit',
    /every: '7m'/,
    /^write every: '8m'$/,
  ],
  [
    'an offset',
    on("'1h', offset: '5m'", since('day', 'UTC')),
    '{ unit',
    /every: '1h', offset: '5m'/,
    /^write every: '5m', or offset: '0ms' beside every$/,
  ],
  [
    'steps that are longer than the unit',
    on("'2d'", since('day', 'UTC')),
    '{ unit',
    /starts at 1970-01-02T00:00Z/,
    /^write every: '1d'$/,
  ],
  [
    'a month on weeks',
    on(WEEKS, since('month', 'Asia/Kolkata')),
    '{ unit',
    /has a month that starts at 1970-01-31T18:30Z/,
    /since: { unit: 'week', zone: 'Asia\/Kolkata' }, or every: { unit: 'day', zone: 'Asia\/Kolkata' }/,
  ],
  [
    'a day on months',
    on(MONTHS, since('day', 'Asia/Kolkata')),
    '{ unit',
    /has a day/,
    /since: { unit: 'month', zone: 'Asia\/Kolkata' }, or every: { unit: 'day'/,
  ],
  [
    'a day of another zone',
    on(DAYS, since('day', 'UTC')),
    '{ unit',
    /1970-01-01T00:00Z, .* every: { unit: 'day', zone: 'Asia\/Kolkata' }/,
    /write zone: 'Asia\/Kolkata', the grid's, or every: { unit: 'day', zone: 'UTC' } for the group/,
  ],
  [
    'a misspelt zone',
    on("'5m'", since('day', 'America/New York')),
    "'America/New York'",
    /'zone' of since is 'America\/New York', which is no time zone/,
    /did you mean 'America\/New_York'/,
  ],
  [
    'a misspelt unit',
    on("'5m'", since('mnth', 'UTC')),
    "'mnth'",
    /no unit of the calendar/,
    /did you mean 'month'/,
  ],
  [
    'hours since',
    on("'5m'", since('hour', 'UTC')),
    "'hour'",
    /no unit of the calendar/,
    /'day', 'week' or 'month'/,
  ],
  ['since a text', on("'5m'", "since: 'day' as never"), 'since', /takes an object/, /write {/],
  [
    'a fixed length on days',
    on(DAYS, "last: '7d'"),
    "'7d'",
    /is '7d', a fixed length/,
    /write last: { days: 7, zone: 'Asia\/Kolkata' }/,
  ],
  [
    'a short one',
    on(MONTHS, "last: '24h'"),
    "'24h'",
    /a fixed length/,
    /write last: { months: 1, zone: 'Asia\/Kolkata' }/,
  ],
  [
    'days on a fixed grid',
    on("'5m'", "last: { days: 30, zone: 'UTC' }"),
    '{ days',
    /is 30 days in UTC, which needs that calendar's grid, not the group's every: '5m'/,
    /write last: '30d', or every: { unit: 'day', zone: 'UTC' } for the group/,
  ],
  [
    'a day on a longer fixed grid',
    on("'2d'", "last: { days: 1, zone: 'UTC' }"),
    '{ days',
    /is 1 day in UTC/,
    /write last: '2d'/,
  ],
  [
    'weeks on days',
    on(DAYS, "last: { weeks: 2, zone: 'Asia/Kolkata' }"),
    '{ weeks',
    /is 2 weeks in Asia\/Kolkata/,
    /write last: { days: 14, zone: 'Asia\/Kolkata' }, or every: { unit: 'week'/,
  ],
  [
    'days of another zone',
    on(DAYS, "last: { days: 7, zone: 'Asia/Kathmandu' }"),
    '{ days',
    /is 7 days in Asia\/Kathmandu/,
    /write last: { days: 7, zone: 'Asia\/Kolkata' }, or every: { unit: 'day', zone: 'Asia\/Kathmandu' }/,
  ],
  [
    'no days',
    on(DAYS, "last: { days: 0, zone: 'Asia/Kolkata' }"),
    '0',
    /'days' of last is 0, which is out of range/,
    /1 or more/,
  ],
  [
    'days before',
    on(DAYS, "last: { days: -1, zone: 'Asia/Kolkata' }"),
    '-1',
    /'days' of last is -1/,
    /1 or more/,
  ],
  [
    'half a month',
    on(MONTHS, "last: { months: 0.5, zone: 'Asia/Kolkata' }"),
    '0.5',
    /'months' of last is 0.5, not an integer/,
    /1 or more/,
  ],
  [
    'more than all',
    on(MONTHS, "last: { months: 2000, zone: 'Asia/Kolkata' }"),
    '2000',
    /more than 130 years/,
    /write lifetime: true/,
  ],
  [
    'one day',
    on(DAYS, "last: { day: 1, zone: 'Asia/Kolkata' } as never"),
    'day:',
    /last has no option 'day'/,
    /did you mean 'days'/,
  ],
  [
    'a unit for a length',
    on(DAYS, "last: { unit: 'day', zone: 'Asia/Kolkata' } as never"),
    'unit',
    /'unit' cannot stand in last/,
    /days: 1/,
  ],
  [
    'days and months',
    on(MONTHS, "last: { months: 1, days: 2, zone: 'Asia/Kolkata' } as never"),
    'months: 1',
    /counts days and months/,
    /leave one/,
  ],
  [
    'days of nowhere',
    on(DAYS, 'last: { days: 1 } as never'),
    '{ days',
    /last needs the option 'zone'/,
    /Kolkata/,
  ],
  [
    'a zone alone',
    on(DAYS, "last: { zone: 'Asia/Kolkata' } as never"),
    '{ zone',
    /last needs the option 'days'/,
    /weeks or months/,
  ],
];

const source = (change: (head: string) => string): string => change(HEAD);
const OF_SOURCES: readonly Case[] = [
  [
    'a key that is no field',
    source((head) => head.replace("key: 'card_id'", "key: 'card' as never")),
    "'card'",
    /'key' of the source is 'card'/,
    /did you mean 'card_id'/,
  ],
  [
    'a key of doubles',
    source((head) => head.replace("key: 'card_id'", "key: 'price'")),
    "'price'",
    /field of double/,
    /string, int/,
  ],
  [
    'a name with a slash',
    source((head) => head.replace("name: 'transactions'", "name: 'a/b'")),
    "'a/b'",
    /no safe name/,
    /letters, digits/,
  ],
  [
    'an event time that is no field',
    source((head) => head.replace("field: 'event_ts'", "field: 'event_t' as never")),
    "'event_t'",
    /which the schema has not/,
    /did you mean 'event_ts'/,
  ],
  [
    'an event time of doubles',
    source((head) => head.replace("field: 'event_ts'", "field: 'price'")),
    "'price'",
    /which is no time/,
    /timestampMillis/,
  ],
  [
    'a zone beside an instant',
    source((head) => head.replace("'event_ts' }", "'event_ts', zone: 'UTC' }")),
    "'UTC'",
    /an instant already/,
    /leave the zone out/,
  ],
  [
    'a local time without a zone',
    source((head) => head.replace('field.timestampMillis', 'field.localDateTime')),
    "'event_ts'",
    /no instant without a zone/,
    /zone: 'Asia\/Kolkata'/,
  ],
  [
    'an unknown zone',
    source((head) =>
      head
        .replace('field.timestampMillis', 'field.localDateTime')
        .replace("'event_ts' }", "'event_ts', zone: 'Mars' }"),
    ),
    "'Mars'",
    /no time zone/,
    /IANA/,
  ],
  [
    'what is no field type',
    source((head) => head.replace('field.double', "'double' as never")),
    "'double'",
    /the field 'price' is 'double', not a field type/,
    /field\.double/,
  ],
  [
    'an enum of nothing',
    source((head) => head.replace("'settled', 'failed'", '...([] as never)')),
    'field.enum',
    /lists nothing/,
    /every value once/,
  ],
  [
    'an enum of one value twice',
    source((head) => head.replace("'settled', 'failed'", "'failed', 'failed'")),
    'field.enum',
    /one text twice/,
    /every value once/,
  ],
  [
    'a schema of nothing',
    "import { defineSource } from 'tidemark';\nexport const s = defineSource({ name: 's', schema: {}, eventTime: { field: 'at' as never } });",
    '{}, event',
    /has no field/,
    /declare/,
  ],
  [
    'a field twice',
    source((head) => head.replace('price: field.double,', 'price: field.double, amount: field.int,')),
    'amount: field.int',
    /'amount' stands twice/,
    /leave one/,
  ],
  [
    'an epoch too far',
    source((head) => head.replace("key: 'card_id'", 'epoch: 1024')),
    '1024',
    /'epoch' of the source is 1024/,
    /0 to 1023/,
  ],
  [
    'a writer schema of JSON',
    source((head) => head.replace("key: 'card_id'", "writerSchema: './a.avsc'")),
    "'./a.avsc'",
    /needs values of Avro/,
    /format: 'avro'/,
  ],
  [
    'a field that Avro cannot name',
    source((head) => head.replace("key: 'card_id'", "format: 'avro'").replace('photo:', "'my photo':")),
    "'my photo'",
    /in an Avro record/,
    /letters, digits and _/,
  ],
  [
    'a wrong watermark',
    source((head) => head.replace("key: 'card_id'", "watermark: { maxAhead: '1 minute' }")),
    "'1 minute'",
    /'maxAhead' of watermark is '1 minute'/,
    /'5m'/,
  ],
  [
    'an idle time-out of nothing',
    source((head) => head.replace("key: 'card_id'", "watermark: { idleTimeout: '0s' }")),
    "'0s'",
    /longer than nothing/,
    /'5m'/,
  ],
];

const session = (text: string, feature = 'n: count(),'): string =>
  group(feature, `entity: 'card_id', ${text}`);
const OF_SESSIONS: readonly Case[] = [
  [
    'a step beside the gap',
    session("session: '30m', every: '5m',"),
    "every: '5m'",
    /^'every' cannot stand beside 'session'$/,
    /^leave one of them out: the windows of sessions end where the events do$/,
  ],
  [
    'a calendar beside the gap',
    session("session: '30m', every: { unit: 'day', zone: 'UTC' },"),
    'every: {',
    /^'every' cannot stand beside 'session'$/,
    /^leave one of them out: the windows of sessions end where the events do$/,
  ],
  [
    'an offset beside the gap',
    session("session: '30m', offset: '1m',"),
    "offset: '1m'",
    /^'offset' cannot stand beside 'session'$/,
    /^leave one of them out: the windows of sessions end where the events do$/,
  ],
  [
    'a gap that is no duration',
    session("session: 'half an hour',"),
    "'half an hour'",
    /^'session' of the group is 'half an hour', not a duration$/,
    /^write '250ms', '30s', '5m', '1h30m' or '7d'$/,
  ],
  [
    'a gap of nothing',
    session("session: '0s',"),
    "'0s'",
    /^'session' of the group is '0s', but must be longer than nothing$/,
    /^write '250ms', '30s', '5m', '1h30m' or '7d'$/,
  ],
  [
    'a range',
    session("session: '30m',", "n: count({ last: '1h' }),"),
    'last',
    /^'last' cannot stand in count of 'n'$/,
    /^leave it out: the range is the session$/,
  ],
  [
    'a range since a boundary',
    session("session: '30m',", "n: sum((t) => t.amount, { since: { unit: 'day', zone: 'UTC' } }),"),
    'since',
    /^'since' cannot stand in sum of 'n'$/,
    /^leave it out: the range is the session$/,
  ],
  [
    'a lifetime',
    session("session: '30m',", 'n: count({ lifetime: true }),'),
    'lifetime',
    /^'lifetime' cannot stand in count of 'n'$/,
    /^leave it out: the range is the session$/,
  ],
  [
    'a gap in an aggregate',
    session("session: '30m',", "n: count({ session: '30m' } as never),"),
    'session',
    /^'session' cannot stand in count of 'n'$/,
    /^the gap belongs to the group: write session beside features, in place of every$/,
  ],
  [
    'a default of another type',
    session("session: '30m',", "n: sum((t) => t.amount, { default: '0' as never }),"),
    "'0'",
    /^'default' of sum of 'n' is '0', but the feature is an integer$/,
    /^write default: 0$/,
  ],
  [
    'a limit without sessions',
    session("every: '5m', maxDuration: '2h',", N),
    "maxDuration: '2h'",
    /^'maxDuration' is for session windows$/,
    /^leave it out, or write session: '30m' in place of every$/,
  ],
  [
    'a limit that is no duration',
    session("session: '30m', maxDuration: 7200 as never,"),
    '7200',
    /^'maxDuration' of the group is 7200, not a duration$/,
    /^milliseconds are written '7s200ms'$/,
  ],
  [
    'a limit shorter than the gap',
    session("session: '30m', maxDuration: '29m',"),
    "'29m'",
    /^'maxDuration' of the group is '29m', shorter than the gap of '30m' that ends a session by itself$/,
    /^write '30m' or longer, or a shorter session$/,
  ],
];

async function expectRefused([, text, at, message, remedy]: Case, head: string): Promise<void> {
  const problems = await problemsOf(text, head);
  const found = problems.find((problem) => message.test(problem.message));
  expect(found, `told: ${JSON.stringify(problems)}`).toBeDefined();
  expect(found!.remedy).toMatch(remedy);
  expect(found!.at.startsWith(at), `points at ${found!.at}`).toBe(true);
  expect(problems).toHaveLength(1);
}

describe('a group of sessions is refused for', () => {
  it.each(OF_SESSIONS)('%s', (...given) => expectRefused(given, HEAD));
});

describe('a group is refused for', () => {
  it.each(OF_GROUPS)('%s', (...given) => expectRefused(given, HEAD));
});

describe('features are refused for', () => {
  it.each(OF_FEATURES)('%s', (...given) => expectRefused(given, HEAD));
});

describe('a range is refused for', () => {
  it.each(OF_RANGES)('%s', (...given) => expectRefused(given, HEAD));
});

describe('a source is refused for', () => {
  it.each(OF_SOURCES)('%s', (...given) => expectRefused(given, ''));
});

describe('what is wrong', () => {
  it('is told all at once, in the order of the text', async () => {
    const text = group(
      "a: count({ last: '1x' }),\n b: rate((t) => t.amount > Date.now(), { last: '1h' }),",
      "entity: 'card' as never, every: '5m',",
    );
    const problems = await problemsOf(text, HEAD.replace("key: 'card_id'", 'epoch: -1'));
    expect(problems.map(({ at }) => at.slice(0, 6))).toEqual(['-1,', "'card'", "'1x' }", 'Date.n']);
  });

  it('in a source leaves its groups be, unless the fields are not known', async () => {
    const problems = await problemsOf(group(N), HEAD.replace('schema: {', 'shema: {'));
    expect(problems.map(({ message }) => message)).toEqual([
      "the source needs the option 'schema'",
      "the source has no option 'shema'",
    ]);
  });

  it('is thrown by the call itself where no loader is at work, with the place of the token', () => {
    const define = (): unknown =>
      defineSource({
        name: 'events',
        schema: { at: field.timestampMillis },
        eventTime: { field: 'at' },
        epoch: 2000,
      });
    let thrown: unknown;
    try {
      define();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DefinitionError);
    expect(describeError(thrown)).toMatch(
      /refusals\.test\.ts:\d+:16: 'epoch' of the source is 2000, which is out of range\n {2}write an integer, 0 to 1023/,
    );
  });

  it('is found when options are put together elsewhere', () => {
    const options = {
      name: 'a b',
      schema: { at: field.timestampMillis },
      eventTime: { field: 'at' },
    } as const;
    expect(() => defineSource(options)).toThrow(/'name' of the source is 'a b'/);
    const events = defineSource({ ...options, name: 'events' });
    const wrong = { name: 'g', version: 1, source: events, entity: 'at', every: '1m', features: {} } as const;
    expect(() => defineFeatureGroup(wrong)).toThrow(/'features' of the group is empty/);
  });
});
