import { describe, expect, it } from 'vitest';
import type { AggregateName } from '../../src/definitions/aggregate-signatures.ts';
import type { AggregateParameters, Value } from '../../src/definitions/definition.ts';
import { valueOver } from './bench.ts';

function ofTexts(
  name: AggregateName,
  texts: readonly (string | null)[],
  parameters: AggregateParameters = {},
): Value | null {
  return valueOver(
    name,
    ['string'],
    parameters,
    texts.map((text) => [text]),
  );
}

function ofNumbers(
  name: AggregateName,
  numbers: readonly (number | null)[],
  parameters: AggregateParameters = {},
): Value | null {
  return valueOver(
    name,
    ['number'],
    parameters,
    numbers.map((number) => [number]),
  );
}

describe('lists by time', () => {
  const visits = ['home', null, 'shop', 'home', 'cart', 'shop'];

  it('hold the earliest in order of time, and the latest with the newest in front', () => {
    expect(ofTexts('firstN', visits, { n: 3 })).toEqual(['home', 'shop', 'home']);
    expect(ofTexts('lastN', visits, { n: 3 })).toEqual(['shop', 'cart', 'home']);
    expect(ofTexts('lastN', visits, { n: 10 })).toEqual(['shop', 'cart', 'home', 'shop', 'home']);
  });

  it('hold different values where they first or last occur', () => {
    expect(ofTexts('firstDistinctN', visits, { n: 2 })).toEqual(['home', 'shop']);
    expect(ofTexts('firstDistinctN', visits, { n: 5 })).toEqual(['home', 'shop', 'cart']);
    expect(ofTexts('lastDistinctN', visits, { n: 2 })).toEqual(['shop', 'cart']);
    expect(ofTexts('lastDistinctN', visits, { n: 5 })).toEqual(['shop', 'cart', 'home']);
  });

  it('order events of one time by offset', () => {
    const rows = [['a'], ['b'], ['c']] as const;
    expect(valueOver('lastN', ['string'], { n: 2 }, rows)).toEqual(['c', 'b']);
  });

  it('hold booleans and numbers as they are', () => {
    expect(valueOver('firstN', ['boolean'], { n: 2 }, [[true], [false]])).toEqual([true, false]);
    expect(ofNumbers('lastN', [-0, 1e21, 0.1], { n: 3 })).toEqual([0.1, 1e21, 0]);
  });
});

describe('lists by value', () => {
  it('hold the least ascending and the greatest descending, repeated ones repeated', () => {
    expect(ofNumbers('minN', [3, 1, null, 2, 1], { n: 3 })).toEqual([1, 1, 2]);
    expect(ofNumbers('maxN', [3, 1, null, 2, 3], { n: 3 })).toEqual([3, 3, 2]);
  });

  it('order texts by their UTF-8 bytes', () => {
    // U+FF5E is EF BD 9E, U+1F600 is F0 9F 98 80.
    expect(ofTexts('minN', ['\u{1f600}', 'z', '\uff5e'], { n: 2 })).toEqual(['z', '\uff5e']);
    expect(ofTexts('maxN', ['\u{1f600}', 'z', '\uff5e'], { n: 2 })).toEqual(['\u{1f600}', '\uff5e']);
    expect(ofTexts('distinctValues', ['\u{1f600}', 'z', '\uff5e', 'z'], { limit: 2 })).toEqual([
      'z',
      '\uff5e',
    ]);
  });
});

describe('frequencies', () => {
  it('put the most frequent in front, equally frequent ones by value', () => {
    expect(ofTexts('topK', ['c', 'b', 'a', 'b', null, 'c'], { k: 2 })).toEqual(['b', 'c']);
    expect(ofTexts('topK', ['c', 'b', 'a', 'b', 'b'], { k: 2 })).toEqual(['b', 'a']);
    expect(ofNumbers('topK', [10, 9, 100], { k: 3 })).toEqual([9, 10, 100]);
  });

  it('count each value', () => {
    expect(ofTexts('countBy', ['x', 'y', null, 'x'])).toEqual(
      new Map([
        ['x', 2],
        ['y', 1],
      ]),
    );
    expect([...(ofNumbers('countBy', [10, 9, 9]) as ReadonlyMap<number, number>)]).toEqual([
      [9, 2],
      [10, 1],
    ]);
  });

  it('share the most frequent out of all', () => {
    expect(ofTexts('mostFrequentShare', ['x', 'y', null, 'x'])).toBe(2 / 3);
  });

  it('count between edges, each edge with what is above it', () => {
    expect(ofNumbers('histogram', [-5, 0, 9.9, 10, 10, 1e9, null], { edges: [0, 10, 100] })).toEqual([
      1, 2, 2, 1,
    ]);
  });
});

describe('sums by value', () => {
  const topBySum = (rows: readonly (readonly [string | null, number | null])[], k = 2) =>
    valueOver('topKBySum', ['string', 'number'], { k }, rows);

  it('put the greatest sum in front, equal sums by value', () => {
    expect(
      topBySum(
        [
          ['a', 5],
          ['b', 3],
          ['c', 9],
          ['b', 2],
          ['c', -1],
        ],
        3,
      ),
    ).toEqual(['c', 'a', 'b']);
  });

  it('skip a record where either is null', () => {
    expect(
      topBySum([
        ['a', null],
        [null, 7],
        ['b', -1],
      ]),
    ).toEqual(['b']);
  });

  it('tell sums apart that round to the same double', () => {
    // 0.1 + 0.2 is a little less than the double 0.30000000000000004 that it rounds to.
    expect(
      topBySum([
        ['sum', 0.1],
        ['sum', 0.2],
        ['whole', 0.1 + 0.2],
      ]),
    ).toEqual(['whole', 'sum']);
    expect(
      topBySum([
        ['large', 2 ** 60],
        ['larger', 2 ** 60],
        ['larger', 1e-300],
      ]),
    ).toEqual(['larger', 'large']);
  });

  it('compare sums beyond the largest double', () => {
    expect(
      topBySum([
        ['two', 1.5e308],
        ['two', 1.5e308],
        ['one', 1.5e308],
        ['three', 1.5e308],
        ['three', 1.5e308],
        ['three', 1.5e308],
      ]),
    ).toEqual(['three', 'two']);
  });
});

describe('of nothing', () => {
  it('lists and maps are empty, counts are 0, shares and percentiles are null', () => {
    const nothing = [null];
    for (const name of ['firstN', 'lastN', 'firstDistinctN', 'lastDistinctN', 'minN', 'maxN'] as const)
      expect(ofTexts(name, nothing, { n: 3 })).toEqual([]);
    expect(ofTexts('topK', nothing, { k: 3 })).toEqual([]);
    expect(ofTexts('distinctValues', nothing, { limit: 3 })).toEqual([]);
    expect(ofTexts('countBy', nothing)).toEqual(new Map());
    expect(ofNumbers('histogram', nothing, { edges: [0] })).toEqual([0, 0]);
    expect(ofTexts('approxDistinctCount', nothing, { precision: 12 })).toBe(0);
    expect(ofTexts('mostFrequentShare', nothing)).toBeNull();
    expect(ofNumbers('approxPercentile', nothing, { p: 0.5, relativeError: 0.01 })).toBeNull();
  });
});
