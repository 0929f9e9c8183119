import type { Cells } from './aggregate.ts';
import { DoubleSum, IntegerSum } from './sum.ts';

/** `avg(x)`: the sum (exact, rounded once) / how many. Null of nothing, and while the sum is out of range. */
export class IntegerAvg extends IntegerSum {
  override result(cells: Cells, window: number): number {
    return super.result(cells, window) / cells[window]! + 0;
  }
}

/** `avg(x)` of doubles: the sum (exact, rounded once) / how many. Null of nothing, and while the sum is out of range. */
export class DoubleAvg extends DoubleSum {
  override result(cells: Cells, window: number): number {
    return super.result(cells, window) / cells[window]! + 0;
  }
}
