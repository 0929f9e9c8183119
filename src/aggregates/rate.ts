import { type Cells, UniformAggregate } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';

/** `rate(p)`: records with p true / records with p not null, a double in [0, 1]; null on none. */
export class Rate extends UniformAggregate {
  override readonly paneWidth = 2;
  override readonly subtracts = true;

  override initPane(cells: Cells, at: number): void {
    cells[at] = 0;
    cells[at + 1] = 0;
  }

  override insertPane(cells: Cells, at: number, input: number): void {
    cells[at]! += input;
    cells[at + 1]!++;
  }

  override insertWindow(cells: Cells, at: number, input: number): void {
    cells[at]! += input;
    cells[at + 1]!++;
  }

  override add(cells: Cells, window: number, pane: number): void {
    cells[window]! += cells[pane]!;
    cells[window + 1]! += cells[pane + 1]!;
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    cells[window]! -= cells[pane]!;
    cells[window + 1]! -= cells[pane + 1]!;
    return true;
  }

  override result(cells: Cells, window: number): number {
    const known = cells[window + 1]!;
    return known === 0 ? Number.NaN : cells[window]! / known;
  }

  override isEmpty(cells: Cells, window: number): boolean {
    return cells[window + 1] === 0;
  }

  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    out.unsigned(cells[pane]!);
    out.unsigned(cells[pane + 1]!);
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    cells[pane] = from.unsigned();
    cells[pane + 1] = from.unsigned();
  }
}
