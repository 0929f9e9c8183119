import fc from 'fast-check';
import type { Row } from '../../src/definitions/definition.ts';

/**
 * Random texts of lambdas over the fields of lambda.ts, well typed by construction. With `nulls` they read
 * nullable fields, test for null, and call methods that may have no answer.
 */
export function lambdaText(nulls: boolean): fc.Arbitrary<string> {
  const either = (plain: string[], nullable: string[]): fc.Arbitrary<string> =>
    fc.constantFrom(...plain, ...(nulls ? nullable : [])).map((name) => `t.${name}`);
  const onlyWithNulls = <T>(list: T[]): T[] => (nulls ? list : []);
  const { value } = fc.letrec<Record<'number' | 'text' | 'condition' | 'value', string>>((tie) => {
    const number = tie('number');
    const text = tie('text');
    const condition = tie('condition');
    const join = (format: string, ...parts: fc.Arbitrary<string>[]): fc.Arbitrary<string> =>
      fc.tuple(...parts).map((given) => format.replace(/\$(\d)/g, (_, index) => given[Number(index)]!));
    const operator = (...names: string[]): fc.Arbitrary<string> => fc.constantFrom(...names);
    return {
      number: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        either(['i', 'l', 'd'], ['ni', 'nl', 'nd']),
        fc.constantFrom('0', '1', '2', '3.5', '-7', '100', '1e3', '0.1', '9007199254740991'),
        join('($0 $1 $2)', number, operator('+', '-', '*', '/', '%'), number),
        join('(($0) ** $1)', number, fc.constantFrom('2', '3', '0.5', '-1')),
        join('(- $0)', number),
        join(
          'Math.$0($1)',
          operator('abs', 'floor', 'ceil', 'round', 'trunc', 'sign', 'sqrt', 'cbrt'),
          number,
        ),
        join('Math.$0($1)', operator('log', 'log2', 'log10', 'exp', 'fround'), number),
        join('Math.$0($1, $2)', operator('min', 'max'), number, number),
        join('Number($0)', fc.oneof(text, condition)),
        join('$0.length', text),
        join('$0.indexOf($1)', text, text),
        join('($0 ? $1 : $2)', condition, number, number),
        ...onlyWithNulls([join('($0 ?? $1)', number, number), join('$0.codePointAt($1)', text, number)]),
      ),
      text: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        either(['s'], ['ns']),
        fc.constant('t.e.trim()'),
        fc.constantFrom("''", "'a'", "'red'", "'ß'", "' b '", "'12'"),
        join('($0 + $1)', text, text),
        join('`<$'.concat('{$0}|$', '{$1}>`'), text, fc.oneof(number, condition)),
        join('String($0)', fc.oneof(number, condition)),
        join('$0.$1()', text, operator('toLowerCase', 'toUpperCase', 'trim', 'trimStart', 'trimEnd')),
        join('$0.slice($1, $2)', text, number, number),
        join('$0.substring($1)', text, number),
        join('$0.charAt($1)', text, number),
        join("$0.$1(5, '*')", text, operator('padStart', 'padEnd')),
        join("$0.$1('a', $2)", text, operator('replace', 'replaceAll'), text),
        join('($0 ? $1 : $2)', condition, text, text),
        ...onlyWithNulls([join('($0 ?? $1)', text, text), join('$0.at($1)', text, number)]),
      ),
      condition: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        either(['b'], ['nb']),
        fc.constantFrom('true', 'false'),
        join('($0 $1 $2)', number, operator('<', '<=', '>', '>=', '===', '!==', '==', '!='), number),
        join('($0 $1 $2)', text, operator('<', '<=', '>', '>=', '===', '!=='), text),
        join('($0 $1 $2)', condition, operator('&&', '||', '===', '!=='), condition),
        join('(!$0)', condition),
        join("['a', 'red', '12'].includes($0)", text),
        join('[0, 1, 2.5, -7].includes($0)', number),
        join('$0.$1($2)', text, operator('startsWith', 'endsWith', 'includes'), text),
        join('($0 ? $1 : $2)', condition, condition, condition),
        ...onlyWithNulls([
          join('($0 $1 null)', fc.oneof(number, text, condition), operator('===', '!==', '==', '!=')),
          join('($0 ?? $1)', condition, condition),
        ]),
      ),
      value: fc.oneof(number, text, condition),
    };
  });
  return value.map((body) => `(t) => ${body}`);
}

/** Texts whose UTF-16 order is their code-point order, so that JavaScript's `<` answers alike. */
const text = fc.oneof(
  fc.constantFrom('', 'a', 'red', ' b ', '12', 'ß', 'Ab', '−1'),
  fc.string({ maxLength: 6 }).filter((value) => !/[\ud800-\udfff]/.test(value)),
);
const int = fc.oneof(fc.integer({ min: -10, max: 10 }), fc.integer());
const long = fc.oneof(fc.integer({ min: -100, max: 100 }), fc.maxSafeInteger());
const double = fc
  .oneof(fc.constantFrom(0, 1, -1, 0.5, 1e300, 5e-324), fc.double({ noNaN: true, noDefaultInfinity: true }))
  .map((value) => value + 0);

/** Rows of the fields that {@link lambdaText} reads. */
export function lambdaRow(): fc.Arbitrary<Row> {
  const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(arbitrary, { freq: 2 });
  return fc.record({
    i: int,
    l: long,
    d: double,
    s: text,
    b: fc.boolean(),
    e: fc.constantFrom('red', 'green', 'blue'),
    ni: maybe(int),
    nl: maybe(long),
    nd: maybe(double),
    ns: maybe(text),
    nb: maybe(fc.boolean()),
  });
}
