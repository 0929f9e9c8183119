import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Dictionary } from '../../src/aggregates/dictionary.ts';
import type { Feature, FeatureGroup, Row, Scalar } from '../../src/definitions/definition.ts';
import { parseLambda } from '../../src/definitions/expression-parser.ts';
import { LambdaError } from '../../src/definitions/expression-refusals.ts';
import type { Node } from '../../src/definitions/expression-tree.ts';
import { createKernel } from '../../src/operators/kernel.ts';
import { group, load } from './definitions-file.ts';
import { parse } from './lambda.ts';
import { lambdaText } from './lambda-arbitrary.ts';

const GEOMETRIC_MEAN = `const geometricMean = defineAggregate(
  'geometricMean',
  { n: count((x: number) => x), logs: sum((x: number) => Math.log(x)) },
  ({ n, logs }) => Math.exp(logs / n),
);
`;

async function ownGroup(aggregate: string, feature: string): Promise<FeatureGroup> {
  const { groups } = await load(aggregate + group(feature));
  return groups[0]!;
}

async function ownFeature(aggregate: string, feature: string): Promise<Feature> {
  return (await ownGroup(aggregate, feature)).features[0]!;
}

const ROW = { card_id: 'c', amount: 0, price: 0, status: 'settled', geo: null, ok: true, event_ts: 0 };

/** The number that stands for the first feature's value over these records in the task's kernel. */
async function valueOver(
  aggregate: string,
  feature: string,
  records: readonly Partial<Readonly<Record<keyof typeof ROW, Scalar | null>>>[],
): Promise<{ readonly value: number; readonly dictionary: Dictionary; readonly overflows: number }> {
  const dictionary = new Dictionary();
  const kernel = createKernel(await ownGroup(aggregate, feature), dictionary);
  const cells = new Float64Array(kernel.windowWidth);
  kernel.initWindow(cells, 0);
  records.forEach((record, offset) => {
    kernel.read({ ...ROW, ...record } as Row);
    kernel.insertWindow(cells, 0, offset, offset);
  });
  const out = new Float64Array(1);
  kernel.evaluate(cells, 0, records.length, out, 0);
  return { value: out[0]!, dictionary, overflows: kernel.overflows() };
}

const amounts = (...values: number[]) => values.map((amount) => ({ amount }));

