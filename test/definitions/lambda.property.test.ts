import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Row } from '../../src/definitions/definition.ts';
import { evaluateCounting, parse } from './lambda.ts';
import { lambdaRow, lambdaText } from './lambda-arbitrary.ts';
import { evaluateNaively } from './naive-evaluator.ts';

const RUNS = { numRuns: 3000 };

/** −0 is written 0. */
function plain(value: unknown): unknown {
  return Object.is(value, -0) ? 0 : value;
}

describe('a compiled lambda', () => {
  it('answers what JavaScript answers when nothing is null and nothing overflows', () => {
    let compared = 0;
    fc.assert(
      fc.property(lambdaText(false), lambdaRow(), (text, row) => {
        const { value, overflows } = evaluateCounting(text, row);
        if (overflows > 0) return;
        compared++;
        const real = new Function(`return (${text});`)() as (record: Row) => unknown;
        expect(Object.is(value, plain(real(row))), `${text} gives ${value}, not ${real(row)}`).toBe(true);
      }),
      RUNS,
    );
    expect(compared).toBeGreaterThan(RUNS.numRuns / 2);
  });

  it('answers what three-valued logic says when fields are null and results overflow', () => {
    fc.assert(
      fc.property(lambdaText(true), lambdaRow(), (text, row) => {
        const expected = plain(evaluateNaively(parse(text), row));
        const { value } = evaluateCounting(text, row);
        expect(Object.is(value, expected), `${text} gives ${value}, not ${expected}`).toBe(true);
      }),
      RUNS,
    );
  });

  it('is null without a null field only by an overflow that is counted', () => {
    fc.assert(
      fc.property(lambdaText(false), lambdaRow(), (text, row) => {
        const { value, overflows } = evaluateCounting(text, row);
        if (value === null) expect(overflows).toBeGreaterThan(0);
      }),
      RUNS,
    );
  });
});
