import fc from 'fast-check';
import { expect, test } from 'vitest';
import { EMPTY_LIST, type RowList, RowLists } from '../../src/aggregates/row-lists.ts';

const WIDTH = 2;

function contents(lists: RowLists, list: RowList): number[][] {
  return Array.from({ length: lists.size(list) }, (_, index) => {
    const row = lists.row(list, index);
    return Array.from(lists.cells.subarray(row, row + WIDTH));
  });
}

const step = fc.record({
  list: fc.nat(2),
  kind: fc.constantFrom('open', 'open', 'open', 'close', 'free'),
  place: fc.nat(),
});

test('lists are what arrays are, side by side, however they grow, shrink and end', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: 'max' }), (steps) => {
      const lists = new RowLists(WIDTH);
      const handles = [EMPTY_LIST, EMPTY_LIST, EMPTY_LIST];
      const model: number[][][] = [[], [], []];
      for (const [time, { list, kind, place }] of steps.entries()) {
        const rows = model[list]!;
        if (kind === 'open') {
          const index = place % (rows.length + 1);
          rows.splice(index, 0, [time, -time]);
          handles[list] = lists.open(handles[list]!, index);
          const row = lists.row(handles[list]!, index);
          lists.cells.set([time, -time], row);
        } else if (kind === 'close' && rows.length > 0) {
          const index = place % rows.length;
          rows.splice(index, 1);
          handles[list] = lists.close(handles[list]!, index);
        } else if (kind === 'free') {
          model[list] = [];
          lists.free(handles[list]!);
          handles[list] = EMPTY_LIST;
        }
        for (const [other, expected] of model.entries()) {
          expect(contents(lists, handles[other]!)).toEqual(expected);
        }
      }
    }),
  );
});

test('what is freed is used again', () => {
  const lists = new RowLists(WIDTH);
  let list = EMPTY_LIST;
  for (let index = 0; index < 5; index++) list = lists.open(list, index);
  lists.free(list);
  const { length } = lists.cells;
  for (let round = 0; round < 1000; round++) {
    let again = EMPTY_LIST;
    for (let index = 0; index < 5; index++) again = lists.open(again, 0);
    lists.free(again);
  }
  expect(lists.cells.length).toBe(length);
});
