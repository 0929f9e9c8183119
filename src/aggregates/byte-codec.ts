import type { Scalar } from '../definitions/definition.ts';
import { assert } from '../errors.ts';

const BOOLEAN_FALSE = 0;
const BOOLEAN_TRUE = 1;
const INTEGER = 2;
const DOUBLE = 3;
const TEXT = 4;

/** Shorter than what takes two bytes to tell its length. */
const SHORT_TEXT = 64;

/** Writes entity states: variable-length integers, doubles, texts; grows as needed and is reused. */
export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(room = 4096) {
    this.#bytes = Buffer.allocUnsafe(room);
  }

  /** Bytes written since the last {@link take}. */
  get length(): number {
    return this.#length;
  }

  /** A copy of what was written since the last `take`; the writer is empty again. */
  take(): Uint8Array {
    const taken = Uint8Array.prototype.slice.call(this.#bytes, 0, this.#length);
    this.#length = 0;
    return taken;
  }

  byte(value: number): void {
    this.#room(1);
    this.#bytes[this.#length++] = value;
  }

  /** An integer 0 ≤ value < 2^53, seven bits a byte, the low ones first (LEB128). */
  unsigned(value: number): void {
    this.#room(8);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  /** An integer within ±(2^53−1): its sign in the first byte, so that no bit is lost to zigzag. */
  signed(value: number): void {
    const magnitude = Math.abs(value);
    this.#room(9);
    const low = magnitude % 0x40;
    const high = (magnitude - low) / 0x40;
    this.#bytes[this.#length++] = low | (value < 0 ? 0x40 : 0) | (high > 0 ? 0x80 : 0);
    if (high > 0) this.unsigned(high);
  }

  double(value: number): void {
    this.#room(8);
    this.#bytes.writeDoubleLE(value, this.#length);
    this.#length += 8;
  }

  text(value: string): void {
    if (value.length < SHORT_TEXT && this.#shortText(value)) return;
    const size = Buffer.byteLength(value);
    this.unsigned(size);
    this.#room(size);
    this.#bytes.write(value, this.#length);
    this.#length += size;
  }

  /** Most texts are short and ASCII: a loop is several times faster than a call of the runtime. */
  #shortText(value: string): boolean {
    const { length } = value;
    this.#room(length + 1);
    const bytes = this.#bytes;
    const at = this.#length + 1;
    for (let index = 0; index < length; index++) {
      const unit = value.charCodeAt(index);
      if (unit >= 0x80) return false;
      bytes[at + index] = unit;
    }
    bytes[at - 1] = length;
    this.#length = at + length;
    return true;
  }

  /** How many bytes, and the bytes. */
  bytes(value: Uint8Array): void {
    this.unsigned(value.length);
    this.#room(value.length);
    this.#bytes.set(value, this.#length);
    this.#length += value.length;
  }

  scalar(value: Scalar): void {
    if (typeof value === 'string') {
      this.byte(TEXT);
      this.text(value);
    } else if (typeof value === 'boolean') {
      this.byte(value ? BOOLEAN_TRUE : BOOLEAN_FALSE);
    } else {
      assert(typeof value === 'number', 'bytes are no part of a state');
      if (Number.isSafeInteger(value)) {
        this.byte(INTEGER);
        this.signed(value);
      } else {
        this.byte(DOUBLE);
        this.double(value);
      }
    }
  }

  #room(size: number): void {
    if (this.#length + size <= this.#bytes.length) return;
    const wider = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + size));
    this.#bytes.copy(wider, 0, 0, this.#length);
    this.#bytes = wider;
  }
}

/** Reads what {@link ByteWriter} wrote. Reading past the end is an error: the bytes are not a state. */
export class ByteReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes were read. */
  get at(): number {
    return this.#at;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  byte(): number {
    assert(this.#at < this.#bytes.length, 'state ends too early');
    return this.#bytes[this.#at++]!;
  }

  unsigned(): number {
    let value = 0;
    let factor = 1;
    for (;;) {
      const byte = this.byte();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
  }

  signed(): number {
    const head = this.byte();
    const magnitude = (head & 0x3f) + (head >= 0x80 ? this.unsigned() * 0x40 : 0);
    return (head & 0x40) !== 0 ? -magnitude : magnitude;
  }

  double(): number {
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  text(): string {
    const size = this.unsigned();
    assert(this.#at + size <= this.#bytes.length, 'state ends too early');
    const value = this.#bytes.toString('utf8', this.#at, this.#at + size);
    this.#at += size;
    return value;
  }

  /** A view, not a copy. */
  bytes(): Uint8Array {
    const size = this.unsigned();
    assert(this.#at + size <= this.#bytes.length, 'state ends too early');
    const value = this.#bytes.subarray(this.#at, this.#at + size);
    this.#at += size;
    return value;
  }

  scalar(): number | string | boolean {
    const tag = this.byte();
    switch (tag) {
      case BOOLEAN_FALSE:
        return false;
      case BOOLEAN_TRUE:
        return true;
      case INTEGER:
        return this.signed();
      case DOUBLE:
        return this.double();
      case TEXT:
        return this.text();
      default:
        throw new Error(`assertion failed: no kind of value: ${tag}`);
    }
  }
}
