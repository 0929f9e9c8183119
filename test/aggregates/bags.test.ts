import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Bag, Bags, EMPTY_BAG } from '../../src/aggregates/bags.ts';

function contents(bags: Bags, bag: Bag): Map<number, number> {
  const found = new Map<number, number>();
  bags.forEach(bag, (category, count) => found.set(category, count));
  return found;
}

const change = fc.record({
  bag: fc.nat(2),
  category: fc.oneof(fc.nat(5), fc.nat(200), fc.constantFrom(2 ** 30, 2 ** 30 + 64, 2 ** 30 + 128)),
  by: fc.integer({ min: -3, max: 3 }),
});

test('bags count as maps do, small or large, side by side', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 400 }), (changes) => {
      const bags = new Bags();
      const handles = [EMPTY_BAG, EMPTY_BAG, EMPTY_BAG];
      const model = [new Map<number, number>(), new Map<number, number>(), new Map<number, number>()];
      for (const { bag, category, by } of changes) {
        const counts = model[bag]!;
        const before = counts.get(category) ?? 0;
        // Counts never fall below 0, and a change by 0 is none.
        const step = before + by < 0 ? -before : by;
        if (step === 0) continue;
        handles[bag] = bags.change(handles[bag]!, category, step);
        expect(bags.before).toBe(before);
        if (before + step === 0) counts.delete(category);
        else counts.set(category, before + step);
        expect(bags.size(handles[bag]!)).toBe(counts.size);
      }
      for (const [index, counts] of model.entries()) {
        expect(contents(bags, handles[index]!)).toEqual(counts);
        if (counts.size === 0) expect(handles[index]).toBe(EMPTY_BAG);
      }
    }),
    { numRuns: 300 },
  );
});

test('what is freed is used again and holds nothing of before', () => {
  const bags = new Bags();
  for (let round = 0; round < 3; round++) {
    let large: Bag = EMPTY_BAG;
    for (let category = 0; category < 50; category++) large = bags.change(large, category, round + 1);
    expect(contents(bags, large).get(49)).toBe(round + 1);
    bags.free(large);
    const small = bags.change(EMPTY_BAG, 7, 1);
    expect(contents(bags, small)).toEqual(new Map([[7, 1]]));
    bags.free(small);
  }
});
