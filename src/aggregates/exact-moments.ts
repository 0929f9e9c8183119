import type { Cells } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';

/** A product of inputs, its factors by name: `'xx'` is x², `'xy'` is x·y. */
export type Monomial = 'x' | 'xx' | 'xxx' | 'xxxx' | 'y' | 'yy' | 'xy';

/** How many pairs, the exponents of x and of y, the place of the sums. */
export const EXACT_MOMENTS_CELLS = 4;
const COUNT = 0;
const EXPONENT_X = 1;
const EXPONENT_Y = 2;
const PLACE = 3;

const TRIMMED_BITS = 64;

const view = new DataView(new ArrayBuffer(8));

/**
 * Sums of products of doubles without any rounding: the order of additions, subtractions and merges changes nothing
 * (semantics.md, "NULL and number rules").
 *
 * Every double is an integer times a power of two. With one 2^ex that divides each x and one 2^ey that divides each y,
 * all sums are integers, that of x^a·y^b in units of 2^(a·ex + b·ey). They are BigInts, a place of consecutive ones
 * for each pane or window; the exponents follow the values.
 */
export class ExactMoments {
  /** How often x and y are factors of each monomial. */
  readonly #powersOfX: readonly number[];
  readonly #powersOfY: readonly number[];
  /** For each monomial but x and y themselves, the index of the one that lacks its last factor; else −1. */
  readonly #prefixes: readonly number[];
  readonly #lastIsX: readonly boolean[];
  readonly #hasY: boolean;
  readonly #products: bigint[];
  /** Place 0 stands for sums that are all 0. */
  readonly #sums: bigint[];
  readonly #free: number[] = [];

  /** Each monomial stands behind the one that lacks its last factor. */
  constructor(monomials: readonly Monomial[]) {
    this.#powersOfX = monomials.map((monomial) => monomial.replaceAll('y', '').length);
    this.#powersOfY = monomials.map((monomial) => monomial.replaceAll('x', '').length);
    this.#prefixes = monomials.map((monomial) => monomials.indexOf(monomial.slice(0, -1) as Monomial));
    this.#lastIsX = monomials.map((monomial) => monomial.endsWith('x'));
    this.#hasY = this.#powersOfY.some((power) => power > 0);
    this.#products = monomials.map(() => 0n);
    this.#sums = monomials.map(() => 0n);
  }

  init(cells: Cells, at: number): void {
    cells[at + COUNT] = 0;
    cells[at + EXPONENT_X] = 0;
    cells[at + EXPONENT_Y] = 0;
    cells[at + PLACE] = 0;
  }

  /** Gives back the place; the sums are 0 after. */
  clear(cells: Cells, at: number): void {
    const place = cells[at + PLACE]!;
    if (place !== 0) {
      this.#sums.fill(0n, place, place + this.#products.length);
      this.#free.push(place);
    }
    this.init(cells, at);
  }

  count(cells: Cells, at: number): number {
    return cells[at + COUNT]!;
  }

  /** The sum of the monomial of that index, in its unit. */
  sum(cells: Cells, at: number, index: number): bigint {
    return this.#sums[cells[at + PLACE]! + index]!;
  }

  exponentOfX(cells: Cells, at: number): number {
    return cells[at + EXPONENT_X]!;
  }

  exponentOfY(cells: Cells, at: number): number {
    return cells[at + EXPONENT_Y]!;
  }

  /** Adds the products of x·2^scale and y, finite doubles. */
  add(cells: Cells, at: number, x: number, y: number, scale: number): void {
    const exponentX = split(x) + scale;
    const mantissaX = mantissa;
    const exponentY = this.#hasY ? split(y) : 0;
    this.#lower(cells, at, exponentX, exponentY);
    cells[at + COUNT]!++;
    const integerX = BigInt(mantissaX) << BigInt(exponentX - cells[at + EXPONENT_X]!);
    const integerY = this.#hasY ? BigInt(mantissa) << BigInt(exponentY - cells[at + EXPONENT_Y]!) : 0n;
    const products = this.#products;
    const sums = this.#sums;
    const place = cells[at + PLACE]!;
    for (let i = 0; i < products.length; i++) {
      const factor = this.#lastIsX[i]! ? integerX : integerY;
      const prefix = this.#prefixes[i]!;
      const product = prefix < 0 ? factor : products[prefix]! * factor;
      products[i] = product;
      sums[place + i]! += product;
    }
  }

