import { type Cells, UniformAggregate } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';

/**
 * `timeSinceLast()`: from the latest event to window_end, in milliseconds; null of nothing. Cell: the latest event
 * time, NaN for none.
 */
export class TimeSinceLast extends UniformAggregate {
  override readonly paneWidth = 1;
  override readonly subtracts = false;

  override initPane(cells: Cells, at: number): void {
    cells[at] = Number.NaN;
  }

  override insertPane(cells: Cells, at: number, _input: number, eventTime: number): void {
    if (!(cells[at]! >= eventTime)) cells[at] = eventTime;
  }

  override add(cells: Cells, window: number, pane: number): void {
    if (!(cells[window]! >= cells[pane]!) && !Number.isNaN(cells[pane]!)) cells[window] = cells[pane]!;
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    return cells[window] !== cells[pane];
  }

  /** Panes are in order of time: the last one with an event decides. */
  override rebuild(cells: Cells, window: number, first: number, end: number, stride: number): void {
    this.clearWindow(cells, window);
    for (let pane = end - stride; pane >= first && Number.isNaN(cells[window]!); pane -= stride) {
      this.add(cells, window, pane);
    }
  }

  override result(cells: Cells, window: number, windowEnd: number): number {
    return windowEnd - cells[window]!;
  }

  override isEmpty(cells: Cells, window: number): boolean {
    return Number.isNaN(cells[window]!);
  }

  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    out.double(cells[pane]!);
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    cells[pane] = from.double();
  }
}

/**
 * `timeSpan()`: from the earliest event to the latest, in milliseconds; null of nothing. Cells: the earliest and the
 * latest event time, NaN for none.
 */
export class TimeSpan extends UniformAggregate {
  override readonly paneWidth = 2;
  override readonly subtracts = false;

  override initPane(cells: Cells, at: number): void {
    cells[at] = Number.NaN;
    cells[at + 1] = Number.NaN;
  }

  override insertPane(cells: Cells, at: number, _input: number, eventTime: number): void {
    this.#stretch(cells, at, eventTime, eventTime);
  }

  override add(cells: Cells, window: number, pane: number): void {
    if (!this.isEmpty(cells, pane)) this.#stretch(cells, window, cells[pane]!, cells[pane + 1]!);
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    return cells[window] !== cells[pane] && cells[window + 1] !== cells[pane + 1];
  }

  /** Panes are in order of time: the first and the last one with an event decide. */
  override rebuild(cells: Cells, window: number, first: number, end: number, stride: number): void {
    this.clearWindow(cells, window);
    let earliest = first;
    while (earliest < end && this.isEmpty(cells, earliest)) earliest += stride;
    if (earliest === end) return;
    let latest = end - stride;
    while (this.isEmpty(cells, latest)) latest -= stride;
    this.add(cells, window, earliest);
    this.add(cells, window, latest);
  }

  override result(cells: Cells, window: number): number {
    return cells[window + 1]! - cells[window]!;
  }

  override isEmpty(cells: Cells, window: number): boolean {
    return Number.isNaN(cells[window]!);
  }

  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    out.double(cells[pane]!);
    out.double(cells[pane + 1]!);
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    cells[pane] = from.double();
    cells[pane + 1] = from.double();
  }

  #stretch(cells: Cells, at: number, earliest: number, latest: number): void {
    if (!(cells[at]! <= earliest)) cells[at] = earliest;
    if (!(cells[at + 1]! >= latest)) cells[at + 1] = latest;
  }
}
