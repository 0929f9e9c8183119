import TinyQueue from 'tinyqueue';
import { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import type { Scalar } from '../definitions/definition.ts';
import { assert } from '../errors.ts';

/** The version of the encoding of a list; one of another version is not read. */
const FORMAT = 2;
/** Most positions have few timers between two commits. */
const FEW_BYTES = 64;

/** A list of entities that grows; {@link encode} puts it in order. */
export class DueList {
  readonly #bytes = new ByteWriter(FEW_BYTES);
  readonly #ends: number[] = [];

  /** `encode` writes the entity; of two entities neither is what the other begins with. */
  add(encode: (out: ByteWriter) => void): void {
    encode(this.#bytes);
    this.#ends.push(this.#bytes.length);
  }

  /** The entities, in order of their bytes, each once. The list is empty again. */
  encode(): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.#bytes.take();
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    // Strings of bytes are in the order of the bytes, and sort several times as fast.
    const keys = this.#ends.map((end, index) => bytes.latin1Slice(this.#ends[index - 1] ?? 0, end));
    this.#ends.length = 0;
    if (keys.length > 1) keys.sort(byBytes);
    const list = Buffer.allocUnsafe(1 + bytes.length);
    list[0] = FORMAT;
    let length = 1;
    for (const [index, key] of keys.entries()) {
      if (key !== keys[index - 1]) length += list.write(key, length, 'latin1');
    }
    return list.subarray(0, length);
  }
}

/**
 * The entities of several lists that {@link DueList.encode} wrote, in order of their bytes, each once. So what was told
 * is all that is not after the last one: whoever stops half way needs to keep no more than that.
 */
export class DueEntities {
  readonly #lists: TinyQueue<Cursor>;
  #last: string;

  /** `after`: those up to it were told before; empty for none. */
  constructor(lists: readonly Uint8Array[], decode: (from: ByteReader) => readonly Scalar[], after: string) {
    const cursors = lists.map((list) => new Cursor(list, decode));
    for (const cursor of cursors) while (!cursor.done && cursor.key <= after) cursor.next();
    this.#lists = new TinyQueue(
      cursors.filter(({ done }) => !done),
      (a, b) => byBytes(a.key, b.key),
    );
    this.#last = after;
  }

  get done(): boolean {
    return this.#lists.length === 0;
  }

  /** The last one that was told, as a string of its bytes; empty when none was. */
  get last(): string {
    return this.#last;
  }

  next(): readonly Scalar[] {
    const { key, entity } = this.#lists.peek()!;
    this.#last = key;
    while (this.#lists.peek()?.key === key) {
      const list = this.#lists.pop()!;
      list.next();
      if (!list.done) this.#lists.push(list);
    }
    return entity;
  }
}

/** One list, at one of its entities. */
class Cursor {
  readonly #bytes: Buffer;
  readonly #reader: ByteReader;
  readonly #decode: (from: ByteReader) => readonly Scalar[];
  key = '';
  entity: readonly Scalar[] = [];
  /** Past the last one. */
  done = false;

  constructor(list: Uint8Array, decode: (from: ByteReader) => readonly Scalar[]) {
    this.#bytes = Buffer.from(list.buffer, list.byteOffset, list.byteLength);
    this.#reader = new ByteReader(list);
    this.#decode = decode;
    const format = this.#reader.byte();
    assert(format === FORMAT, `timers of format ${format}, this version reads ${FORMAT}`);
    this.next();
  }

  next(): void {
    this.done = this.#reader.done;
    if (this.done) return;
    const start = this.#reader.at;
    this.entity = this.#decode(this.#reader);
    this.key = this.#bytes.latin1Slice(start, this.#reader.at);
  }
}

function byBytes(a: string, b: string): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}
