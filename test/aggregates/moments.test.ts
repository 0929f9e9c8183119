import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { roundQuotient } from '../../src/aggregates/round-quotient.ts';
import type { AggregateName } from '../../src/definitions/aggregate-signatures.ts';
import { exactQuotient } from '../oracle/exact.ts';
import { Bench } from './bench.ts';

/** The aggregate over values, or pairs, of one time. */
function over(name: AggregateName, values: readonly (number | readonly [number, number])[]): Bench {
  const pairs = values.map((value) => (typeof value === 'number' ? [value, 0] : value) as [number, number]);
  const bench = new Bench(name, typeof values[0] === 'number' ? ['number'] : ['number', 'number'], {});
  bench.fill(pairs.map(([x, y], offset) => ({ eventTime: 0, offset, row: { x, y } })));
  bench.add(0, 1);
  return bench;
}

function valueOver(...given: Parameters<typeof over>): unknown {
  return over(...given).answer().value;
}

describe('variance and its kin, worked out by hand', () => {
  it('takes values for a sample or for all', () => {
    // 2, 4, 4, 4, 5, 5, 7, 9: mean 5, squared deviations 9 1 1 1 0 0 4 16, together 32.
    const values = [2, 4, 4, 4, 5, 5, 7, 9];
    expect(valueOver('variance', values)).toBe(32 / 7);
    expect(valueOver('variancePop', values)).toBe(4);
    expect(valueOver('stddev', values)).toBe(Math.sqrt(32 / 7));
    expect(valueOver('stddevPop', values)).toBe(2);
  });

  it('needs two values for a sample, one for a population', () => {
    for (const name of ['variance', 'stddev'] as const) expect(valueOver(name, [7])).toBeNull();
    for (const name of ['variancePop', 'stddevPop'] as const) expect(valueOver(name, [7])).toBe(0);
    expect(valueOver('covariance', [[7, 8]])).toBeNull();
    expect(valueOver('covariancePop', [[7, 8]])).toBe(0);
  });

  it('keeps every bit where deviations are small beside the values', () => {
    // Their squares have 106 bits, the deviations are −2, 0, 2.
    expect(valueOver('variance', [2 ** 53 - 2, 2 ** 53, 2 ** 53 + 2])).toBe(4);
    expect(valueOver('variance', [0.1, 0.1, 0.1])).toBe(0);
  });

  it('is null, and says why, while it is beyond the largest double', () => {
    for (const name of ['variance', 'variancePop', 'stddev', 'covariance'] as const) {
      const pair = (x: number) => (name === 'covariance' ? ([x, x] as const) : x);
      const bench = over(name, [pair(1e200), pair(-1e200)]);
      expect(bench.answer()).toEqual({ value: null, empty: false });
      expect(bench.aggregate.isOutOfRange(bench.cells, bench.window)).toBe(true);
    }
    const one = over('variance', [1]);
    expect(one.aggregate.isOutOfRange(one.cells, one.window)).toBe(false);
  });

  it('says how pairs vary together', () => {
    // x 1 2 3 4, y 2 4 6 9: means 2.5 and 5.25; Σ dx·dy = 4.875 + 0.625 + 0.375 + 5.625 = 11.5.
    const pairs = [1, 2, 3, 4].map((x, index) => [x, [2, 4, 6, 9][index]!] as const);
    expect(valueOver('covariance', pairs)).toBe(11.5 / 3);
    expect(valueOver('covariancePop', pairs)).toBe(11.5 / 4);
    // Σ dx² = 5, Σ dy² = 26.75
    expect(valueOver('correlation', pairs)).toBe(Math.sqrt(132.25 / 133.75));
    expect(
      valueOver('correlation', [
        [0.1, 0.3],
        [0.2, 0.2],
        [0.3, 0.1],
      ]),
    ).toBeCloseTo(-1, 15);
    expect(
      valueOver('correlation', [
        [1, 5],
        [2, 5],
      ]),
    ).toBeNull();
  });

  it('is exactly 1 or −1 for pairs on a line, and never beyond', () => {
    expect(
      valueOver('correlation', [
        [1, 10],
        [2, 20],
        [7, 70],
      ]),
    ).toBe(1);
    expect(
      valueOver('correlation', [
        [1, -0.5],
        [2, -1],
        [7, -3.5],
      ]),
    ).toBe(-1);
  });

  it('measures lean and tails', () => {
    // 0 0 0 4: mean 1, deviations −1 −1 −1 3; m2 = 12/4, m3 = 24/4, m4 = 84/4.
    // G1 = √12/2 · 6/3^1.5 = 2; G2 = 3/(2·1) · (5 · 21/9 − 9) = 4.
    expect(valueOver('skewness', [0, 0, 0, 4])).toBe(2);
    expect(valueOver('skewness', [0, 0, 0, -4])).toBe(-2);
    expect(valueOver('skewness', [1, 2, 3])).toBe(0);
    expect(valueOver('kurtosis', [0, 0, 0, 4])).toBe(4);
    for (const name of ['skewness', 'kurtosis'] as const) expect(valueOver(name, [5, 5, 5, 5])).toBeNull();
    expect(valueOver('skewness', [1, 2])).toBeNull();
    expect(valueOver('kurtosis', [1, 2, 4])).toBeNull();
  });
});

describe('a quotient rounded once', () => {
  it('is what plain long division comes to', () => {
    const size = fc.constantFrom(8, 53, 54, 120, 1100, 4000);
    const bits = size.chain((limit) => fc.bigInt({ min: 0n, max: (1n << BigInt(limit)) - 1n }));
    const exponent = fc.oneof(fc.integer({ min: -130, max: 130 }), fc.integer({ min: -4000, max: 4000 }));
    fc.assert(
      fc.property(bits, bits, exponent, fc.boolean(), (numerator, below, exponent, negative) => {
        const denominator = below + 1n;
        const signed = negative ? -numerator : numerator;
        const expected = exactQuotient(signed, denominator, exponent);
        expect(roundQuotient(signed, denominator, exponent)).toBe(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('takes ties to even, and least and greatest doubles as they are', () => {
    expect(roundQuotient(2n ** 53n + 1n, 1n, 0)).toBe(2 ** 53);
    expect(roundQuotient(2n ** 53n + 3n, 1n, 0)).toBe(2 ** 53 + 4);
    expect(roundQuotient(1n, 2n, -1074)).toBe(0);
    expect(roundQuotient(3n, 2n, -1074)).toBe(2 * Number.MIN_VALUE);
    expect(roundQuotient(-1n, 4n, -1074)).toBe(0);
    expect(roundQuotient(2n ** 53n - 1n, 1n, 971)).toBe(Number.MAX_VALUE);
    expect(roundQuotient(2n ** 54n - 1n, 1n, 970)).toBe(Number.POSITIVE_INFINITY);
  });
});