describe("an aggregate of the user's own", () => {
  it('is computed from the values of its parts', async () => {
    const feature = "f: geometricMean((t) => t.amount, { last: '1h' }),";
    expect((await valueOver(GEOMETRIC_MEAN, feature, amounts(2, 8))).value).toBe(Math.exp(Math.log(16) / 2));
  });

  it('is null of nothing, or its default', async () => {
    const feature = "f: geometricMean((t) => t.amount, { last: '1h' }),";
    expect((await valueOver(GEOMETRIC_MEAN, feature, [])).value).toBeNaN();
    const withDefault = feature.replace("'1h'", "'1h', default: 7");
    expect((await valueOver(GEOMETRIC_MEAN, withDefault, [])).value).toBe(7);
  });

  it('keeps a null of some values in spite of its default', async () => {
    const inverse = `const inverse = defineAggregate('inverse', { s: sum((x: number) => x) }, ({ s }) => 1 / s);\n`;
    const feature = "f: inverse((t) => t.amount, { last: '1h', default: 7 }),";
    const { value, overflows } = await valueOver(inverse, feature, amounts(1, -1));
    expect(value).toBeNaN();
    expect(overflows).toBe(1);
  });

  it('takes only records where no input is null, and those that every where lets through', async () => {
    const both = `const both = defineAggregate(
      'both',
      { n: count(), high: count({ where: (x: number, y: string) => x > 1 }), ys: count((_: number, y: string) => y) },
      ({ n, high, ys }) => n * 100 + high * 10 + ys,
    );\n`;
    const records = [
      { amount: 1, geo: 'a' },
      { amount: 2, geo: 'a' },
      { amount: 2, geo: null },
      { amount: 2, geo: 'a', ok: false },
    ];
    const feature = "f: both((t) => t.amount, (t) => t.geo, { last: '1h', where: (t) => t.ok }),";
    expect((await valueOver(both, feature, records)).value).toBe(212);
  });

  it('may be a text, which is one of the dictionary', async () => {
    const label = `const label = defineAggregate(
      'label',
      { n: count(), latest: last((x: string) => x) },
      ({ n, latest }) => \`\${latest}:\${n}\`,
    );\n`;
    const feature = "f: label((t) => t.status, { last: '1h', default: 'none' }),";
    const some = await valueOver(label, feature, [{ status: 'failed' }, { status: 'settled' }]);
    expect(some.dictionary.textOf(some.value)).toBe('settled:2');
    const none = await valueOver(label, feature, []);
    expect(none.dictionary.textOf(none.value)).toBe('none');
  });

  it('may be a condition', async () => {
    const most = `const most = defineAggregate(
      'most',
      { n: count(), yes: count({ where: (p: boolean) => p }) },
      ({ n, yes }) => yes * 2 > n,
    );\n`;
    const feature = "f: most((t) => t.amount > 2, { last: '1h' }),";
    expect((await valueOver(most, feature, amounts(1, 3, 4))).value).toBe(1);
    expect((await valueOver(most, feature, amounts(1, 1, 4))).value).toBe(0);
    expect((await ownFeature(most, feature)).valueType).toBe('boolean');
  });

  it('may be made of others', async () => {
    const nested = `${GEOMETRIC_MEAN}const excess = defineAggregate(
      'excess',
      { mean: avg((x: number) => x), typical: geometricMean((x: number) => x) },
      ({ mean, typical }) => mean - typical,
    );\n`;
    const feature = "f: excess((t) => t.amount, { last: '1h' }),";
    expect((await valueOver(nested, feature, amounts(2, 8))).value).toBe(5 - Math.exp(Math.log(16) / 2));
  });

  it('has an integer value where the parts and the inputs make one, and is then null beyond 2^53−1', async () => {
    const twice = `const twice = defineAggregate('twice', { s: sum((x: number) => x) }, ({ s }) => s * 2);\n`;
    const ofIntegers = "f: twice((t) => t.amount, { last: '1h' }),";
    const ofNumbers = "f: twice((t) => t.price, { last: '1h' }),";
    expect((await ownFeature(twice, ofIntegers)).valueType).toBe('integer');
    expect((await ownFeature(twice, ofNumbers)).valueType).toBe('number');
    const { value, overflows } = await valueOver(twice, ofIntegers, amounts(2 ** 52));
    expect(value).toBeNaN();
    expect(overflows).toBe(1);
  });

  it('computes equal parts once', async () => {
    const same = `const same = defineAggregate(
      'same',
      { a: sum((x: number) => x), b: sum((value: number) => (value)), c: sum((x: number) => x + 0) },
      ({ a, b, c }) => a + b + c,
    );\n`;
    const { aggregations, result } = await ownFeature(same, "f: same((t) => t.amount, { last: '1h' }),");
    expect(aggregations.map(({ input }) => input?.canonical)).toEqual([
      '(field "amount")',
      '(+ (field "amount") (integer 0))',
    ]);
    expect(result?.canonical).toBe('(+ (+ (field "0") (field "0")) (field "1"))');
  });

  it('gives the fingerprint of its meaning, whatever its names are', async () => {
    const feature = "f: geometricMean((t) => t.amount, { last: '1h' }),";
    const given = await ownGroup(GEOMETRIC_MEAN, feature);
    const renamed = await ownGroup(
      GEOMETRIC_MEAN.replaceAll('geometricMean', 'typical')
        .replaceAll(/\bn\b/g, 'total')
        .replaceAll('x', 'v')
        .replace('Math.evp', 'Math.exp'),
      feature.replace('geometricMean', 'typical'),
    );
    const other = await ownGroup(GEOMETRIC_MEAN.replace('logs / n', 'logs / n / 1'), feature);
    expect(renamed.fingerprint).toBe(given.fingerprint);
    expect(other.fingerprint).not.toBe(given.fingerprint);
  });
});

/** The tree of a lambda, or why it is refused. */
function treeOrRefusal(read: () => Node): Node | string {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof LambdaError)) throw error;
    return error.message;
  }
}

describe('a lambda over inputs', () => {
  const bodies = lambdaText(true).map((text) => text.replace('(t) => ', ''));
  const ofType = (...types: readonly string[]) =>
    bodies.filter((body) => types.includes(parse(`(t) => ${body}`).type));

  it('means what it means over the record with the inputs written in it', () => {
    fc.assert(
      fc.property(bodies, ofType('integer', 'number'), ofType('string'), (body, x, y) => {
        const overInputs = body
          .replace(/t\.(i|l|d|ni|nl|nd)\b/g, 'x')
          .replace(/t\.(s|e|ns)\b/g, 'y')
          .replace(/t\.(b|nb)\b/g, '(x > 1)');
        const overRecord = overInputs.replace(/\bx\b/g, () => `(${x})`).replace(/\by\b/g, () => `(${y})`);
        const values = [x, y].map((input) => parse(`(t) => ${input}`));
        const substituted = treeOrRefusal(() =>
          parseLambda(`(x, y) => ${overInputs}`, { kind: 'values', values }),
        );
        expect(substituted).toEqual(treeOrRefusal(() => parse(`(t) => ${overRecord}`)));
      }),
      { numRuns: 300 },
    );
  });
});
