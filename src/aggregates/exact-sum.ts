import type { Cells } from './aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';

/**
 * Sums of doubles without any rounding: the order of additions, subtractions and merges changes nothing, and a
 * sum whose terms have all left is exactly 0 again (semantics.md, "NULL and number rules").
 *
 * Four cells. Three hold whole multiples of 1, 2^−44 and 2^−88, a fixed-point number that takes every double
 * below 2^44 whose lowest bit is at least 2^−88: amounts, ratios, delays. A term outside, or a carry beyond
 * 2^52, goes to a BigInt in units of 2^−1074, the lowest bit that a double can have; the fourth cell is its
 * handle, 0 for none.
 */
export const EXACT_SUM_CELLS = 4;

const LIMB = 2 ** 44;
const PER_LIMB = 2 ** -44;
const LOW_UNIT = 2 ** -88;
/** Limbs stay below this, so that two of them add without rounding. */
const CARRY_AT = 2 ** 51;
const LOWEST_BIT = 1074n;

const view = new DataView(new ArrayBuffer(8));

export class ExactSums {
  readonly #rests: bigint[] = [0n];
  readonly #free: number[] = [];

  init(cells: Cells, at: number): void {
    cells[at] = 0;
    cells[at + 1] = 0;
    cells[at + 2] = 0;
    cells[at + 3] = 0;
  }

  /** Gives back the BigInt, if there is one; the sum is 0 after. */
  clear(cells: Cells, at: number): void {
    if (cells[at + 3] !== 0) this.#setRest(cells, at, 0n);
    this.init(cells, at);
  }

  /** Adds a finite double. */
  add(cells: Cells, at: number, term: number): void {
    const whole = Math.trunc(term);
    const scaled = (term - whole) * LIMB;
    const middle = Math.trunc(scaled);
    const low = (scaled - middle) * LIMB;
    if (whole >= LIMB || whole <= -LIMB || low !== Math.trunc(low)) {
      this.#setRest(cells, at, this.#rest(cells, at) + toLowestBits(term));
      return;
    }
    cells[at]! += whole;
    cells[at + 1]! += middle;
    cells[at + 2]! += low;
    this.#carry(cells, at);
  }

  /** Adds the sum at `other`. */
  merge(cells: Cells, at: number, other: number): void {
    cells[at]! += cells[other]!;
    cells[at + 1]! += cells[other + 1]!;
    cells[at + 2]! += cells[other + 2]!;
    if (cells[other + 3] !== 0) this.#setRest(cells, at, this.#rest(cells, at) + this.#rest(cells, other));
    this.#carry(cells, at);
  }

  /** Subtracts the sum at `other`. */
  unmerge(cells: Cells, at: number, other: number): void {
    cells[at]! -= cells[other]!;
    cells[at + 1]! -= cells[other + 1]!;
    cells[at + 2]! -= cells[other + 2]!;
    if (cells[other + 3] !== 0) this.#setRest(cells, at, this.#rest(cells, at) - this.#rest(cells, other));
    this.#carry(cells, at);
  }

  /** The true sum, rounded once to the nearest double (ties to even); infinite when it is out of range. */
  round(cells: Cells, at: number): number {
    const whole = cells[at]!;
    const middle = cells[at + 1]!;
    const low = cells[at + 2]!;
    if (cells[at + 3] !== 0) {
      return fromLowestBits(
        this.#rest(cells, at) +
          (BigInt(whole) << LOWEST_BIT) +
          (BigInt(middle) << (LOWEST_BIT - 44n)) +
          (BigInt(low) << (LOWEST_BIT - 88n)),
      );
    }
    if (middle === 0 && low === 0) return whole + 0;
    return roundThree(whole, middle * PER_LIMB, low * LOW_UNIT) + 0;
  }

