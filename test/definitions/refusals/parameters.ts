import { group, HEAD } from '../definitions-file.ts';
import type { Refusal } from './refusal.ts';

const own = (parts: string, result: string, use = "n: mine((t) => t.amount, { last: '1h' }),") =>
  `const mine = defineAggregate('mine', ${parts}, ${result}) as any;\n${group(use)}`;

const REFUSED: readonly Refusal[] = [
  [
    'no n',
    group("v: lastN((t) => t.amount, { last: '1h' } as never),"),
    `definitions.ts:24:31: lastN of 'v' needs the option 'n'
  write n: 3`,
  ],
  [
    'an n of 0',
    group("v: firstN((t) => t.amount, { last: '1h', n: 0 }),"),
    `definitions.ts:24:49: 'n' of firstN of 'v' is 0, which is out of range
  write an integer, 1 to 1000`,
  ],
  [
    'half an n',
    group("v: minN((t) => t.amount, { last: '1h', n: 2.5 }),"),
    `definitions.ts:24:47: 'n' of minN of 'v' is 2.5, not an integer
  write an integer, 1 to 1000`,
  ],
  [
    'an n in a text',
    group("v: maxN((t) => t.amount, { last: '1h', n: '3' as never }),"),
    `definitions.ts:24:47: 'n' of maxN of 'v' is '3', not an integer
  write an integer, 1 to 1000`,
  ],
  [
    'too great an n',
    group("v: firstDistinctN((t) => t.geo, { last: '1h', n: 1001 }),"),
    `definitions.ts:24:54: 'n' of firstDistinctN of 'v' is 1001, which is out of range
  write an integer, 1 to 1000`,
  ],
  [
    'no k',
    group("v: topK((t) => t.geo, { last: '1h' } as never),"),
    `definitions.ts:24:27: topK of 'v' needs the option 'k'
  write k: 3`,
  ],
  [
    'a negative k',
    group("v: topK((t) => t.geo, { last: '1h', k: -1 }),"),
    `definitions.ts:24:44: 'k' of topK of 'v' is -1, which is out of range
  write an integer, 1 to 1000`,
  ],
  [
    'n where it is k',
    group("v: topK((t) => t.geo, { last: '1h', n: 3 } as never),"),
    `definitions.ts:24:27: topK of 'v' needs the option 'k'
  write k: 3
definitions.ts:24:41: topK of 'v' has no option 'n'
  did you mean 'k'?`,
  ],
  [
    'a top k of sums of texts',
    group("v: topKBySum((t) => t.geo, (t) => t.status as never, { last: '1h', k: 3 }),"),
    `definitions.ts:24:32: topKBySum of 'v' takes number, not a string
  read a field that is a number, or write Number(text)`,
  ],
  [
    'a top k by sum of one lambda',
    group("v: (topKBySum as any)((t) => t.geo, { last: '1h', k: 3 }),"),
    `definitions.ts:24:9: the second lambda of topKBySum of 'v' is an object, not a function
  write an arrow function, like (t) => t.amount
definitions.ts:24:9: topKBySum of 'v' needs the option 'k'
  write k: 3
definitions.ts:24:9: topKBySum of 'v' needs a range
  write last: '24h', since: { unit: 'day', zone: 'Asia/Kolkata' } or lifetime: true`,
  ],
  [
    'no limit',
    group("v: distinctValues((t) => t.geo, { last: '1h' } as never),"),
    `definitions.ts:24:37: distinctValues of 'v' needs the option 'limit'
  write limit: 3`,
  ],
  [
    'no edges',
    group("v: histogram((t) => t.amount, { last: '1h' } as never),"),
    `definitions.ts:24:35: histogram of 'v' needs the option 'edges'
  write edges: [0, 10, 100], each greater than the one before`,
  ],
  [
    'edges of nothing',
    group("v: histogram((t) => t.amount, { last: '1h', edges: [] }),"),
    `definitions.ts:24:56: 'edges' of histogram of 'v' is not a list of rising numbers
  write edges: [0, 10, 100], each greater than the one before`,
  ],
  [
    'edges that do not rise',
    group("v: histogram((t) => t.amount, { last: '1h', edges: [0, 10, 10] }),"),
    `definitions.ts:24:56: 'edges' of histogram of 'v' is not a list of rising numbers
  write edges: [0, 10, 100], each greater than the one before`,
  ],
  [
    'an edge that is no number',
    group("v: histogram((t) => t.amount, { last: '1h', edges: [0, '10'] as never }),"),
    `definitions.ts:24:56: 'edges' of histogram of 'v' is not a list of rising numbers
  write edges: [0, 10, 100], each greater than the one before`,
  ],
  [
    'one edge that is no list',
    group("v: histogram((t) => t.amount, { last: '1h', edges: 10 as never }),"),
    `definitions.ts:24:56: 'edges' of histogram of 'v' is not a list of rising numbers
  write edges: [0, 10, 100], each greater than the one before`,
  ],
  [
    'an infinite edge',
    group("v: histogram((t) => t.amount, { last: '1h', edges: [0, Infinity] }),"),
    `definitions.ts:24:56: 'edges' of histogram of 'v' is not a list of rising numbers
  write edges: [0, 10, 100], each greater than the one before`,
  ],
  [
    'no p',
    group("v: approxPercentile((t) => t.amount, { last: '1h' } as never),"),
    `definitions.ts:24:42: approxPercentile of 'v' needs the option 'p'
  write p: 0.5`,
  ],
  [
    'a p beyond 1',
    group("v: approxPercentile((t) => t.amount, { last: '1h', p: 2 }),"),
    `definitions.ts:24:59: 'p' of approxPercentile of 'v' is 2, not a number from 0 to 1
  write p: 0.5`,
  ],
  [
    'a p in percent',
    group("v: approxPercentile((t) => t.amount, { last: '1h', p: '95%' as never }),"),
    `definitions.ts:24:59: 'p' of approxPercentile of 'v' is '95%', not a number from 0 to 1
  write p: 0.5`,
  ],
  [
    'a p of null',
    group("v: approxPercentile((t) => t.amount, { last: '1h', p: null as never }),"),
    `definitions.ts:24:59: 'p' of approxPercentile of 'v' is null, not a number from 0 to 1
  write p: 0.5`,
  ],
  [
    'a p of NaN',
    group("v: approxPercentile((t) => t.amount, { last: '1h', p: NaN }),"),
    `definitions.ts:24:59: 'p' of approxPercentile of 'v' is NaN, not a number from 0 to 1
  write p: 0.5`,
  ],
  [
    'an error of nothing',
    group("v: approxPercentile((t) => t.amount, { last: '1h', p: 0.5, relativeError: 0 }),"),
    `definitions.ts:24:79: 'relativeError' of approxPercentile of 'v' is 0, not a number from 0.000001 to 0.5
  write relativeError: 0.01`,
  ],
  [
    'a percentile of texts',
    group("v: approxPercentile((t) => t.geo as never, { last: '1h', p: 0.5 }),"),
    `definitions.ts:24:25: approxPercentile of 'v' takes number, not a string
  read a field that is a number, or write Number(text)`,
  ],
  [
    'too fine a precision',
    group("v: approxDistinctCount((t) => t.geo, { last: '1h', precision: 20 }),"),
    `definitions.ts:24:67: 'precision' of approxDistinctCount of 'v' is 20, which is out of range
  write an integer, 4 to 18`,
  ],
  [
    'a default of an approximate count',
    group("v: approxDistinctCount((t) => t.geo, { last: '1h', default: 3 }),"),
    `definitions.ts:24:65: 'default' of approxDistinctCount of 'v' has nothing to replace: of no values this is 0, never null
  leave it out`,
  ],
  [
    'a default of a list',
    group("v: topK((t) => t.geo, { last: '1h', k: 3, default: [] } as never),"),
    `definitions.ts:24:56: 'default' of topK of 'v' has nothing to replace: of no values this is an empty list or map, never null
  leave it out`,
  ],
  [
    'a default of a map',
    group("v: countBy((t) => t.geo, { last: '1h', default: 0 } as never),"),
    `definitions.ts:24:53: 'default' of countBy of 'v' has nothing to replace: of no values this is an empty list or map, never null
  leave it out`,
  ],
  [
    'a misspelt option',
    group("v: approxPercentile((t) => t.amount, { last: '1h', p: 0.5, relativeErr: 0.1 } as never),"),
    `definitions.ts:24:64: approxPercentile of 'v' has no option 'relativeErr'
  did you mean 'relativeError'?`,
  ],
  [
    'an option of another aggregate',
    group("v: sum((t) => t.amount, { last: '1h', n: 3 } as never),"),
    `definitions.ts:24:43: sum of 'v' has no option 'n'
  its options are 'last', 'since', 'lifetime', 'default', 'where'`,
  ],
  [
    'a list as a part',
    own(
      '{ top: topK((x: string) => x, { k: 3 }) as never }',
      '({ top }: any) => top',
      "v: mine((t) => t.geo, { last: '1h' }),",
    ),
    `definitions.ts:17:45: the part 'top' is a list<number>, and a result is made of single values
  make topK a feature of its own`,
  ],
  [
    'a map as a part',
    own(
      '{ n: countBy((x: string) => x) as never }',
      '({ n }: any) => n',
      "v: mine((t) => t.geo, { last: '1h' }),",
    ),
    `definitions.ts:17:43: the part 'n' is a map<number, integer>, and a result is made of single values
  make countBy a feature of its own`,
  ],
  [
    'a part without its n',
    own('{ p: approxPercentile((x: number) => x, {} as never) }', '({ p }) => p'),
    `definitions.ts:17:78: approxPercentile of 'p' needs the option 'p'
  write p: 0.5`,
  ],
  [
    'no half-life',
    group("v: decayedCount({ last: '1h' } as never),"),
    `definitions.ts:24:21: decayedCount of 'v' needs the option 'halfLife'
  write halfLife: '1h'`,
  ],
  [
    'a half-life of nothing',
    group("v: decayedSum((t) => t.amount, { last: '1h', halfLife: '0s' }),"),
    `definitions.ts:24:60: 'halfLife' of decayedSum of 'v' is '0s', but must be longer than nothing
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'a half-life in milliseconds',
    group("v: decayedSum((t) => t.amount, { last: '1h', halfLife: 60000 as never }),"),
    `definitions.ts:24:60: 'halfLife' of decayedSum of 'v' is 60000, not a duration
  milliseconds are written '1m'`,
  ],
  [
    'a range of too many half-lives',
    group("v: decayedSum((t) => t.amount, { last: '7d', halfLife: '10m' }),"),
    `definitions.ts:24:60: 'halfLife' of decayedSum of 'v' is '10m', so that it looks back over 1000 times that, but the range is up to '7d' long
  write halfLife: '10m4s800ms' or longer, or last: '6d22h40m' or shorter`,
  ],
  [
    'a half-life and a lifetime',
    group("v: decayedCount({ lifetime: true, halfLife: '1d' }),"),
    `definitions.ts:24:49: 'halfLife' of decayedCount of 'v' is '1d', so that it looks back over 1000 times that, but the range has no end
  write last: '1000d'`,
  ],
  [
    'a half-life too short for a month',
    group("v: decayedCount({ since: { unit: 'month', zone: 'UTC' }, halfLife: '1m' }),"),
    `definitions.ts:24:72: 'halfLife' of decayedCount of 'v' is '1m', so that it looks back over 1000 times that, but the range is up to '31d' long
  write halfLife: '44m38s400ms' or longer`,
  ],
  [
    'a half-life in sessions of any length',
    group("v: decayedCount({ halfLife: '1h' }),", "entity: 'card_id', session: '30m',"),
    `definitions.ts:23:33: 'halfLife' of decayedCount of 'v' is '1h', so that it looks back over 1000 times that, but the range has no end
  write maxDuration: '41d16h' beside session`,
  ],
  [
    'a half-life too short for the sessions',
    group("v: decayedCount({ halfLife: '1s' }),", "entity: 'card_id', session: '30m', maxDuration: '2h',"),
    `definitions.ts:23:33: 'halfLife' of decayedCount of 'v' is '1s', so that it looks back over 1000 times that, but the range is up to '2h' long
  write halfLife: '7s200ms' or longer`,
  ],
  [
    'a decayed sum of texts',
    group("v: decayedSum((t) => t.geo as never, { last: '1h', halfLife: '1m' }),"),
    `definitions.ts:24:19: decayedSum of 'v' takes number, not a string
  read a field that is a number, or write Number(text)`,
  ],
  [
    'a part whose half-life is too short for the range',
    own(
      "{ s: decayedSum((x: number) => x, { halfLife: '10m' }) }",
      '({ s }) => s',
      "v: mine((t) => t.amount, { last: '7d' }),",
    ),
    `definitions.ts:25:30: 'halfLife' of decayedSum in mine of 'v' is '10m', so that it looks back over 1000 times that, but the range is up to '7d' long
  write halfLife: '10m4s800ms' or longer, or last: '6d22h40m' or shorter`,
  ],
  [
    'a default of a time since the last',
    group("v: timeSinceLast({ last: '1h', default: '0' as never }),"),
    `definitions.ts:24:45: 'default' of timeSinceLast of 'v' is '0', but the feature is an integer
  write default: 0`,
  ],
];

export const WRONG_PARAMETERS = REFUSED.map(([what, text, told]): Refusal => [what, HEAD + text, told]);
