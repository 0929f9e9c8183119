import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { assert } from '../errors.ts';

/** Thrift compact protocol types (apache/thrift, doc/specs/thrift-compact-protocol.md). */
const BOOLEAN_TRUE = 1;
const BOOLEAN_FALSE = 2;
const BYTE = 3;
const DOUBLE = 7;
const BINARY = 8;
const LIST = 9;
const SET = 10;
const STRUCT = 12;

/** Field numbers of parquet.thrift. */
const FILE_META_DATA_SCHEMA = 2;
const SCHEMA_ELEMENT_LOGICAL_TYPE = 10;
const LOGICAL_TYPE_TIMESTAMP = 8;
const TIMESTAMP_IS_ADJUSTED_TO_UTC = 1;

const TAIL_BYTES = 8;

/**
 * Marks every timestamp column of a Parquet file as UTC. DuckDB writes millisecond timestamps as local ones
 * (`isAdjustedToUTC = false`) and its zoned type in microseconds only; the numbers in the file are the same in
 * either case, so one bit per column in the footer's schema makes them what they are: instants.
 */
export function markTimestampsUtc(file: string): void {
  const descriptor = openSync(file, 'r+');
  try {
    const size = fstatSync(descriptor).size;
    const tail = Buffer.alloc(TAIL_BYTES);
    readSync(descriptor, tail, 0, TAIL_BYTES, size - TAIL_BYTES);
    assert(tail.toString('latin1', 4) === 'PAR1', `${file} ends like a Parquet file`);
    const footer = Buffer.alloc(tail.readUInt32LE(0));
    const start = size - TAIL_BYTES - footer.length;
    readSync(descriptor, footer, 0, footer.length, start);
    new FooterWalk(footer).markTimestamps();
    writeSync(descriptor, footer, 0, footer.length, start);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

type VisitField = (field: number, type: number, header: number) => void;

/** Reads just enough of the compact protocol to find and flip the bits. */
class FooterWalk {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  markTimestamps(): void {
    this.#struct((field, type) => {
      if (field !== FILE_META_DATA_SCHEMA) {
        this.#skip(type);
        return;
      }
      const { length } = this.#listHeader();
      for (let i = 0; i < length; i++) this.#struct((inner, kind) => this.#schemaField(inner, kind));
    });
  }

  #schemaField(field: number, type: number): void {
    if (field !== SCHEMA_ELEMENT_LOGICAL_TYPE) {
      this.#skip(type);
      return;
    }
    this.#struct((variant, kind) => {
      if (variant !== LOGICAL_TYPE_TIMESTAMP) {
        this.#skip(kind);
        return;
      }
      this.#struct((inner, innerType, header) => {
        // A boolean field's value is its type; the header's upper half is the field number.
        if (inner === TIMESTAMP_IS_ADJUSTED_TO_UTC) {
          this.#bytes[header] = (this.#bytes[header]! & 0xf0) | BOOLEAN_TRUE;
        }
        this.#skip(innerType);
      });
    });
  }

  /** Calls `visit` before each field's value, which it must consume. `header` is the header's position. */
  #struct(visit: VisitField): void {
    let field = 0;
    for (;;) {
      const header = this.#at;
      const byte = this.#bytes[this.#at++]!;
      if (byte === 0) return;
      const delta = byte >> 4;
      field = delta === 0 ? this.#zigzag() : field + delta;
      visit(field, byte & 0x0f, header);
    }
  }

  #skip(type: number): void {
    if (type === BOOLEAN_TRUE || type === BOOLEAN_FALSE) return;
    if (type === BYTE) this.#at += 1;
    else if (type === DOUBLE) this.#at += 8;
    else if (type === BINARY) this.#at = this.#varint() + this.#at;
    else if (type === STRUCT) this.#struct((_, inner) => this.#skip(inner));
    else if (type === LIST || type === SET) {
      const { length, type: element } = this.#listHeader();
      // Inside a list a boolean takes a byte.
      for (let i = 0; i < length; i++) this.#skip(element <= BOOLEAN_FALSE ? BYTE : element);
    } else {
      assert(type > BYTE && type < DOUBLE, `compact protocol type ${type} in a Parquet footer`);
      this.#varint();
    }
  }

  #listHeader(): { length: number; type: number } {
    const byte = this.#bytes[this.#at++]!;
    const short = byte >> 4;
    return { type: byte & 0x0f, length: short === 15 ? this.#varint() : short };
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Exact up to 2^53, which lengths and field numbers never reach; larger values are only skipped. */
  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      assert(this.#at < this.#bytes.length, 'a Parquet footer ends early');
      const byte = this.#bytes[this.#at++]!;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}