  encode(cells: Cells, at: number, out: ByteWriter): void {
    out.signed(cells[at]!);
    out.signed(cells[at + 1]!);
    out.signed(cells[at + 2]!);
    out.text(cells[at + 3] === 0 ? '' : this.#rest(cells, at).toString(36));
  }

  decode(cells: Cells, at: number, from: ByteReader): void {
    this.init(cells, at);
    cells[at] = from.signed();
    cells[at + 1] = from.signed();
    cells[at + 2] = from.signed();
    const rest = from.text();
    if (rest !== '') this.#setRest(cells, at, parseBase36(rest));
  }

  #carry(cells: Cells, at: number): void {
    const low = cells[at + 2]!;
    if (low > CARRY_AT || low < -CARRY_AT) {
      const up = Math.trunc(low * PER_LIMB);
      cells[at + 2] = low - up * LIMB;
      cells[at + 1]! += up;
    }
    const middle = cells[at + 1]!;
    if (middle > CARRY_AT || middle < -CARRY_AT) {
      const up = Math.trunc(middle * PER_LIMB);
      cells[at + 1] = middle - up * LIMB;
      cells[at]! += up;
    }
    const whole = cells[at]!;
    if (whole > CARRY_AT || whole < -CARRY_AT) {
      cells[at] = 0;
      this.#setRest(cells, at, this.#rest(cells, at) + (BigInt(whole) << LOWEST_BIT));
    }
  }

  #rest(cells: Cells, at: number): bigint {
    return this.#rests[cells[at + 3]!]!;
  }

  #setRest(cells: Cells, at: number, rest: bigint): void {
    const handle = cells[at + 3]!;
    if (rest === 0n) {
      if (handle === 0) return;
      this.#rests[handle] = 0n;
      this.#free.push(handle);
      cells[at + 3] = 0;
    } else if (handle === 0) {
      const fresh = this.#free.pop() ?? this.#rests.length;
      this.#rests[fresh] = rest;
      cells[at + 3] = fresh;
    } else {
      this.#rests[handle] = rest;
    }
  }
}

/**
 * a + b + c rounded once. The error of each two-sum is exact (Knuth, TAOCP 2, 4.2.2), so three numbers in falling
 * order of size remain; the last only decides where the first two stand exactly between two doubles.
 */
function roundThree(a: number, b: number, c: number): number {
  const tail = b + c;
  const tailError = twoSumError(b, c, tail);
  const head = a + tail;
  const headError = twoSumError(a, tail, head);
  const rest = headError + tailError;
  const restError = twoSumError(headError, tailError, rest);
  const sum = head + rest;
  const lost = twoSumError(head, rest, sum);
  if (lost === 0 || restError === 0) return sum;
  // `lost` is a tie when twice it moves the sum by exactly that: then the sign of what is left decides.
  const twice = 2 * lost;
  const moved = sum + twice;
  return moved - sum === twice && lost > 0 === restError > 0 ? moved : sum;
}

function twoSumError(a: number, b: number, sum: number): number {
  const part = sum - a;
  return a - (sum - part) + (b - part);
}

/** The double in units of 2^−1074. */
export function toLowestBits(value: number): bigint {
  view.setFloat64(0, value);
  const high = view.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const fraction = (BigInt(high & 0xfffff) << 32n) | BigInt(view.getUint32(4));
  const magnitude = exponent === 0 ? fraction : (fraction | (1n << 52n)) << BigInt(exponent - 1);
  return high >>> 31 === 1 ? -magnitude : magnitude;
}

/** The nearest double (ties to even) to a number of units of 2^−1074; infinite when it is out of range. */
export function fromLowestBits(units: bigint): number {
  const negative = units < 0n;
  const magnitude = negative ? -units : units;
  const bits = magnitude.toString(2).length;
  let value: number;
  if (bits <= 53) {
    value = Number(magnitude) * 2 ** -1074;
  } else {
    const shift = BigInt(bits - 53);
    let mantissa = magnitude >> shift;
    const rest = magnitude - (mantissa << shift);
    const half = 1n << (shift - 1n);
    if (rest > half || (rest === half && (mantissa & 1n) === 1n)) mantissa += 1n;
    const exponent = Number(shift) - 1074;
    value = exponent > 971 ? Number.POSITIVE_INFINITY : Number(mantissa) * 2 ** exponent;
  }
  return negative && value !== 0 ? -value : value;
}

function parseBase36(text: string): bigint {
  const negative = text.startsWith('-');
  let value = 0n;
  for (const digit of negative ? text.slice(1) : text)
    value = value * 36n + BigInt(Number.parseInt(digit, 36));
  return negative ? -value : value;
}
