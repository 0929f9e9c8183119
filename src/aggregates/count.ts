import { type Cells, UniformAggregate } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';

/** `count()`: records; `count(x)`: records whose x is not null. 0 of nothing. */
export class Count extends UniformAggregate {
  override readonly paneWidth = 1;
  override readonly subtracts = true;

  override initPane(cells: Cells, at: number): void {
    cells[at] = 0;
  }

  override insertPane(cells: Cells, at: number): void {
    cells[at]!++;
  }

  override insertWindow(cells: Cells, at: number): void {
    cells[at]!++;
  }

  override add(cells: Cells, window: number, pane: number): void {
    cells[window]! += cells[pane]!;
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    cells[window]! -= cells[pane]!;
    return true;
  }

  override result(cells: Cells, window: number): number {
    return cells[window]!;
  }

  override isEmpty(cells: Cells, window: number): boolean {
    return cells[window] === 0;
  }

  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    out.unsigned(cells[pane]!);
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    cells[pane] = from.unsigned();
  }
}