  /** Adds the sums at `other`. */
  merge(cells: Cells, at: number, other: number): void {
    if (cells[other + COUNT] === 0) return;
    this.#lower(cells, at, cells[other + EXPONENT_X]!, cells[other + EXPONENT_Y]!);
    cells[at + COUNT]! += cells[other + COUNT]!;
    const place = cells[at + PLACE]!;
    for (let i = 0; i < this.#products.length; i++)
      this.#sums[place + i]! += this.#inUnitsOf(cells, at, other, i);
  }

  /** Subtracts the sums at `other`, which are part of these. */
  unmerge(cells: Cells, at: number, other: number): void {
    if (cells[other + COUNT] === 0) return;
    cells[at + COUNT]! -= cells[other + COUNT]!;
    if (cells[at + COUNT] === 0) {
      this.clear(cells, at);
      return;
    }
    this.#lower(cells, at, cells[other + EXPONENT_X]!, cells[other + EXPONENT_Y]!);
    const place = cells[at + PLACE]!;
    for (let i = 0; i < this.#products.length; i++)
      this.#sums[place + i]! -= this.#inUnitsOf(cells, at, other, i);
    this.#trim(cells, place, at + EXPONENT_X, this.#powersOfX);
    this.#trim(cells, place, at + EXPONENT_Y, this.#powersOfY);
  }

  encode(cells: Cells, at: number, out: ByteWriter): void {
    const count = cells[at + COUNT]!;
    out.unsigned(count);
    if (count === 0) return;
    out.signed(cells[at + EXPONENT_X]!);
    out.signed(cells[at + EXPONENT_Y]!);
    for (let i = 0; i < this.#products.length; i++) out.text(this.sum(cells, at, i).toString());
  }

  decode(cells: Cells, at: number, from: ByteReader): void {
    this.init(cells, at);
    const count = from.unsigned();
    if (count === 0) return;
    this.#lower(cells, at, from.signed(), from.signed());
    cells[at + COUNT] = count;
    const place = cells[at + PLACE]!;
    for (let i = 0; i < this.#products.length; i++) this.#sums[place + i] = BigInt(from.text());
  }

  /** A sum at `other` in the units of those at `at`, which are no larger. */
  #inUnitsOf(cells: Cells, at: number, other: number, index: number): bigint {
    const shift =
      (cells[other + EXPONENT_X]! - cells[at + EXPONENT_X]!) * this.#powersOfX[index]! +
      (cells[other + EXPONENT_Y]! - cells[at + EXPONENT_Y]!) * this.#powersOfY[index]!;
    const sum = this.sum(cells, other, index);
    return shift === 0 ? sum : sum << BigInt(shift);
  }

  /** Makes the exponents no greater than these; those of nothing, and of sums that are all 0, follow upwards. */
  #lower(cells: Cells, at: number, exponentX: number, exponentY: number): void {
    if (cells[at + COUNT] === 0) {
      cells[at + EXPONENT_X] = exponentX;
      cells[at + EXPONENT_Y] = exponentY;
      cells[at + PLACE] = this.#allocate();
      return;
    }
    const place = cells[at + PLACE]!;
    this.#raiseZeros(cells, place, at + EXPONENT_X, this.#powersOfX, exponentX);
    this.#raiseZeros(cells, place, at + EXPONENT_Y, this.#powersOfY, exponentY);
    const byX = Math.max(0, cells[at + EXPONENT_X]! - exponentX);
    const byY = Math.max(0, cells[at + EXPONENT_Y]! - exponentY);
    if (byX === 0 && byY === 0) return;
    cells[at + EXPONENT_X]! -= byX;
    cells[at + EXPONENT_Y]! -= byY;
    for (let i = 0; i < this.#products.length; i++) {
      this.#sums[place + i]! <<= BigInt(byX * this.#powersOfX[i]! + byY * this.#powersOfY[i]!);
    }
  }

  /** An exponent that grows with time, as that of decayed values does, must not stay behind without end. */
  #raiseZeros(cells: Cells, place: number, at: number, powers: readonly number[], exponent: number): void {
    if (exponent - cells[at]! <= TRIMMED_BITS) return;
    for (let i = 0; i < powers.length; i++) {
      if (powers[i] !== 0 && this.#sums[place + i] !== 0n) return;
    }
    cells[at] = exponent;
  }

  /** Raises an exponent while the low bits of all its sums are 0: those that had need of them may have left. */
  #trim(cells: Cells, place: number, exponent: number, powers: readonly number[]): void {
    while (this.#isTrimmable(place, powers)) {
      cells[exponent]! += TRIMMED_BITS;
      for (let i = 0; i < powers.length; i++) this.#sums[place + i]! >>= BigInt(TRIMMED_BITS * powers[i]!);
    }
  }

  #isTrimmable(place: number, powers: readonly number[]): boolean {
    let someIsLeft = false;
    for (let i = 0; i < powers.length; i++) {
      const sum = this.#sums[place + i]!;
      if (powers[i] === 0 || sum === 0n) continue;
      if (BigInt.asUintN(TRIMMED_BITS * powers[i]!, sum) !== 0n) return false;
      someIsLeft = true;
    }
    return someIsLeft;
  }

  #allocate(): number {
    const free = this.#free.pop();
    if (free !== undefined) return free;
    const place = this.#sums.length;
    for (let i = 0; i < this.#products.length; i++) this.#sums.push(0n);
    return place;
  }
}

/** The integer of the double that was split last. */
let mantissa = 0;

/** Takes a double apart: it is {@link mantissa} times 2 to the power of what this gives. */
function split(value: number): number {
  if (Number.isSafeInteger(value)) {
    mantissa = value;
    return 0;
  }
  view.setFloat64(0, value);
  const high = view.getUint32(0);
  const biased = (high >>> 20) & 0x7ff;
  const magnitude = ((high & 0xfffff) | (biased === 0 ? 0 : 0x100000)) * 2 ** 32 + view.getUint32(4);
  mantissa = high >>> 31 === 1 ? -magnitude : magnitude;
  return Math.max(1, biased) - 1075;
}
