import { isAscii, isUtf8 } from 'node:buffer';

/** Strings up to this length are checked for ASCII here: a call out of JavaScript costs more. */
const SHORT_STRING_BYTES = 32;

/**
 * Reads Avro's binary encoding from a buffer. Nothing throws: bytes that cannot be what the schema says, also
 * the end of the buffer, set {@link failed}, after which values mean nothing. Every read moves on or fails, so
 * that no garbage keeps a loop going.
 */
export class AvroCursor {
  position = 0;
  failed = false;
  #buffer: Buffer = Buffer.alloc(0);
  #end = 0;

  reset(buffer: Buffer): void {
    this.#buffer = buffer;
    this.#end = buffer.length;
    this.position = 0;
    this.failed = false;
  }

  /** Whether what was read filled the buffer exactly. */
  get complete(): boolean {
    return !this.failed && this.position === this.#end;
  }

  fail(): void {
    this.failed = true;
    this.position = this.#end;
  }

  /**
   * A zigzag varint of int or long: exact within ±(2^53−1), beyond that a number that is no safe integer. The
   * lowest bit is the sign, so it is taken off before the rest can outgrow a double.
   */
  readLong(): number {
    const buffer = this.#buffer;
    const end = this.#end;
    let position = this.position;
    if (position >= end) return this.#failed();
    let byte = buffer[position++]!;
    const negative = (byte & 1) === 1;
    let magnitude = (byte & 0x7f) >> 1;
    for (let shift = 6; byte >= 0x80 && shift < 27; shift += 7) {
      if (position >= end) return this.#failed();
      byte = buffer[position++]!;
      magnitude |= (byte & 0x7f) << shift;
    }
    for (let scale = 2 ** 27; byte >= 0x80; scale *= 128) {
      if (position >= end || scale >= 2 ** 64) return this.#failed();
      byte = buffer[position++]!;
      magnitude += (byte & 0x7f) * scale;
    }
    this.position = position;
    return negative ? -magnitude - 1 : magnitude;
  }

  readBoolean(): boolean {
    const position = this.position;
    this.skip(1);
    const byte = this.failed ? 0 : this.#buffer[position]!;
    if (byte > 1) this.fail();
    return byte === 1;
  }

  readFloat(): number {
    const position = this.position;
    this.skip(4);
    return this.failed ? 0 : this.#buffer.readFloatLE(position);
  }

  readDouble(): number {
    const position = this.position;
    this.skip(8);
    return this.failed ? 0 : this.#buffer.readDoubleLE(position);
  }

  /** A view of the buffer. */
  readBytes(): Buffer {
    const length = this.readLong();
    const start = this.position;
    this.skip(length);
    return this.#buffer.subarray(start, this.failed ? start : start + length);
  }

  readString(): string {
    const length = this.readLong();
    const start = this.position;
    this.skip(length);
    if (this.failed) return '';
    const buffer = this.#buffer;
    const end = start + length;
    if (length <= SHORT_STRING_BYTES) {
      let bits = 0;
      for (let index = start; index < end; index++) bits |= buffer[index]!;
      if (bits < 0x80) return buffer.latin1Slice(start, end);
    }
    const bytes = buffer.subarray(start, end);
    if (isAscii(bytes)) return bytes.latin1Slice(0, length);
    if (!isUtf8(bytes)) this.fail();
    return bytes.toString();
  }

  readSymbol(symbols: readonly string[]): string {
    const symbol = symbols[this.readLong()];
    if (symbol === undefined) this.fail();
    return symbol ?? '';
  }

  skip(length: number): void {
    if (length >= 0 && length <= this.#end - this.position) this.position += length;
    else this.fail();
  }

  skipLong(): void {
    this.readLong();
  }

  skipBytes(): void {
    this.skip(this.readLong());
  }

  /**
   * How many items of an array or map follow; 0 at its end. Blocks that carry their length are skipped here.
   */
  nextItems(): number {
    for (;;) {
      const count = this.readLong();
      if (this.failed) return 0;
      if (count >= 0) return count;
      this.skipBytes();
    }
  }

  #failed(): number {
    this.fail();
    return 0;
  }
}

declare global {
  interface Buffer {
    /** Node's own primitive beneath `toString('latin1', …)`, without its handling of arguments. */
    latin1Slice(start: number, end: number): string;
  }
}
