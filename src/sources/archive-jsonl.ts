import { isAscii, isUtf8 } from 'node:buffer';
import { parseTree } from 'jsonc-parser';
import {
  type ArchiveFile,
  type ArchiveReading,
  damaged,
  offsetFault,
  timestampFault,
} from './archive-file.ts';
import { InflateError, inflatedChunks } from './archive-inflate.ts';
import { keyText } from './decode-key.ts';
import type { JsonValue, LogRecord } from './record.ts';

const NEWLINE = 0x0a;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/** Reads a file of one JSON record a line (interface.md, "Archive", layout 2). */
export async function* readJsonLines(
  file: ArchiveFile,
  reading: ArchiveReading,
): AsyncGenerator<LogRecord[], void, void> {
  const lines = new LineParser(file, reading);
  let carry: Buffer[] = [];
  let first = true;
  try {
    for await (const chunk of inflatedChunks(file, reading)) {
      const end = chunk.lastIndexOf(NEWLINE) + 1;
      if (end === 0) {
        carry.push(chunk);
        continue;
      }
      let region = chunk.subarray(0, end);
      if (carry.length > 0) region = Buffer.concat([...carry, region]);
      carry = end < chunk.length ? [chunk.subarray(end)] : [];
      const records = lines.parse(first ? withoutBom(region) : region);
      first = false;
      if (records.length > 0) yield records;
    }
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    // The line that the damage cuts off is part of it.
    reading.damage(
      damaged(
        `the file cannot be decompressed: ${error.message}`,
        { file: file.path, line: lines.count + 1 },
        error,
      ),
    );
    return;
  }
  if (carry.length === 0) return;
  const rest = Buffer.concat(carry);
  const records = lines.parse(first ? withoutBom(rest) : rest);
  if (records.length > 0) yield records;
}

class LineParser {
  /** Lines seen so far. */
  count = 0;
  readonly #file: ArchiveFile;
  readonly #reading: ArchiveReading;
  #last = -1;

  constructor(file: ArchiveFile, reading: ArchiveReading) {
    this.#file = file;
    this.#reading = reading;
  }

  /** The records of a region of whole lines. */
  parse(region: Buffer): LogRecord[] {
    const records: LogRecord[] = [];
    // One conversion for many lines; only where some byte is not UTF-8 does the line matter.
    if (isAscii(region)) this.#parseText(region.toString('latin1'), records);
    else if (region.length < MAX_TEXT_BYTES && isUtf8(region)) this.#parseText(region.toString(), records);
    else this.#parseByLine(region, records);
    return records;
  }

  #parseText(text: string, into: LogRecord[]): void {
    for (let start = 0; start < text.length; ) {
      const newline = text.indexOf('\n', start);
      const end = newline < 0 ? text.length : newline;
      this.#parseLine(text.slice(start, end), into);
      start = end + 1;
    }
  }

  #parseByLine(region: Buffer, into: LogRecord[]): void {
    for (let start = 0; start < region.length; ) {
      const newline = region.indexOf(NEWLINE, start);
      const end = newline < 0 ? region.length : newline;
      const line = region.subarray(start, end);
      if (line.length >= MAX_TEXT_BYTES) this.#damage(`the line of ${line.length} bytes is too long`);
      else if (isUtf8(line)) this.#parseLine(line.toString(), into);
      else this.#damage('the line is not UTF-8');
      start = end + 1;
    }
  }

  #parseLine(line: string, into: LogRecord[]): void {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch (error) {
      if (line.trim() === '') this.count++;
      else this.#damage(`the line is not JSON: ${(error as Error).message}`, error);
      return;
    }
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      this.#damage('the line is no JSON object');
      return;
    }
    const { offset, timestamp = null, key = null, value = null } = json as Record<string, unknown>;
    const fault =
      offsetFault(offset, this.#last, this.#file.start) ??
      (timestamp === null ? null : timestampFault(timestamp));
    if (fault !== null) {
      this.#damage(fault);
      return;
    }
    this.count++;
    this.#last = offset as number;
    into.push({
      offset: offset as number,
      timestamp: timestamp === null ? -1 : (timestamp as number),
      key: key === null ? null : keyBytes(key),
      value: value === null ? null : new LineValue(value, line),
    });
  }

  #damage(message: string, cause?: unknown): void {
    this.count++;
    this.#reading.damage(damaged(message, { file: this.#file.path, line: this.count }, cause));
  }
}

/** Beyond this a buffer may not fit one string. */
const MAX_TEXT_BYTES = 2 ** 29 - 64;

/** The `value` of a line; the text is looked up only when it is asked for, as records are rejected. */
class LineValue implements JsonValue {
  readonly json: unknown;
  readonly #line: string;

  constructor(json: unknown, line: string) {
    this.json = json;
    this.#line = line;
  }

  bytes(): Uint8Array {
    // Of a name that is repeated the last counts, as for JSON.parse.
    const property = parseTree(this.#line)?.children?.findLast(
      (child) => child.children?.[0]?.value === 'value',
    );
    const node = property?.children?.[1];
    if (node === undefined) return Buffer.from(JSON.stringify(this.json));
    return Buffer.from(this.#line.slice(node.offset, node.offset + node.length));
  }
}

function keyBytes(key: unknown): Buffer {
  return Buffer.from(
    typeof key === 'object' ? JSON.stringify(key) : keyText(key as string | number | boolean)!,
  );
}

function withoutBom(region: Buffer): Buffer {
  return region.subarray(0, BOM.length).equals(BOM) ? region.subarray(BOM.length) : region;
}
