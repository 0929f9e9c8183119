import type { Refusal } from './refusal.ts';

/** A definitions file with one feature, the first of what a lambda gives; the lambda stands in line 23. */
function definitionWith(lambda: string): string {
  return `import { defineFeatureGroup, defineSource, field, first } from 'tidemark';
export const records = defineSource({
  name: 'records',
  schema: {
    i: field.int,
    d: field.double,
    s: field.string,
    b: field.boolean,
    e: field.enum('red', 'green', 'blue'),
    bytes: field.nullable(field.bytes),
    'odd name': field.int,
    ts: field.timestampMillis,
  },
  eventTime: { field: 'ts' },
});
export const group = defineFeatureGroup({
  name: 'group',
  version: 1,
  source: records,
  entity: 's',
  every: '5m',
  features: {
    f: first((${lambda}) as never, { last: '1h' }),
  },
});
`;
}

const REFUSED: readonly (readonly [lambda: string, told: string])[] = [
  [
    '(t) => Date.now() > t.i',
    `definitions.ts:23:22: 'Date.now' reads the clock or the machine's zone
  a row depends on the log alone: use a time field of the record, and a range like last: "1h" for how long ago`,
  ],
  [
    '(t) => new Date(t.ts) > 5',
    `definitions.ts:23:22: 'new Date' reads the clock or the machine's zone
  a row depends on the log alone: use a time field of the record, and a range like last: "1h" for how long ago`,
  ],
  [
    '(t) => Math.random() > 0.5',
    `definitions.ts:23:22: 'Math.random' is random
  equal records must give equal rows: use a field of the record instead`,
  ],
  [
    '(t) => t.i > limit',
    `definitions.ts:23:28: 'limit' is an outer variable
  a lambda may read its parameters and constants only: write its value here, in the text`,
  ],
  [
    '(t) => convert(t.i)',
    `definitions.ts:23:22: 'convert' is an outer variable
  a lambda may read its parameters and constants only: write its value here, in the text`,
  ],
  [
    "(t) => process.env.X === 'a'",
    `definitions.ts:23:22: 'process.env' is outside of the lambda
  a lambda may read its parameters and constants, nothing else`,
  ],
  [
    '(t) => this.x',
    `definitions.ts:23:22: 'this' is not allowed in a lambda
  a lambda is one expression over the fields of the record and constants`,
  ],
  [
    '(t) => (t.i = 5)',
    `definitions.ts:23:23: an assignment is not allowed in a lambda
  a lambda is one expression over the fields of the record and constants`,
  ],
  [
    '(t) => t.i++',
    `definitions.ts:23:22: an assignment (++ or --) is not allowed in a lambda
  a lambda is one expression over the fields of the record and constants`,
  ],
  [
    '(t) => await t.i',
    `definitions.ts:23:22: the file is no valid JavaScript or TypeScript: await isn't allowed in non-async function
  mend the syntax`,
  ],
  [
    '(t) => t.amuont',
    `definitions.ts:23:24: the source has no field 'amuont'
  there are 'i', 'd', 's', 'b', 'e', 'bytes', 'odd name', 'ts'`,
  ],
  [
    "(t) => t['ods name']",
    `definitions.ts:23:24: the source has no field 'ods name'
  did you mean 'odd name'?`,
  ],
  [
    '(t) => t',
    `definitions.ts:23:22: the record 't' itself is no value
  read one of its fields, like t.i`,
  ],
  [
    '(t) => t.i.toFixed(2)',
    `definitions.ts:23:26: an integer has no method 'toFixed' in a lambda
  write Math.round(x * 100) / 100, or String(x)`,
  ],
  [
    '(t) => t.s.toLocaleLowerCase()',
    `definitions.ts:23:26: a string has no method 'toLocaleLowerCase' in a lambda
  no locale of a machine may matter: write toLowerCase()`,
  ],
  [
    '(t) => t.s.trimm()',
    `definitions.ts:23:26: a string has no method 'trimm' in a lambda
  did you mean 'trim'?`,
  ],
  [
    '(t) => t.s.trim',
    `definitions.ts:23:26: '.trim' is a method
  call it: .trim(…)`,
  ],
  [
    '(t) => t.s.trim?.(5)',
    `definitions.ts:23:22: '.trim' is called with 1 argument(s)
  it takes 0`,
  ],
  [
    '(t) => /x/.test(t.s)',
    `definitions.ts:23:22: a regular expression is not allowed in a lambda
  use startsWith, endsWith, includes, indexOf or slice`,
  ],
  [
    '(t) => t.s.match("x")',
    `definitions.ts:23:26: a string has no method 'match' in a lambda
  regular expressions are not allowed: use startsWith, endsWith, includes, indexOf or slice`,
  ],
  [
    '(t) => t.s.replace(/a/, "b")',
    `definitions.ts:23:34: a regular expression is not allowed in a lambda
  use startsWith, endsWith, includes, indexOf or slice`,
  ],
  [
    '(t) => Math.sin(t.d)',
    `definitions.ts:23:27: 'Math.sin' is not on the list of functions
  did you mean 'min'?`,
  ],
  [
    '(t) => Math.abs(t.s)',
    `definitions.ts:23:31: an argument of 'Math.abs' is a string, not a number
  write Number(text)`,
  ],
  [
    '(t) => Math.abs()',
    `definitions.ts:23:22: 'Math.abs' is called with 0 argument(s)
  it takes 1`,
  ],
  [
    '(t) => Math.max()',
    `definitions.ts:23:22: 'Math.max' is called with 0 argument(s)
  it takes 1 or more`,
  ],
  [
    '(t) => t.s.padStart(t.i)',
    `definitions.ts:23:35: the length in '.padStart' is no constant between 0 and 1000
  write the length as a number`,
  ],
  [
    '(t) => parseInt(t.s)',
    `definitions.ts:23:22: 'parseInt' is not on the list of functions
  write Math.trunc(Number(text))`,
  ],
  [
    '(t) => JSON.stringify(t)',
    `definitions.ts:23:22: 'JSON.stringify' is not on the list of functions
  the conversions are Number(x) and String(x); the rest are string methods and Math functions`,
  ],
  [
    '(t) => t.i + t.s',
    `definitions.ts:23:22: '+' stands between an integer and a string
  turn the other side into a string with String(…), or the string into a number with Number(…)`,
  ],
  [
    '(t) => t.s * 2',
    `definitions.ts:23:22: the left side of * is a string, not a number
  write Number(text)`,
  ],
  [
    '(t) => -t.b',
    `definitions.ts:23:23: the operand of unary - is a boolean, not a number
  write condition ? 1 : 0`,
  ],
  [
    '(t) => t.i && t.b',
    `definitions.ts:23:22: the left side of && is an integer, not a boolean
  compare it, like t.amount !== 0; a null is tested with === null and replaced with ??`,
  ],
  [
    "(t) => t.s || 'x'",
    `definitions.ts:23:22: the left side of || is a string, not a boolean
  compare it, like t.amount !== 0; a null is tested with === null and replaced with ??`,
  ],
  [
    '(t) => !t.i',
    `definitions.ts:23:23: the operand of ! is an integer, not a boolean
  compare it, like t.amount !== 0; a null is tested with === null and replaced with ??`,
  ],
  [
    '(t) => t.i ? 1 : 2',
    `definitions.ts:23:22: the condition of ?: is an integer, not a boolean
  compare it, like t.amount !== 0; a null is tested with === null and replaced with ??`,
  ],
  [
    "(t) => t.b ? 1 : 'x'",
    `definitions.ts:23:22: ?: chooses between an integer and a string
  both must have one type, or be null`,
  ],
  [
    "(t) => t.i === '5'",
    `definitions.ts:23:22: an integer is compared with a string
  both sides must have one type; convert one with String(…) or Number(…)`,
  ],
  [
    "(t) => t.i == '5'",
    `definitions.ts:23:22: an integer is compared with a string
  both sides must have one type; convert one with String(…) or Number(…)`,
  ],
  [
    '(t) => t.b < true',
    `definitions.ts:23:22: '<' does not order a boolean
  booleans are compared with ===, nulls are tested with === null`,
  ],
  [
    "(t) => t.e === 'rde'",
    `definitions.ts:23:22: the enum 'e' has no value 'rde'
  did you mean 'red'?`,
  ],
  [
    "(t) => 'Red' === t.e",
    `definitions.ts:23:22: the enum 'e' has no value 'Red'
  did you mean 'red'?`,
  ],
  [
    "(t) => ['red', 'pink'].includes(t.e)",
    `definitions.ts:23:30: the enum 'e' has no value 'pink'
  there are 'red', 'green', 'blue'`,
  ],
  [
    "(t) => t.e > 'pink'",
    `definitions.ts:23:22: the enum 'e' has no value 'pink'
  there are 'red', 'green', 'blue'`,
  ],
  [
    '(t) => [t.i].includes(1)',
    `definitions.ts:23:23: a list holds constants only, and not null
  write the values themselves; null is tested with === null`,
  ],
  [
    '(t) => [1, null].includes(t.i)',
    `definitions.ts:23:26: a list holds constants only, and not null
  write the values themselves; null is tested with === null`,
  ],
  [
    '(t) => [].includes(t.i)',
    `definitions.ts:23:22: this list is empty, so nothing is in it
  list the values`,
  ],
  [
    '(t) => [1, 2].indexOf(t.i)',
    `definitions.ts:23:29: a list can only be asked '.includes(x)', with one argument
  write ['a', 'b'].includes(t.field)`,
  ],
  [
    '(t) => [1, 2]',
    `definitions.ts:23:22: a list (but for [...].includes(x)) is not allowed in a lambda
  a lambda is one expression over the fields of the record and constants`,
  ],
  [
    '(t) => ({ a: t.i })',
    `definitions.ts:23:23: an object is not allowed in a lambda
  a lambda is one expression over the fields of the record and constants`,
  ],
  [
    '(t) => Math.max(...t.s)',
    `definitions.ts:23:31: a spread is not allowed in a lambda
  a lambda is one expression over the fields of the record and constants`,
  ],
  [
    '(t) => ((x) => x)(t.i)',
    `definitions.ts:23:23: a call of a function inside is not allowed in a lambda
  call only the string methods and Math functions of the documented list`,
  ],
  [
    '(t) => typeof t.i',
    `definitions.ts:23:22: 'typeof' is not allowed in a lambda
  the operators are + - * / % ** === !== < <= > >= && || ! ?? and ?:`,
  ],
  [
    '(t) => delete t.i',
    `definitions.ts:23:22: 'delete' is not allowed in a lambda
  the operators are + - * / % ** === !== < <= > >= && || ! ?? and ?:`,
  ],
  [
    '(t) => t.i & 1',
    `definitions.ts:23:22: '&' is not allowed in a lambda
  the operators are + - * / % ** === !== < <= > >= && || ! ?? and ?:`,
  ],
  [
    "(t) => 'i' in t",
    `definitions.ts:23:22: 'in' is not allowed in a lambda
  write ['a', 'b'].includes(t.field)`,
  ],
  [
    '(t) => (t.i, t.d)',
    `definitions.ts:23:23: the comma operator is not allowed in a lambda
  a lambda is one expression over the fields of the record and constants`,
  ],
  [
    '(t) => t[t.s]',
    `definitions.ts:23:24: a computed name is not allowed in a lambda
  name the field in the text; a character of a string is text.at(index)`,
  ],
  [
    '(t) => t.s[0]',
    `definitions.ts:23:26: a computed name is not allowed in a lambda
  name the field in the text; a character of a string is text.at(index)`,
  ],
  [
    '(t) => t.i()',
    `definitions.ts:23:24: 'i' is called like a method of the record
  a record has fields only; call a string method of a field, like t.name.trim()`,
  ],
  [
    '(t) => t.__proto__',
    `definitions.ts:23:24: the source has no field '__proto__'
  there are 'i', 'd', 's', 'b', 'e', 'bytes', 'odd name', 'ts'`,
  ],
  [
    '(t) => t.bytes === t.bytes',
    `definitions.ts:23:22: bytes cannot be compared
  bytes can only be tested for null or counted: count((t) => t.field, …)`,
  ],
  [
    '(t) => t.bytes.length',
    `definitions.ts:23:30: bytes has no property 'length' in a lambda
  only strings have methods here; for numbers use operators and Math`,
  ],
  [
    `(t) => \`a \${null}\``,
    `definitions.ts:23:27: a part of a template is null
  an operation with null is always null; a null is replaced with ??`,
  ],
  [
    `(t) => \`a \${t.bytes}\``,
    `definitions.ts:23:27: a part of a template is bytes
  bytes can only be tested for null or counted: count((t) => t.field, …)`,
  ],
  [
    '(t) => String.raw`x`',
    `definitions.ts:23:22: a tagged template is not allowed in a lambda
  a lambda is one expression over the fields of the record and constants`,
  ],
  [
    '(t) => t.s ?? 5',
    `definitions.ts:23:22: ?? chooses between a string and an integer
  both must have one type, or be null`,
  ],
  [
    '(t) => NaN',
    `definitions.ts:23:22: 'NaN' is not allowed in a lambda
  no result is NaN or infinite: write null`,
  ],
  [
    '(t) => 10n',
    `definitions.ts:23:22: the bigint 10n is not allowed in a lambda
  write 10; integers reach ±(2^53−1)`,
  ],
  [
    '(t) => 1e400',
    `definitions.ts:23:22: the constant 1e400 is not finite
  write a number a double can hold`,
  ],
  [
    '(t) => 9007199254740993',
    `definitions.ts:23:22: the integer 9007199254740993 is beyond 2^53−1
  write it with a point, 9007199254740993.0, if a rounded double will do`,
  ],
  [
    '(t) => null',
    `definitions.ts:23:22: this lambda is always null
  read a field of the record`,
  ],
  [
    '(t) => null === null',
    `definitions.ts:23:22: null is compared with null
  compare a field`,
  ],
  [
    '(t) => import.meta.url',
    `definitions.ts:23:22: import.meta is not allowed in a lambda
  a lambda is one expression over the fields of the record and constants`,
  ],
  [
    "(t) => import('x')",
    `definitions.ts:23:22: import is not allowed in a lambda
  a lambda is one expression over the fields of the record and constants`,
  ],
  [
    'async (t) => t.i',
    `definitions.ts:23:15: an async function cannot be a lambda
  write a plain arrow function, like (t) => t.amount > 0`,
  ],
  [
    'function* (t) { yield t.i; }',
    `definitions.ts:23:15: a generator cannot be a lambda
  write a plain arrow function, like (t) => t.amount > 0`,
  ],
  [
    '(t, now) => t.i',
    `definitions.ts:23:19: a lambda takes one parameter, the record
  leave the others out; only the record and constants can be read`,
  ],
  [
    '(t = {}) => t.i',
    `definitions.ts:23:16: a default value is not allowed as the parameter of a lambda
  write (t) => … or ({ field }) => …`,
  ],
  [
    '(...t) => 1',
    `definitions.ts:23:16: a rest element is not allowed as the parameter of a lambda
  write (t) => … or ({ field }) => …`,
  ],
  [
    '({ i = 5 }) => i',
    `definitions.ts:23:18: only plain field names can be taken out of the record
  write ({ field }) or ({ field: name }); a default is written name ?? value`,
  ],
  [
    '({ i, ...rest }) => i',
    `definitions.ts:23:21: a rest element is not allowed in a lambda
  name the fields that the lambda reads`,
  ],
  [
    '({ amount }) => amount',
    `definitions.ts:23:18: the source has no field 'amount'
  there are 'i', 'd', 's', 'b', 'e', 'bytes', 'odd name', 'ts'`,
  ],
  [
    '([i]) => i',
    `definitions.ts:23:16: an array pattern is not allowed as the parameter of a lambda
  write (t) => … or ({ field }) => …`,
  ],
  [
    '(t) => { const x = t.i; return x; }',
    `definitions.ts:23:24: a variable is not allowed in a lambda
  write one expression: the body is \`=> expression\` or \`{ return expression; }\``,
  ],
  [
    '(t) => { for (;;) {} }',
    `definitions.ts:23:24: a loop is not allowed in a lambda
  write one expression: the body is \`=> expression\` or \`{ return expression; }\``,
  ],
  [
    '(t) => { if (t.b) return 1; return 2; }',
    `definitions.ts:23:24: if (use ?:) is not allowed in a lambda
  write one expression: the body is \`=> expression\` or \`{ return expression; }\``,
  ],
  [
    '(t) => { return t.i; return 2; }',
    `definitions.ts:23:36: a second statement is not allowed in a lambda
  write one expression: the body is \`=> expression\` or \`{ return expression; }\``,
  ],
  [
    '(t) => { return; }',
    `definitions.ts:23:24: return without a value is not allowed in a lambda
  write one expression: the body is \`=> expression\` or \`{ return expression; }\``,
  ],
  [
    '(t) => {}',
    `definitions.ts:23:22: a block without return is not allowed in a lambda
  write one expression: the body is \`=> expression\` or \`{ return expression; }\``,
  ],
  [
    'function (t) { return new.target; }',
    `definitions.ts:23:37: new.target is not allowed in a lambda
  a lambda is one expression over the fields of the record and constants`,
  ],
  [
    'Math.abs',
    `definitions.ts:23:8: the text of this function cannot be read
  write an arrow function over the record here, like (t) => t.amount > 0`,
  ],
  [
    'class {}',
    `definitions.ts:23:8: the text of this function cannot be read
  write an arrow function over the record here, like (t) => t.amount > 0`,
  ],
];

export const WRONG_LAMBDAS: readonly Refusal[] = REFUSED.map(([lambda, told]) => [
  lambda,
  definitionWith(lambda),
  told,
]);
