import { describe, expect, it } from 'vitest';
import { EXACT_MOMENTS_CELLS, ExactMoments } from '../../src/aggregates/exact-moments.ts';

const A = 0;
const B = EXACT_MOMENTS_CELLS;

function bench(): { moments: ExactMoments; cells: Float64Array } {
  const moments = new ExactMoments(['x', 'xx']);
  const cells = new Float64Array(2 * EXACT_MOMENTS_CELLS);
  moments.init(cells, A);
  moments.init(cells, B);
  return { moments, cells };
}

describe('exact sums of products', () => {
  it('are in units that divide every value', () => {
    const { moments, cells } = bench();
    moments.add(cells, A, 3, 0, 0);
    expect([moments.exponentOfX(cells, A), moments.sum(cells, A, 1)]).toEqual([0, 9n]);
    // 0.5 is 2^52 in units of 2^−53, and 3 is 3·2^53.
    moments.add(cells, A, 0.5, 0, 0);
    expect([moments.exponentOfX(cells, A), moments.sum(cells, A, 0)]).toEqual([-53, 7n << 52n]);
    expect(moments.sum(cells, A, 1)).toBe(37n << 104n); // 9.25 in units of 2^−106
  });

  it('grow short again when the values that needed small units have left', () => {
    const { moments, cells } = bench();
    moments.add(cells, A, 7, 0, 0);
    moments.add(cells, B, Number.MIN_VALUE, 0, 0);
    moments.merge(cells, A, B);
    expect(moments.exponentOfX(cells, A)).toBe(-1074);
    moments.unmerge(cells, A, B);
    expect(moments.exponentOfX(cells, A)).toBeGreaterThan(-64);
    expect(moments.sum(cells, A, 0) << BigInt(moments.exponentOfX(cells, A) + 64)).toBe(7n << 64n);
  });

  it('do not change when those of nothing are added or subtracted', () => {
    const { moments, cells } = bench();
    moments.add(cells, A, 5, 0, 1e12);
    moments.merge(cells, A, B);
    moments.unmerge(cells, A, B);
    expect([moments.exponentOfX(cells, A), moments.sum(cells, A, 0)]).toEqual([1e12, 5n]);
  });

  it('follow a scale that grows without end, even from sums of 0', () => {
    const { moments, cells } = bench();
    moments.add(cells, A, 0, 0, 0);
    moments.add(cells, A, 5, 0, 1e12);
    expect([moments.exponentOfX(cells, A), moments.sum(cells, A, 0)]).toEqual([1e12, 5n]);
  });

  it('give back their place', () => {
    const { moments, cells } = bench();
    moments.add(cells, A, 2, 0, 0);
    const place = cells[A + EXACT_MOMENTS_CELLS - 1];
    moments.clear(cells, A);
    moments.add(cells, B, 3, 0, 0);
    expect(cells[B + EXACT_MOMENTS_CELLS - 1]).toBe(place);
    expect(moments.sum(cells, B, 0)).toBe(3n);
  });
});
