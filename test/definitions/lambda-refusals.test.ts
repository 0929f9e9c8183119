import { describe, expect, it } from 'vitest';
import { refusalOf } from './lambda.ts';

/** Body, where the refusal points, what it names, what it says to write instead. */
const CASES: readonly (readonly [body: string, at: string, message: RegExp, remedy: RegExp])[] = [
  ['Date.now() > t.i', 'Date.now', /'Date\.now' reads the clock/, /time field/],
  ['new Date(t.ts) > 5', 'new Date', /'new Date' reads the clock/, /time field/],
  ['Math.random() > 0.5', 'Math.random', /'Math\.random' is random/, /field of the record/],
  ['t.i > limit', 'limit', /'limit' is an outer variable/, /write its value here/],
  ['convert(t.i)', 'convert', /'convert' is an outer variable/, /write its value here/],
  ["process.env.X === 'a'", 'process', /'process\.env' is outside of the lambda/, /constants, nothing else/],
  ['this.x', 'this', /'this' is not allowed/, /fields of the record/],
  ['(t.i = 5)', 't.i = 5', /an assignment/, /one expression/],
  ['t.i++', 't.i++', /an assignment/, /one expression/],
  ['t.amuont', 'amuont', /no field 'amuont'/, /there are 'i'/],
  ["t['ods name']", "'ods name'", /no field 'ods name'/, /did you mean 'odd name'/],
  ['t', 't', /the record 't' itself/, /read one of its fields/],
  ['t.i.toFixed(2)', 'toFixed', /an integer has no method 'toFixed'/, /Math\.round/],
  ['t.s.toLocaleLowerCase()', 'toLocaleLowerCase', /no method 'toLocaleLowerCase'/, /toLowerCase\(\)/],
  ['t.s.trimm()', 'trimm', /no method 'trimm'/, /did you mean 'trim'/],
  ['t.s.trim', 'trim', /is a method/, /call it/],
  ['/x/.test(t.s)', '/x/', /regular expression/, /startsWith/],
  ['t.s.match("x")', 'match', /no method 'match'/, /regular expressions/],
  ['Math.sin(t.d)', 'sin', /'Math\.sin' is not on the list/, /did you mean 'min'/],
  ['Math.abs(t.s)', 't.s', /an argument of 'Math\.abs' is a string/, /Number\(text\)/],
  ['Math.abs()', 'Math.abs()', /called with 0 argument/, /it takes 1/],
  ['Math.max()', 'Math.max()', /called with 0 argument/, /1 or more/],
  ['t.s.padStart(t.i)', 't.i', /no constant between 0 and 1000/, /as a number/],
  ['parseInt(t.s)', 'parseInt', /'parseInt' is not on the list/, /Math\.trunc\(Number/],
  ['t.i + t.s', 't.i + t.s', /between an integer and a string/, /String\(…\)/],
  ['t.s * 2', 't.s', /the left side of \* is a string/, /Number\(text\)/],
  ['-t.b', 't.b', /unary - is a boolean/, /\? 1 : 0/],
  ['t.i && t.b', 't.i', /left side of && is an integer, not a boolean/, /compare it/],
  ["t.s || 'x'", 't.s', /left side of \|\| is a string/, /replaced with \?\?/],
  ['!t.i', 't.i', /operand of ! is an integer/, /compare it/],
  ['t.i ? 1 : 2', 't.i', /condition of \?: is an integer/, /compare it/],
  ["t.b ? 1 : 'x'", "t.b ? 1 : 'x'", /chooses between an integer and a string/, /one type/],
  ["t.i === '5'", "t.i === '5'", /an integer is compared with a string/, /convert one/],
  ["t.i == '5'", "t.i == '5'", /an integer is compared with a string/, /convert one/],
  ['t.b < true', 't.b', /does not order a boolean/, /===/],
  ["t.e === 'rde'", "t.e === 'rde'", /enum 'e' has no value 'rde'/, /did you mean 'red'/],
  ["['red', 'pink'].includes(t.e)", "'pink'", /enum 'e' has no value 'pink'/, /there are 'red'/],
  ['[t.i].includes(1)', 't.i', /constants only/, /values themselves/],
  ['[].includes(t.i)', '[]', /empty/, /list the values/],
  ['[1, 2].indexOf(t.i)', 'indexOf', /only be asked '\.includes\(x\)'/, /\['a', 'b'\]\.includes/],
  ['[1, 2]', '[1, 2]', /a list/, /one expression/],
  ['({ a: t.i })', '{ a', /an object is not allowed/, /one expression/],
  ['Math.max(...t.s)', '...t.s', /a spread is not allowed/, /one expression/],
  ['((x) => x)(t.i)', '(x) => x', /a function inside/, /documented list/],
  ['typeof t.i', 'typeof', /'typeof' is not allowed/, /the operators are/],
  ['t.i & 1', 't.i & 1', /'&' is not allowed/, /the operators are/],
  ["'i' in t", "'i' in t", /'in' is not allowed/, /includes/],
  ['(t.i, t.d)', 't.i, t.d', /the comma operator/, /one expression/],
  ['t[t.s]', 't.s', /computed name/, /text\.at/],
  ['t.bytes === t.bytes', 't.bytes', /bytes cannot be compared/, /counted/],
  ['t.bytes.length', 'length', /bytes has no property 'length'/, /only strings/],
  ['NaN', 'NaN', /'NaN' is not allowed/, /write null/],
  ['10n', '10n', /bigint 10n/, /write 10;/],
  ['9007199254740993', '9007199254740993', /beyond 2\^53−1/, /with a point/],
  ['null', 'null', /always null/, /read a field/],
  ['null === null', 'null === null', /null is compared with null/, /compare a field/],
];

describe('a lambda is refused', () => {
  it.each(CASES)('%s', (body, at, message, remedy) => {
    const refusal = refusalOf(`(t) => ${body}`);
    expect(refusal.message).toMatch(message);
    expect(refusal.remedy).toMatch(remedy);
    expect(refusal.at.startsWith(at), `points at ${refusal.at}`).toBe(true);
  });

  it.each([
    ['async (t) => t.i', /an async function/],
    ['function* (t) { return t.i; }', /a generator/],
    ['(t, now) => t.i', /one parameter/],
    ['({ i = 5 }) => i', /plain field names/],
    ['({ i, ...rest }) => i', /rest element/],
    ['({ amount }) => amount', /no field 'amount'/],
    ['([i]) => i', /an array pattern/],
    ['(t) => { const x = t.i; return x; }', /a variable is not allowed/],
    ['(t) => { for (;;) {} }', /a loop is not allowed/],
    ['(t) => { if (t.b) return 1; return 2; }', /if \(use \?:\)/],
    ['(t) => { return; }', /return without a value/],
    ['(t) => {}', /a block without return/],
    ['function () { [native code] }', /cannot be read/],
  ])('%s', (text, message) => {
    expect(refusalOf(text).message).toMatch(message);
  });
});
