import { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import type { Offset } from '../time.ts';

/**
 * A record of a changelog may hold an entry of any size, while brokers take about a megabyte unless they are told
 * otherwise (`message.max.bytes`). So a larger one goes in parts, one after the other within a commit. A part begins
 * with a byte that no format of whole records has, its number, and how many there are.
 */
const PART = 0xff;
/** What goes whole. */
const WHOLE_BYTES = 900_000;
const PART_BYTES = 800_000;

/** The record itself, or its parts. */
export function inParts(record: Uint8Array): readonly Uint8Array[] {
  if (record.length <= WHOLE_BYTES) return [record];
  const count = Math.ceil(record.length / PART_BYTES);
  const writer = new ByteWriter();
  return Array.from({ length: count }, (_, index) => {
    writer.byte(PART);
    writer.unsigned(index);
    writer.unsigned(count);
    writer.bytes(record.subarray(index * PART_BYTES, (index + 1) * PART_BYTES));
    return writer.take();
  });
}

/** Puts the parts together again. */
export class PartJoiner {
  #parts: Uint8Array[] = [];
  #begun: Offset | null = null;

  /** The offset of the first part of a record whose last one has not come yet; null between two records. */
  get begun(): Offset | null {
    return this.#begun;
  }

  /** The whole record, when this is one, or the last part of one; else null. */
  take({ offset, value }: { readonly offset: Offset; readonly value: Uint8Array }): Uint8Array | null {
    if (value[0] !== PART) return value;
    const reader = new ByteReader(value);
    reader.byte();
    const [index, count] = [reader.unsigned(), reader.unsigned()];
    if (index === 0) this.#begun = offset;
    this.#parts.push(reader.bytes());
    if (index < count - 1) return null;
    const record = Buffer.concat(this.#parts);
    this.#parts = [];
    this.#begun = null;
    return record;
  }
}
