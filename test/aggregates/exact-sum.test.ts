import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteReader, ByteWriter } from '../../src/aggregates/byte-codec.ts';
import { EXACT_SUM_CELLS, ExactSums } from '../../src/aggregates/exact-sum.ts';

/** The exact sum as a fraction over 2^1074, by arithmetic of whole numbers alone. */
function exactUnits(terms: readonly number[]): bigint {
  let sum = 0n;
  for (const term of terms) {
    let scaled = term;
    let shift = 0n;
    // Doubling is exact until the term is whole; it never overflows because a large term is whole at once.
    while (!Number.isInteger(scaled)) {
      scaled *= 2;
      shift++;
    }
    sum += (BigInt(scaled) << 1074n) >> shift;
  }
  return sum;
}

/** Whether no double is nearer to `units`/2^1074 than `value`, and `value` is even where two are equally near. */
function isNearest(value: number, units: bigint): boolean {
  const distance = (candidate: number) => {
    const difference = exactUnits([candidate]) - units;
    return difference < 0n ? -difference : difference;
  };
  const view = new DataView(new ArrayBuffer(8));
  const neighbour = (step: bigint) => {
    view.setFloat64(0, value);
    view.setBigInt64(0, view.getBigInt64(0) + step);
    return view.getFloat64(0);
  };
  view.setFloat64(0, value);
  const isEven = (view.getBigInt64(0) & 1n) === 0n;
  const around = value === 0 ? [Number.MIN_VALUE, -Number.MIN_VALUE] : [neighbour(1n), neighbour(-1n)];
  return around.filter(Number.isFinite).every((other) => {
    const [mine, others] = [distance(value), distance(other)];
    return mine < others || (mine === others && isEven);
  });
}

const amount = fc.integer({ min: -1_000_000_00, max: 1_000_000_00 }).map((minor) => minor / 100);
const any = fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e300, max: 1e300 });
const awkward = fc.constantFrom(
  0.1,
  0.2,
  0.3,
  -0.1,
  1e16,
  -1e16,
  1,
  2 ** 53,
  2 ** -60,
  2 ** 44,
  5e-324,
  1e-20,
  3.5,
);
const term = fc.oneof(amount, any, awkward);

class Sum {
  readonly cells = new Float64Array(EXACT_SUM_CELLS);
  readonly sums: ExactSums;
  constructor(sums: ExactSums, terms: readonly number[] = []) {
    this.sums = sums;
    for (const each of terms) this.add(each);
  }
  add(each: number): void {
    this.sums.add(this.cells, 0, each);
  }
  value(): number {
    return this.sums.round(this.cells, 0);
  }
}

describe('an exact sum', () => {
  test('is the double nearest to the true sum', () => {
    fc.assert(
      fc.property(fc.array(term, { maxLength: 40 }), (terms) => {
        expect(isNearest(new Sum(new ExactSums(), terms).value(), exactUnits(terms))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  test('rounds ties by what lies far below them', () => {
    const half = 2 ** -53;
    for (const [terms, sum] of [
      [[1, half], 1],
      [[1, half, 2 ** -80], 1 + 2 ** -52],
      [[1, half, -(2 ** -80)], 1],
      [[1 + 2 ** -52, half], 1 + 2 ** -51],
      [[1 + 2 ** -52, half, -(2 ** -85)], 1 + 2 ** -52],
      [[-1, -half, -(2 ** -88)], -1 - 2 ** -52],
    ] as const) {
      expect(new Sum(new ExactSums(), terms).value()).toBe(sum);
    }
  });

  test('does not depend on the order of its terms', () => {
    const shuffled = fc
      .array(term)
      .chain((terms) =>
        fc.tuple(fc.constant(terms), fc.shuffledSubarray(terms, { minLength: terms.length })),
      );
    fc.assert(
      fc.property(shuffled, ([terms, otherwise]) => {
        const sums = new ExactSums();
        expect(new Sum(sums, otherwise).value()).toBe(new Sum(sums, terms).value());
      }),
    );
  });

  test('of two parts is the sum of all, and a part can be taken out again', () => {
    fc.assert(
      fc.property(fc.array(term), fc.array(term), (left, right) => {
        const sums = new ExactSums();
        const cells = new Float64Array(2 * EXACT_SUM_CELLS);
        for (const each of left) sums.add(cells, 0, each);
        for (const each of right) sums.add(cells, EXACT_SUM_CELLS, each);
        sums.merge(cells, 0, EXACT_SUM_CELLS);
        expect(sums.round(cells, 0)).toBe(new Sum(sums, [...left, ...right]).value());
        sums.unmerge(cells, 0, EXACT_SUM_CELLS);
        expect(sums.round(cells, 0)).toBe(new Sum(sums, left).value());
      }),
    );
  });

  test('is exactly 0 again, and not −0, when all terms have left', () => {
    fc.assert(
      fc.property(fc.array(term), (terms) => {
        const sum = new Sum(new ExactSums(), terms);
        for (const each of terms) sum.add(-each);
        expect(sum.value()).toBe(0);
        expect(sum.cells[3]).toBe(0);
      }),
    );
  });

  test('beyond the largest double is infinite, and recovers', () => {
    const sum = new Sum(new ExactSums(), [1e308, 1e308, 0.25]);
    expect(sum.value()).toBe(Number.POSITIVE_INFINITY);
    sum.add(-1e308);
    sum.add(-1e308);
    expect(sum.value()).toBe(0.25);
  });

  test('stays exact over very many carries', () => {
    const sum = new Sum(new ExactSums());
    for (let i = 0; i < 300_000; i++) sum.add(8_000_000_000_000.1);
    for (let i = 0; i < 299_999; i++) sum.add(-8_000_000_000_000.1);
    expect(sum.value()).toBe(8_000_000_000_000.1);
  });

  test('survives encoding', () => {
    fc.assert(
      fc.property(fc.array(term), (terms) => {
        const sum = new Sum(new ExactSums(), terms);
        const out = new ByteWriter();
        sum.sums.encode(sum.cells, 0, out);
        const other = new Sum(new ExactSums());
        other.sums.decode(other.cells, 0, new ByteReader(out.take()));
        other.add(0.1);
        sum.add(0.1);
        expect(other.value()).toBe(sum.value());
      }),
    );
  });
});
