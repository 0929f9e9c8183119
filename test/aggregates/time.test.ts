import { describe, expect, it } from 'vitest';
import type { AggregateName } from '../../src/definitions/aggregate-signatures.ts';
import type { AggregateParameters } from '../../src/definitions/definition.ts';
import { Bench, END, PANES } from './bench.ts';

/** The aggregate over values at times, all of them in the window that ends at {@link END}. */
function over(
  name: AggregateName,
  events: readonly (readonly [eventTime: number, x: number])[],
  parameters: AggregateParameters = {},
): Bench {
  const bench = new Bench(name, ['number'], parameters);
  bench.fill(events.map(([eventTime, x], offset) => ({ eventTime, offset, row: { x, y: 0 } })));
  bench.add(0, PANES);
  return bench;
}

describe('values that fade, worked out by hand', () => {
  it('weigh half after each half-life', () => {
    // Ages at 60: 20, 40, 60.
    const events = [
      [40, 8],
      [20, 8],
      [0, 8],
    ] as const;
    expect(over('decayedSum', events, { halfLife: 20 }).answer(END).value).toBe(4 + 2 + 1);
    expect(over('decayedCount', events, { halfLife: 20 }).answer(END).value).toBe(0.875);
  });

  it('weigh what lies between by a power of two', () => {
    // Ages 15 and 25 of half-lives of 20; 60 is the end of one.
    const { value } = over(
      'decayedSum',
      [
        [45, 1],
        [35, 1],
      ],
      { halfLife: 20 },
    ).answer(END);
    expect(value).toBeCloseTo(2 ** -0.75 + 2 ** -1.25, 15);
    // Ages 11 and 51 of half-lives of 7; 60 is no end of one.
    const odd = over(
      'decayedSum',
      [
        [49, 3],
        [9, -5],
      ],
      { halfLife: 7 },
    ).answer(END);
    expect(odd.value).toBeCloseTo(3 * 2 ** (-11 / 7) - 5 * 2 ** (-51 / 7), 15);
  });

  it('are 0, or null, of nothing', () => {
    expect(over('decayedCount', [], { halfLife: 5 }).answer(END)).toEqual({ value: 0, empty: true });
    expect(over('decayedSum', [], { halfLife: 5 }).answer(END)).toEqual({ value: null, empty: true });
  });

  it('may be as great as doubles can be, and are null beyond', () => {
    const half = Number.MAX_VALUE / 2;
    expect(
      over(
        'decayedSum',
        [
          [59, half],
          [59, half],
        ],
        { halfLife: 1000 },
      ).answer(END).value,
    ).toBeGreaterThan(half);
    const beyond = over(
      'decayedSum',
      [
        [59, half],
        [59, half],
        [59, half],
      ],
      { halfLife: 1000 },
    );
    expect(beyond.answer(END)).toEqual({ value: null, empty: false });
    expect(beyond.aggregate.isOutOfRange(beyond.cells, beyond.window)).toBe(true);
  });
});

describe('times of events, worked out by hand', () => {
  it('say how long ago the latest was', () => {
    expect(
      over('timeSinceLast', [
        [3, 0],
        [41, 0],
        [25, 0],
      ]).answer(END).value,
    ).toBe(19);
    expect(over('timeSinceLast', []).answer(END)).toEqual({ value: null, empty: true });
  });

  it('say how far apart the first and the last were', () => {
    expect(
      over('timeSpan', [
        [25, 0],
        [3, 0],
        [41, 0],
      ]).answer(END).value,
    ).toBe(38);
    expect(over('timeSpan', [[25, 0]]).answer(END).value).toBe(0);
    expect(over('timeSpan', []).answer(END)).toEqual({ value: null, empty: true });
  });
});
