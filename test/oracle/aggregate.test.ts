import { describe, expect, it } from 'vitest';
import type { AggregateName } from '../../src/definitions/aggregate-signatures.ts';
import type { Scalar, Value } from '../../src/definitions/definition.ts';
import { aggregateOf, type FeatureDescription } from './aggregate.ts';

function over(
  aggregate: AggregateName,
  inputs: readonly (Scalar | null)[],
  options: Partial<FeatureDescription> = {},
): Value | null {
  const feature: FeatureDescription = {
    name: 'f',
    aggregate,
    range: { kind: 'last', lengthMs: 1 },
    input: (row) => row['x'] ?? null,
    other: null,
    integer: false,
    parameters: {},
    where: null,
    default: null,
    ...options,
  };
  const contents = inputs.map((x, offset) => ({ eventTime: 0, offset, row: { x } }));
  return aggregateOf(feature, contents, 1);
}

describe('the aggregates of the oracle, worked out by hand', () => {
  it('skips nulls', () => {
    expect(over('count', [1, null, 2])).toBe(2);
    expect(over('count', [1, null, 2], { input: null })).toBe(3);
    expect(over('sum', [1, null, 2])).toBe(3);
    expect(over('avg', [1, null, 2])).toBe(1.5);
    expect(over('first', [null, 1, 2])).toBe(1);
    expect(over('last', [1, 2, null])).toBe(2);
    expect(over('rate', [true, null, false, false])).toBe(1 / 3);
  });

  it('knows what nothing is', () => {
    for (const nothing of [[], [null]]) {
      expect(over('count', nothing)).toBe(0);
      expect(over('distinctCount', nothing)).toBe(0);
      for (const aggregate of ['sum', 'avg', 'min', 'max', 'first', 'last', 'rate', 'entropy'] as const) {
        expect(over(aggregate, nothing)).toBeNull();
        expect(over(aggregate, nothing, { default: 7 })).toBe(7);
      }
    }
  });

  it('has no default for a sum out of range', () => {
    expect(over('sum', [1e308, 1e308], { default: 0 })).toBeNull();
    expect(over('avg', [2 ** 53 - 1, 1], { default: 0, integer: true })).toBeNull();
  });

  it('compares strings by their UTF-8 bytes', () => {
    // U+FF5E is EF BD 9E, U+1F600 is F0 9F 98 80 (but D83D DE00 as UTF-16, below FF5E).
    expect(over('max', ['\uff5e', '\u{1f600}'])).toBe('\u{1f600}');
    expect(over('min', ['\uff5e', '\u{1f600}'])).toBe('\uff5e');
  });

  it('measures entropy in bits', () => {
    expect(over('entropy', ['a', 'b'])).toBe(1);
    expect(over('entropy', ['a', 'b', 'c', 'd', null])).toBe(2);
    expect(over('entropy', ['a', 'a', 'a'])).toBe(0);
    expect(over('entropy', ['a', 'a', 'b'])).toBe(Math.log2(3) - 2 / 3); // Σ c·log2 c = 2 · 1 + 1 · 0
  });

  it('orders first and last by event time, then offset', () => {
    const feature = {
      name: 'f',
      range: { kind: 'lifetime' } as const,
      other: null,
      integer: false,
      parameters: {},
      where: null,
      default: null,
    };
    const contents = [
      { eventTime: 5, offset: 0, row: { x: 'late' } },
      { eventTime: 1, offset: 1, row: { x: 'first' } },
      { eventTime: 5, offset: 2, row: { x: 'last' } },
      { eventTime: 1, offset: 3, row: { x: 'second' } },
    ];
    const input = (row: Readonly<Record<string, Scalar | null>>) => row['x'] ?? null;
    expect(aggregateOf({ ...feature, aggregate: 'first', input }, contents, 9)).toBe('first');
    expect(aggregateOf({ ...feature, aggregate: 'last', input }, contents, 9)).toBe('last');
  });

  it('has no −0', () => {
    expect(over('min', [-0])).toBe(0);
    expect(over('avg', [-5e-324, 0, 0, 0])).toBe(0);
  });
});
