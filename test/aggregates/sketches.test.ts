import { describe, expect, it } from 'vitest';
import { Random } from '../../src/demo/random.ts';
import { valueOver } from './bench.ts';

const N = 5000;

/** Numbers as they come, by a generator of uniform ones above 0 and up to 1. */
const DISTRIBUTIONS: Readonly<Record<string, (uniform: () => number) => number>> = {
  uniform: (uniform) => uniform(),
  'uniform around 0': (uniform) => uniform() - 0.5,
  normal: (uniform) => 100 + 15 * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  exponential: (uniform) => -Math.log(uniform()),
  'Pareto, of no variance': (uniform) => uniform() ** (-1 / 0.7),
  'of every size that doubles have': (uniform) => 10 ** (614 * uniform() - 307) * (uniform() < 0.5 ? -1 : 1),
  'few whole numbers, 0 among them': (uniform) => Math.floor(uniform() * 5) - 2,
  'one value': () => 42,
};

describe.each(Object.entries(DISTRIBUTIONS))('percentiles of values that are %s', (_, draw) => {
  const random = new Random(7);
  const values = Array.from({ length: N }, () => draw(() => 1 - random.unit()));
  const sorted = Float64Array.from(values).sort();
  const rows = values.map((value) => [value] as const);

  it.each([0.5, 0.05, 0.01, 0.0005, 0.000001])('are within the relative error %d', (relativeError) => {
    for (const p of [0, 0.01, 0.25, 0.5, 0.75, 0.95, 0.999, 1]) {
      const percentile = valueOver('approxPercentile', ['number'], { p, relativeError }, rows) as number;
      const exact = sorted[Math.floor(p * (N - 1))]!;
      // The logarithm is rounded, too.
      expect(Math.abs(percentile - exact)).toBeLessThanOrEqual(relativeError * Math.abs(exact) * (1 + 1e-6));
    }
  });
});

describe('percentiles of doubles at the ends of their range', () => {
  const median = (value: number) =>
    valueOver('approxPercentile', ['number'], { p: 0.5, relativeError: 0.01 }, [[value]]) as number;

  it.each([Number.MAX_VALUE, -Number.MAX_VALUE, 2 ** -1022, 2 ** 1023])('are near %d', (value) => {
    expect(Math.abs(median(value) / value - 1)).toBeLessThanOrEqual(0.01);
  });

  it('are 0 for what is too near to 0 to have a relative error', () => {
    expect(median(5e-324)).toBe(0);
    expect(median(-1e-310)).toBe(0);
  });
});

/** Different values of a kind that keys have. */
const KINDS: Readonly<Record<string, (index: number, set: number) => string | number>> = {
  'numbered texts': (index, set) => `user-${set}-${index}`,
  'consecutive integers': (index, set) => set * 1_000_000 + index,
  multiples: (index, set) => (set * 1_000_000 + index) * 1024,
  fractions: (index, set) => (set * 1_000_000 + index) / 7,
  'long texts': (index, set) => `https://example.com/products/${set}/category/articles/${index}?page=1`,
};

describe.each(Object.entries(KINDS))('estimated numbers of %s', (_, make) => {
  const estimate = (precision: number, count: number, set: number): number => {
    const rows = Array.from({ length: count }, (_, index) => [make(index, set)] as const);
    const type = typeof rows[0]![0] === 'string' ? 'string' : 'number';
    return valueOver('approxDistinctCount', [type], { precision }, rows) as number;
  };

  it.each([
    [6, 40, 100],
    [6, 2000, 40],
    [10, 300, 40],
    [10, 5000, 20],
    [12, 20_000, 10],
  ])('with precision %d, %d of them, are within the standard error', (precision, count, sets) => {
    let squares = 0;
    for (let set = 0; set < sets; set++) squares += (estimate(precision, count, set) / count - 1) ** 2;
    const standardError = 1.04 / Math.sqrt(2 ** precision);
    // The root mean square of so few sets varies itself, by a share of about 1 / √(2·sets).
    expect(Math.sqrt(squares / sets)).toBeLessThanOrEqual(standardError * (1 + 3 / Math.sqrt(2 * sets)));
  });

  it('are exact, or nearly so, while few registers are in use', () => {
    for (const count of [1, 2, 5, 10]) expect(estimate(14, count, 1)).toBe(count);
    expect(Math.abs(estimate(14, 100, 1) - 100)).toBeLessThanOrEqual(1);
  });
});

describe('an estimated number', () => {
  it('is of different values, however often they occur', () => {
    const rows = Array.from({ length: 1000 }, (_, index) => [`v${index % 10}`] as const);
    expect(valueOver('approxDistinctCount', ['string'], { precision: 12 }, rows)).toBe(10);
  });
});
