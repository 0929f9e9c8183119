import { group, HEAD, ONE_FEATURE } from '../definitions-file.ts';
import type { Refusal } from './refusal.ts';

const REFUSED: readonly Refusal[] = [
  [
    'no features',
    group(''),
    `definitions.ts:23:13: 'features' of the group is empty
  write features: { txn_count_24h: count({ last: '24h' }) }`,
  ],
  [
    'two of one name',
    group(`${ONE_FEATURE} ${ONE_FEATURE}`),
    `definitions.ts:24:31: two features are named 'n'
  rename one of them`,
  ],
  [
    'two that differ in case',
    group(`${ONE_FEATURE} N: count({ last: '1h' }),`),
    `definitions.ts:24:31: 'N' differs from another feature only in upper and lower case, which columns do not tell apart
  rename one of them`,
  ],
  [
    'a name like an entity field',
    group("card_id: count({ last: '1h' }),"),
    `definitions.ts:24:5: the feature 'card_id' is named like an entity field
  rename the feature`,
  ],
  [
    'a name like a column',
    group("known_at: count({ last: '1h' }),"),
    `definitions.ts:24:5: the feature 'known_at' is named like a column that every row has
  rename it; window_end, version, known_at, timing, deleted are taken`,
  ],
  [
    'a name with a point',
    group("'a.b': count({ last: '1h' }),"),
    `definitions.ts:24:5: 'a.b' is no name for a feature
  a name is up to 100 letters, digits and _, not starting with a digit`,
  ],
  [
    'what is no aggregate',
    group('n: 5 as never,'),
    `definitions.ts:24:8: the feature 'n' is 5, not an aggregate
  write an aggregate, like count({ last: '24h' })`,
  ],
  [
    'a lambda alone',
    group('n: ((t) => t.amount) as never,'),
    `definitions.ts:24:9: the feature 'n' is a function, not an aggregate
  write an aggregate, like count({ last: '24h' })`,
  ],
  [
    'no options',
    group('n: count(),'),
    `definitions.ts:24:8: count of 'n' needs a range
  write last: '24h', since: { unit: 'day', zone: 'Asia/Kolkata' } or lifetime: true`,
  ],
  [
    'no range',
    group('n: count({} as never),'),
    `definitions.ts:24:14: count of 'n' needs a range
  write last: '24h', since: { unit: 'day', zone: 'Asia/Kolkata' } or lifetime: true`,
  ],
  [
    'two ranges',
    group("n: count({ last: '1h', lifetime: true } as never),"),
    `definitions.ts:24:28: count of 'n' has two ranges, 'last' and 'lifetime'
  leave one of them out; for both write two features`,
  ],
  [
    'no lifetime',
    group('n: count({ lifetime: false as never }),'),
    `definitions.ts:24:26: 'lifetime' of count of 'n' is false, not true
  write lifetime: true`,
  ],
  [
    'a session',
    group("n: count({ last: '1h', session: '30m' } as never),"),
    `definitions.ts:24:28: 'session' cannot stand in count of 'n'
  the gap belongs to the group: write session beside features, in place of every`,
  ],
  [
    'a range of nothing',
    group("n: count({ last: '0ms' }),"),
    `definitions.ts:24:22: 'last' of count of 'n' is '0ms', but must be longer than nothing
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'a range shorter than the step',
    group("n: count({ last: '1m' }),"),
    `definitions.ts:24:22: 'last' of count of 'n' is '1m', shorter than the group's every: '5m', so some events would be in no window
  write last: '5m' or longer, or a shorter every`,
  ],
  [
    'an unknown option',
    group("n: count({ last: '1h', wher: (t) => true } as never),"),
    `definitions.ts:24:28: count of 'n' has no option 'wher'
  did you mean 'where'?`,
  ],
  [
    'an option twice',
    group("n: count({ last: '1h', last: '2h' } as never),"),
    `definitions.ts:24:28: 'last' stands twice in count of 'n'
  leave one of them out`,
  ],
  [
    'a default of another type',
    group("n: sum((t) => t.amount, { last: '1h', default: '0' as never }),"),
    `definitions.ts:24:52: 'default' of sum of 'n' is '0', but the feature is an integer
  write default: 0`,
  ],
  [
    'half a default for integers',
    group("n: sum((t) => t.amount, { last: '1h', default: 0.5 }),"),
    `definitions.ts:24:52: 'default' of sum of 'n' is 0.5, but the feature is an integer
  write default: 0`,
  ],
  [
    'a sum of texts',
    group("n: sum((t) => t.geo as never, { last: '1h' }),"),
    `definitions.ts:24:12: sum of 'n' takes number, not a string
  read a field that is a number, or write Number(text)`,
  ],
  [
    'a sum of booleans',
    group("n: sum((t) => t.ok as never, { last: '1h' }),"),
    `definitions.ts:24:12: sum of 'n' takes number, not a boolean
  write condition ? 1 : 0, or rate((t) => condition, …)`,
  ],
  [
    'a rate of numbers',
    group("n: rate((t) => t.amount as never, { last: '1h' }),"),
    `definitions.ts:24:13: rate of 'n' takes boolean, not an integer
  write a condition, like (t) => t.status === 'failed'`,
  ],
  [
    'a minimum of booleans',
    group("n: min((t) => t.ok as never, { last: '1h' }),"),
    `definitions.ts:24:12: min of 'n' takes number or string, not a boolean
  write condition ? 1 : 0, or rate((t) => condition, …)`,
  ],
  [
    'the entropy of bytes',
    group("n: entropy((t) => t.photo as never, { last: '1h' }),"),
    `definitions.ts:24:16: entropy of 'n' takes number or string or boolean, not bytes
  bytes can only be tested for null or counted: count((t) => t.field, …)`,
  ],
  [
    'a name in place of a lambda',
    group("n: rate('ok' as never, { last: '1h' }),"),
    `definitions.ts:24:8: the lambda of rate of 'n' is 'ok', not a function
  write an arrow function, like (t) => t.amount`,
  ],
  [
    'where that is no condition',
    group("n: count({ last: '1h', where: (t) => t.geo as never }),"),
    `definitions.ts:24:35: 'where' of count of 'n' gives a string, not a boolean
  write a condition, like t.amount > 0`,
  ],
  [
    'a misspelt field',
    group("n: rate((t: any) => t.statsu === 'failed', { last: '1h' }),"),
    `definitions.ts:24:27: the source has no field 'statsu'
  did you mean 'status'?`,
  ],
  [
    'an outer variable',
    `const limit = 5;\n${group("n: rate((t) => t.amount > limit, { last: '1h' }),")}`,
    `definitions.ts:25:31: 'limit' is an outer variable
  a lambda may read its parameters and constants only: write its value here, in the text`,
  ],
  [
    'a list of features',
    group('').replace('features: {', 'features: [').replace('  },\n});', '  ] as never,\n});'),
    `definitions.ts:23:3: features takes an object of options, not a list
  write { … }`,
  ],
  [
    'no feature where one is named',
    group('n: undefined as never,'),
    `definitions.ts:24:8: the feature 'n' is undefined, not an aggregate
  write an aggregate, like count({ last: '24h' })`,
  ],
  [
    'an empty name',
    group("'': count({ last: '1h' }),"),
    `definitions.ts:24:5: '' is no name for a feature
  a name is up to 100 letters, digits and _, not starting with a digit`,
  ],
  [
    'a name that starts with a digit',
    group("'7d': count({ last: '1h' }),"),
    `definitions.ts:24:5: '7d' is no name for a feature
  a name is up to 100 letters, digits and _, not starting with a digit`,
  ],
  [
    'options that are no object',
    group("n: count((t) => t.geo, '1h' as never),"),
    `definitions.ts:24:8: count of 'n' takes an object of options, not '1h'
  write { … }
definitions.ts:24:8: count of 'n' needs a range
  write last: '24h', since: { unit: 'day', zone: 'Asia/Kolkata' } or lifetime: true`,
  ],
  [
    'a lambda and no options',
    group('n: sum((t) => t.amount),'),
    `definitions.ts:24:8: sum of 'n' needs a range
  write last: '24h', since: { unit: 'day', zone: 'Asia/Kolkata' } or lifetime: true`,
  ],
  [
    'an argument too many',
    group("n: (count as any)((t) => t.geo, { last: '1h' }, { last: '2h' }),"),
    `definitions.ts:24:53: count of 'n' has an argument too many
  leave it out`,
  ],
  [
    'a duration in weeks',
    group("n: count({ last: '1w' }),"),
    `definitions.ts:24:22: 'last' of count of 'n' is '1w', not a duration
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'half an hour with a point',
    group("n: count({ last: '0.5h' }),"),
    `definitions.ts:24:22: 'last' of count of 'n' is '0.5h', not a duration
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'a range of null',
    group('n: count({ last: null as never }),'),
    `definitions.ts:24:22: 'last' of count of 'n' is null, not a duration
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'since and last',
    group("n: count({ last: '1h', since: { unit: 'day', zone: 'UTC' } } as never),"),
    `definitions.ts:24:28: count of 'n' has two ranges, 'last' and 'since'
  leave one of them out; for both write two features`,
  ],
  [
    'a grid of its own',
    group("n: count({ last: '1h', every: '1m' } as never),"),
    `definitions.ts:24:28: 'every' cannot stand in count of 'n'
  the grid belongs to the group: write every beside features`,
  ],
  [
    'a default that is no number',
    group("n: avg((t) => t.amount, { last: '1h', default: NaN }),"),
    `definitions.ts:24:52: 'default' of avg of 'n' is NaN, but the feature is a number
  write default: 0`,
  ],
  [
    'a default beyond 2^53−1',
    group("n: sum((t) => t.amount, { last: '1h', default: 2 ** 53 }),"),
    `definitions.ts:24:52: 'default' of sum of 'n' is 9007199254740992, but the feature is an integer
  write default: 0`,
  ],
  [
    'a default of a count',
    group("n: count({ last: '1h', default: 1 }),"),
    `definitions.ts:24:37: 'default' of count of 'n' has nothing to replace: of no values this is 0, never null
  leave it out`,
  ],
  [
    'a default of another type for a text',
    group("n: last((t) => t.status, { last: '1h', default: 0 }),"),
    `definitions.ts:24:53: 'default' of last of 'n' is 0, but the feature is a string
  write a string`,
  ],
  [
    'where that never is',
    group("n: count({ last: '1h', where: () => false }),"),
    `definitions.ts:24:35: 'where' of count of 'n' reads no field, so that it lets all records through or none
  write a condition, like t.amount > 0`,
  ],
  [
    'a function from elsewhere',
    group("n: sum(Number as never, { last: '1h' }),"),
    `definitions.ts:24:8: the text of this function cannot be read
  write an arrow function over the record here, like (t) => t.amount > 0`,
  ],
  [
    'a lambda of too many steps',
    group(`n: sum((t) => t.amount${' * t.amount'.repeat(300)}, { last: '1h' }),`),
    `definitions.ts:24:12: sum of 'n' has too many steps
  split it into several features`,
  ],
  [
    'a correlation of one input',
    group("n: (correlation as any)((t) => t.amount, { last: '1h' }),"),
    `definitions.ts:24:9: the second lambda of correlation of 'n' is an object, not a function
  write an arrow function, like (t) => t.amount
definitions.ts:24:9: correlation of 'n' needs a range
  write last: '24h', since: { unit: 'day', zone: 'Asia/Kolkata' } or lifetime: true`,
  ],
  [
    'a second lambda of another type',
    group("n: correlation((t) => t.amount, (t) => t.geo as never, { last: '1h' }),"),
    `definitions.ts:24:37: correlation of 'n' takes number, not a string
  read a field that is a number, or write Number(text)`,
  ],
];

export const WRONG_FEATURES = REFUSED.map(([what, text, told]): Refusal => [what, HEAD + text, told]);
