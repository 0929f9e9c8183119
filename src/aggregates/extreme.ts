import { compareText } from '../definitions/expression-runtime.ts';
import { type Cells, UniformAggregate } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';
import type { Dictionary } from './dictionary.ts';

/** An extreme cannot be subtracted: when the pane that holds it leaves, the window is rebuilt. NaN is "no value". */
abstract class Extreme extends UniformAggregate {
  override readonly paneWidth = 1;
  override readonly subtracts = false;

  override initPane(cells: Cells, at: number): void {
    cells[at] = Number.NaN;
  }

  abstract override insertPane(cells: Cells, at: number, input: number): void;

  override add(cells: Cells, window: number, pane: number): void {
    const value = cells[pane]!;
    if (!Number.isNaN(value)) this.insertWindow(cells, window, value, 0, 0, 0);
  }

  override subtract(cells: Cells, window: number, pane: number): boolean {
    return cells[window] !== cells[pane];
  }

  override result(cells: Cells, window: number): number {
    return cells[window]!;
  }

  override isEmpty(cells: Cells, window: number): boolean {
    return Number.isNaN(cells[window]!);
  }
}

abstract class NumberExtreme extends Extreme {
  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    out.double(cells[pane]!);
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    cells[pane] = from.double();
  }
}

/** `min(x)` of numbers; null of nothing. */
export class NumberMin extends NumberExtreme {
  override insertPane(cells: Cells, at: number, input: number): void {
    if (!(cells[at]! <= input)) cells[at] = input;
  }
}

/** `max(x)` of numbers; null of nothing. */
export class NumberMax extends NumberExtreme {
  override insertPane(cells: Cells, at: number, input: number): void {
    if (!(cells[at]! >= input)) cells[at] = input;
  }
}

/**
 * `min(x)` and `max(x)` of strings, compared by their UTF-8 bytes; null of nothing. The cell holds the string's
 * number; panes retain it, and a window only shows what one of its panes retains.
 */
export class TextExtreme extends Extreme {
  readonly #dictionary: Dictionary;
  /** 1 keeps the greatest, −1 the least. */
  readonly #sign: 1 | -1;

  constructor(dictionary: Dictionary, which: 'min' | 'max') {
    super();
    this.#dictionary = dictionary;
    this.#sign = which === 'max' ? 1 : -1;
  }

  override freePane(cells: Cells, at: number): void {
    if (!Number.isNaN(cells[at]!)) this.#dictionary.release(cells[at]!);
  }

  override insertPane(cells: Cells, at: number, input: number): void {
    if (!this.#beats(input, cells[at]!)) return;
    this.freePane(cells, at);
    this.#dictionary.retain(input);
    cells[at] = input;
  }

  override mergePane(cells: Cells, pane: number, from: number): void {
    if (!Number.isNaN(cells[from]!)) this.insertPane(cells, pane, cells[from]!);
  }

  override insertWindow(cells: Cells, at: number, input: number): void {
    if (this.#beats(input, cells[at]!)) cells[at] = input;
  }

  override encodePane(cells: Cells, pane: number, out: ByteWriter): void {
    const some = !Number.isNaN(cells[pane]!);
    out.byte(some ? 1 : 0);
    if (some) out.text(this.#dictionary.textOf(cells[pane]!));
  }

  override decodePane(cells: Cells, pane: number, from: ByteReader): void {
    this.initPane(cells, pane);
    if (from.byte() === 1) this.insertPane(cells, pane, this.#dictionary.intern(from.text()));
  }

  #beats(candidate: number, holder: number): boolean {
    if (candidate === holder) return false;
    if (Number.isNaN(holder)) return true;
    return compareText(this.#dictionary.textOf(candidate), this.#dictionary.textOf(holder)) * this.#sign > 0;
  }
}
