import { group, HEAD, ONE_FEATURE } from '../definitions-file.ts';
import type { Refusal } from './refusal.ts';

const own = (parts: string, result: string, use = "n: mine((t) => t.amount, { last: '1h' }),") =>
  `const mine = defineAggregate('mine', ${parts}, ${result}) as any;\n${group(use)}`;
const X = '{ n: count((x: any) => x), s: sum((x: number) => x) }';
const MEAN = '({ n, s }) => s / n';

const REFUSED: readonly Refusal[] = [
  [
    'no name',
    `const mine = (defineAggregate as any)();\n${group(ONE_FEATURE)}`,
    `definitions.ts:17:15: undefined is no name for an aggregate
  a name is up to 100 letters, digits and _, not starting with a digit
definitions.ts:17:15: the parts are undefined
  write { n: count((x: number) => x) }`,
  ],
  [
    'a name with a space',
    own(X, MEAN).replace("'mine'", "'my own'"),
    `definitions.ts:17:30: 'my own' is no name for an aggregate
  a name is up to 100 letters, digits and _, not starting with a digit`,
  ],
  [
    'no parts',
    own('{}', '() => 1'),
    `definitions.ts:17:38: the parts are none
  write { n: count((x: number) => x) }`,
  ],
  [
    'a part that is no aggregate',
    own('{ n: 5 as never }', '({ n }) => n'),
    `definitions.ts:17:43: the part 'n' is 5, not an aggregate
  write an aggregate over the inputs, like sum((x: number) => x)`,
  ],
  [
    'two parts of one name',
    own('{ n: count((x: any) => x), n: sum((x: number) => x) } as never', '({ n }: any) => n'),
    `definitions.ts:17:65: two parts are named 'n'
  rename one of them`,
  ],
  [
    'a range in a part',
    own("{ n: count((x: any) => x, { last: '1h' }) }", '({ n }) => n'),
    `definitions.ts:17:66: 'last' cannot stand in count of 'n'
  leave it out: the range is that of the feature, where it is used`,
  ],
  [
    'a default in a part',
    own('{ n: sum((x: number) => x, { default: 0 }) }', '({ n }) => n'),
    `definitions.ts:17:67: 'default' cannot stand in sum of 'n'
  leave it out, and write value ?? 0 in the result`,
  ],
  [
    'an unknown option in a part',
    own('{ n: sum((x: number) => x, { wher: () => true } as never) }', '({ n }) => n'),
    `definitions.ts:17:67: sum of 'n' has no option 'wher'
  did you mean 'where'?`,
  ],
  [
    'a part that reads the clock',
    own('{ n: sum((x: number) => x + Date.now()) }', '({ n }) => n'),
    `definitions.ts:17:66: 'Date.now' reads the clock or the machine's zone
  a row depends on the log alone: use a time field of the record, and a range like last: "1h" for how long ago`,
  ],
  [
    'a part that reads the record',
    own('{ n: sum((t: any) => t.amount) }', '({ n }) => n'),
    `definitions.ts:17:61: a number has no property 'amount' in a lambda
  only strings have methods here; for numbers use operators and Math`,
  ],
  [
    'a part that reads an outer variable',
    `const limit = 5;\n${own('{ n: count({ where: (x: number) => x > limit }) }', '({ n }) => n')}`,
    `definitions.ts:18:77: 'limit' is an outer variable
  a lambda may read its parameters and constants only: write its value here, in the text`,
  ],
  [
    'a part that takes fields out of its input',
    own('{ n: sum(({ x }: any) => x) }', '({ n }) => n'),
    `definitions.ts:17:48: an object pattern is not allowed as the parameter of a lambda
  name each input by itself: (x) => … or (x, y) => …`,
  ],
  [
    'a part with a rest of inputs',
    own('{ n: sum((...x: number[]) => 5) }', '({ n }) => n'),
    `definitions.ts:17:48: a rest element is not allowed as the parameter of a lambda
  name each input by itself: (x) => … or (x, y) => …`,
  ],
  [
    'three inputs',
    own('{ n: sum(((x: number, y: number, z: number) => x * y * z) as never) }', '({ n }) => n'),
    `definitions.ts:17:14: mine takes 3 inputs, by the parameters of its parts
  an aggregate takes at most 2: put several into one where it is used, like (t) => t.a * t.b`,
  ],
  [
    'a part that does for no type of the input',
    own('{ n: sum((x: any) => Math.abs(x) + x.length) }', '({ n }) => n'),
    `definitions.ts:17:75: a number has no property 'length' in a lambda
  only strings have methods here; for numbers use operators and Math`,
  ],
  [
    'parts that do for no type of the input together',
    own('{ a: sum((x: any) => Math.abs(x)), b: count((x: any) => x.trim()) }', '({ a, b }) => a + b'),
    `definitions.ts:17:96: a number has no method 'trim' in a lambda
  only strings have methods here; for numbers use operators and Math`,
  ],
  [
    'a condition in a part that is none',
    own('{ n: count({ where: (x: any) => x + 1 }) }', '({ n }) => n'),
    `definitions.ts:17:58: 'where' of count of 'n' gives a number, not a boolean
  write a condition, like t.amount > 0`,
  ],
  [
    'a part of too many steps',
    own(`{ n: sum((x: number) => x${' * x'.repeat(300)}) }`, '({ n }) => n'),
    `definitions.ts:17:14: mine has too many steps
  split it into several features`,
  ],
  [
    'no result',
    `const mine = (defineAggregate as any)('mine', ${X});\n${group(ONE_FEATURE)}`,
    `definitions.ts:17:15: the result of mine is undefined, not a function
  write an arrow function, like (t) => t.amount`,
  ],
  [
    'a result that is no lambda',
    own(X, "'s / n' as never"),
    `definitions.ts:17:14: the result of mine is 's / n', not a function
  write an arrow function, like (t) => t.amount`,
  ],
  [
    'a result of a part that there is not',
    own(X, '({ n, t }: any) => t / n'),
    `definitions.ts:17:99: mine has no part 't'
  did you mean 'n'?`,
  ],
  [
    'a result that leaves a part out',
    own(X, '({ s }) => s'),
    `definitions.ts:17:93: the result of mine does not read the part 'n'
  read it, or leave the part out`,
  ],
  [
    'a result of all parts',
    own(X, '(v) => v as never'),
    `definitions.ts:17:100: the record 'v' itself is no value
  read one of its fields, like v.n`,
  ],
  [
    'a result that is random',
    own(X, '({ n, s }) => (s / n) * Math.random()'),
    `definitions.ts:17:117: 'Math.random' is random
  equal records must give equal rows: use a field of the record instead`,
  ],
  [
    'a result that is always null',
    own(X, '() => null'),
    `definitions.ts:17:99: this lambda is always null
  read a field of the record`,
  ],
  [
    'an async result',
    own(X, 'async ({ n, s }: any) => s / n'),
    `definitions.ts:17:93: an async function cannot be a lambda
  write a plain arrow function, like (t) => t.amount > 0`,
  ],
  [
    'arithmetic on a text',
    own('{ l: last((x: string) => x.trim()), n: count() }', '({ l, n }: any) => l * n'),
    `definitions.ts:17:65: a number has no method 'trim' in a lambda
  only strings have methods here; for numbers use operators and Math`,
  ],
  [
    'a use without a range',
    own(X, MEAN, 'n: mine((t) => t.amount, {}),'),
    `definitions.ts:25:30: mine of 'n' needs a range
  write last: '24h', since: { unit: 'day', zone: 'Asia/Kolkata' } or lifetime: true`,
  ],
  [
    'a use with an unknown option',
    own(X, MEAN, "n: mine((t) => t.amount, { last: '1h', wher: 1 }),"),
    `definitions.ts:25:44: mine of 'n' has no option 'wher'
  did you mean 'where'?`,
  ],
  [
    'a use with a misspelt field',
    own(X, MEAN, "n: mine((t) => t.amuont, { last: '1h' }),"),
    `definitions.ts:25:22: the source has no field 'amuont'
  did you mean 'amount'?`,
  ],
  [
    'a use with a text where a number is needed',
    own(X, MEAN, "n: mine((t) => t.geo, { last: '1h' }),"),
    `definitions.ts:25:13: mine of 'n' cannot be made of a string: sum of 's' takes number, not a string (definitions.ts:17:72)
  give it another input, or mend mine: read a field that is a number, or write Number(text)`,
  ],
  [
    'a use with a value that the enum has not',
    own(
      "{ n: count({ where: (x: any) => x === 'fail' }) }",
      '({ n }) => n',
      "n: mine((t) => t.status, { last: '1h' }),",
    ),
    `definitions.ts:25:13: mine of 'n' cannot be made of a string: the enum 'status' has no value 'fail' (definitions.ts:17:70)
  give it another input, or mend mine: did you mean 'failed'?`,
  ],
  [
    'a use with an input too few',
    own('{ n: sum((x: number, y: number) => x * y) }', '({ n }) => n'),
    `definitions.ts:25:8: the second lambda of mine of 'n' is an object, not a function
  write an arrow function, like (t) => t.amount
definitions.ts:25:8: mine of 'n' needs a range
  write last: '24h', since: { unit: 'day', zone: 'Asia/Kolkata' } or lifetime: true`,
  ],
  [
    'a default of another type',
    own(X, MEAN, "n: mine((t) => t.amount, { last: '1h', default: 'none' }),"),
    `definitions.ts:25:53: 'default' of mine of 'n' is 'none', but the feature is a number
  write default: 0`,
  ],
  [
    'a definition in place of its use',
    own(X, MEAN, 'n: mine,'),
    `definitions.ts:25:8: the feature 'n' is a function, not an aggregate
  write an aggregate, like count({ last: '24h' })`,
  ],
];

export const WRONG_OWN_AGGREGATES = REFUSED.map(([what, text, told]): Refusal => [what, HEAD + text, told]);
