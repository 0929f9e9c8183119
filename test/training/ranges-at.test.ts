import { describe, expect, it } from 'vitest';
import { VectorJson } from '../../src/definitions/value.ts';
import { createRangesAt, type RangesAt } from '../../src/training/ranges-at.ts';
import { group, load } from '../definitions/definitions-file.ts';

/** What ranges hold that end at any time, one entity after the other. */

const MINUTE = 60_000;
const AFTER = 1000 * MINUTE;

/** Payments with a price each, so many minutes after 1970, in order. */
function pay(ranges: RangesAt, payments: readonly (readonly [minute: number, price: number])[]): void {
  for (const [offset, [minute, price]] of payments.entries()) {
    ranges.insert({ price }, minute * MINUTE, offset);
  }
}

describe('the last session', () => {
  const features = `
    n: count(),
    different: approxDistinctCount((t) => t.price),
    latest: lastN((t) => t.price, { n: 2 }),`;

  async function lastSession(options: string): Promise<RangesAt> {
    const { groups } = await load(group(features, `entity: 'card_id', session: '30m', ${options}`));
    return createRangesAt(groups[0]!);
  }

  it('holds the events since the last gap', async () => {
    const ranges = await lastSession('');
    pay(ranges, [
      [0, 1],
      [10, 2],
      [60, 3],
      [70, 4],
      [70, 4],
      [80, 5],
    ]);
    expect(ranges.at(AFTER)).toEqual({ windowEnd: 110 * MINUTE, values: [4, 3, new VectorJson('[5,4]')] });
  });

  it('begins anew where it would last too long', async () => {
    const ranges = await lastSession("maxDuration: '1h',");
    pay(ranges, [
      [0, 1],
      [25, 2],
      [50, 3],
      [61, 4],
      [70, 5],
    ]);
    expect(ranges.at(AFTER)).toEqual({ windowEnd: 100 * MINUTE, values: [2, 2, new VectorJson('[5,4]')] });
  });

  it('is nothing before the first event, and again for the next entity', async () => {
    const ranges = await lastSession('');
    const nothing = { windowEnd: null, values: [0, 0, new VectorJson('[]')] };
    expect(ranges.at(AFTER)).toEqual(nothing);
    pay(ranges, [[0, 1]]);
    ranges.nextEntity();
    expect(ranges.at(AFTER)).toEqual(nothing);
    pay(ranges, [[5, 7]]);
    expect(ranges.at(AFTER)).toEqual({ windowEnd: 35 * MINUTE, values: [1, 1, new VectorJson('[7]')] });
  });
});
