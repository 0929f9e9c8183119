import { describe, expect, it } from 'vitest';
import { DefinitionError } from '../../src/definitions/definition-error.ts';
import { describeError } from '../../src/errors.ts';
import { defineFeatureGroup, defineSource, field } from '../../src/index.ts';
import { group, HEAD, problemsOf } from './definitions-file.ts';

type Case = readonly [what: string, text: string, at: string, message: RegExp, remedy: RegExp];

const N = "n: count({ last: '1h' }),";
const options = (text: string): string => group(N, text);
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
    'a calendar grid',
    options("entity: 'card_id', every: { unit: 'day', zone: 'UTC' } as never,"),
    '{ unit',
    /calendar unit/,
    /not built yet.*'1h'/,
  ],
  [
    'a session',
    options("entity: 'card_id', session: '30m',"),
    'session',
    /cannot stand in the group/,
    /not built yet/,
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
  ['no range', feature('n: count({} as never),'), '{}', /needs the option 'last'/, /last: '24h'/],
  ['a range of nothing', feature("n: count({ last: '0ms' }),"), "'0ms'", /longer than nothing/, /'5m'/],
  [
    'a range shorter than the step',
    feature("n: count({ last: '1m' }),"),
    "'1m'",
    /shorter than the group's every: '5m'/,
    /'5m' or longer/,
  ],
  [
    'a calendar range',
    feature("n: count({ last: { days: 1, zone: 'UTC' } } as never),"),
    '{ days',
    /calendar length/,
    /not built yet/,
  ],
  [
    'today so far',
    feature("n: count({ since: { unit: 'day', zone: 'UTC' } } as never),"),
    'since',
    /cannot stand/,
    /calendar ranges are not built yet: .*last: '24h'/,
  ],
  [
    'a lifetime',
    feature('n: count({ lifetime: true } as never),'),
    'lifetime',
    /cannot stand/,
    /not built yet/,
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

async function expectRefused([, text, at, message, remedy]: Case, head: string): Promise<void> {
  const problems = await problemsOf(text, head);
  const found = problems.find((problem) => message.test(problem.message));
  expect(found, `told: ${JSON.stringify(problems)}`).toBeDefined();
  expect(found!.remedy).toMatch(remedy);
  expect(found!.at.startsWith(at), `points at ${found!.at}`).toBe(true);
  expect(problems).toHaveLength(1);
}

describe('a group is refused for', () => {
  it.each(OF_GROUPS)('%s', (...given) => expectRefused(given, HEAD));
});

describe('features are refused for', () => {
  it.each(OF_FEATURES)('%s', (...given) => expectRefused(given, HEAD));
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
      /refusals\.test\.ts:\d+:16: 'epoch' of the source is 2000, not an integer\n {2}write an integer, 0 to 1023/,
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
