import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  acceptedSpans,
  type Coverage,
  cover,
  gaps,
  type Slice,
  SliceMeter,
  type Span,
} from '../../src/offline/coverage.ts';

/** Which part of the log a store covers, against a list of its positions one by one. */

const POSITIONS = 30;

const position = fc.nat({ max: POSITIONS });
const slice: fc.Arbitrary<Slice> = fc
  .record({ ends: fc.tuple(position, position), missing: fc.array(position), logTime: fc.nat() })
  .filter(({ ends: [a, b] }) => a !== b)
  .map(({ ends, missing, logTime }) => {
    const [from, to] = [Math.min(...ends), Math.max(...ends)];
    const isHole = (at: number) => missing.includes(at) && at > from && at < to - 1;
    return { from, to, holes: spansOf((at) => isHole(at)), logTime };
  });

/** The longest spans of positions for which it is so. */
function spansOf(isSo: (position: number) => boolean): Span[] {
  const spans: { from: number; to: number }[] = [];
  for (let at = 0; at <= POSITIONS; at++) {
    if (!isSo(at)) continue;
    const last = spans.at(-1);
    if (last?.to === at) last.to++;
    else spans.push({ from: at, to: at + 1 });
  }
  return spans;
}

function has(spans: readonly Span[], at: number): boolean {
  return spans.some(({ from, to }) => from <= at && at < to);
}

const everywhere = Array.from({ length: POSITIONS }, (_, at) => at);

describe('coverage', () => {
  it('is of each position what the replay with the most history said of it last', () => {
    fc.assert(
      fc.property(fc.array(slice, { minLength: 1, maxLength: 8 }), (slices) => {
        const histories: (number | null)[] = everywhere.map(() => null);
        const isHole = everywhere.map(() => false);
        let coverage: Coverage | null = null;
        for (const next of slices) {
          const accepted = acceptedSpans(coverage, next);
          coverage = cover(coverage, next);
          const last = histories.findLastIndex((history) => history !== null);
          for (const at of everywhere) {
            const isMine = has([next], at) && ((histories[at] ?? next.from) >= next.from || at === last);
            expect(has(accepted, at)).toBe(isMine);
            if (!isMine) continue;
            histories[at] = next.from;
            isHole[at] = has(next.holes, at);
          }
        }
        for (const at of everywhere) {
          const found = coverage!.covered.find((span) => has([span], at));
          expect(found?.history ?? null).toBe(histories[at]);
        }
        const known = everywhere.filter((at) => histories[at] !== null);
        const missing = (at: number) =>
          at > known[0]! && at < known.at(-1)! && (histories[at] === null || isHole[at]!);
        expect(everywhere.filter((at) => has(gaps(coverage!), at))).toEqual(everywhere.filter(missing));
        expect(coverage!.logTime).toBe(Math.max(...slices.map(({ logTime }) => logTime!)));
      }),
    );
  });

  it('stays one span when the same log is read again, longer or shorter', () => {
    const whole = { from: 1, to: 101, holes: [], logTime: 5 };
    const shorter = cover(cover(null, whole), { ...whole, to: 51 });
    expect(shorter.covered).toEqual([{ history: 1, from: 1, to: 101 }]);
    expect(cover(shorter, { ...whole, to: 201 }).covered).toEqual([{ history: 1, from: 1, to: 201 }]);
  });
});

describe('a slice', () => {
  const records = (...offsets: number[]) =>
    offsets.map((offset) => ({ offset, timestamp: 0, key: null, value: null }));

  it('says which versions its records have, and which are missing', () => {
    const meter = new SliceMeter(1);
    meter.add(records(5, 6));
    meter.add(records(9));
    const first = 2 ** 43 + 6;
    expect(meter.slice(7)).toEqual({
      from: first,
      to: first + 5,
      holes: [{ from: first + 2, to: first + 4 }],
      logTime: 7,
    });
  });

  it('of no records there is none, and of records without a time no log time', () => {
    expect(new SliceMeter(0).slice(7)).toBe(null);
    const meter = new SliceMeter(0);
    meter.add(records(0));
    expect(meter.slice(Number.NEGATIVE_INFINITY)?.logTime).toBe(null);
  });
});
