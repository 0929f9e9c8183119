import { inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { FileBytes } from './archive-bytes.ts';
import {
  type BlockDecoder,
  blockDecoder,
  CONTAINER_MAGIC,
  type ContainerHeader,
  HEADER_TYPE,
  SYNC_LENGTH,
} from './archive-envelope.ts';
import {
  ArchiveError,
  type ArchiveFile,
  type ArchiveReading,
  damaged,
  offsetFault,
  timestampFault,
} from './archive-file.ts';
import type { LogRecord } from './record.ts';

const CODECS: Readonly<Record<string, (data: Buffer) => Buffer>> = {
  null: (data) => data,
  deflate: (data) => inflateRawSync(data),
  zstandard: (data) => zstdDecompressSync(data),
};

/** Two longs of at most ten bytes each stand before a block's data. */
const BLOCK_HEAD_BYTES = 20;

/**
 * Reads an Avro container file of envelopes (interface.md, "Archive", layout 1), block by block. A block is
 * used whole or not at all: after damage, reading goes on behind the next sync marker.
 */
export async function* readAvroFile(
  file: ArchiveFile,
  reading: ArchiveReading,
): AsyncGenerator<LogRecord[], void, void> {
  await using bytes = await FileBytes.open(file.path, (count) => reading.read(count));
  let container: Container;
  try {
    container = await readHeader(file, bytes);
  } catch (error) {
    if (!(error instanceof ArchiveError)) throw error;
    reading.damage(error);
    reading.read(bytes.remaining - bytes.ahead.length);
    return;
  }
  let last = -1;
  while (bytes.remaining > 0) {
    const position = bytes.position;
    let records: LogRecord[];
    try {
      records = await readBlock(bytes, container);
      for (const [index, record] of records.entries()) {
        const fault =
          offsetFault(record.offset, index === 0 ? last : records[index - 1]!.offset, file.start) ??
          timestampFault(record.timestamp);
        if (fault !== null) throw new BlockFault(`record ${index + 1} of the block: ${fault}`);
      }
    } catch (error) {
      if (!(error instanceof BlockFault)) throw error;
      reading.damage(damaged(error.message, { file: file.path, position }, error.cause));
      if (!error.framed) await bytes.skipBehind(container.sync);
      continue;
    }
    if (records.length === 0) continue;
    last = records.at(-1)!.offset;
    yield records;
  }
}

interface Container {
  readonly decode: BlockDecoder;
  readonly decompress: (data: Buffer) => Buffer;
  readonly sync: Buffer;
}

/** A block that cannot be used; `framed` when the cursor stands behind it, on the next one. */
class BlockFault extends Error {
  readonly framed: boolean;
  constructor(message: string, options: { framed?: boolean; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.framed = options.framed ?? true;
  }
}

async function readHeader(file: ArchiveFile, bytes: FileBytes): Promise<Container> {
  const place = { file: file.path, position: 0 };
  if (!(await bytes.ensure(CONTAINER_MAGIC.length)) || !bytes.ahead.subarray(0, 4).equals(CONTAINER_MAGIC)) {
    throw damaged('this is no Avro container file: it does not begin with Obj\\x01', place);
  }
  let header: { value: ContainerHeader; offset: number };
  for (let length = 1 << 16; ; length *= 4) {
    const all = !(await bytes.ensure(length)) && (await bytes.ensure(bytes.remaining));
    try {
      header = HEADER_TYPE.decode(bytes.ahead, CONTAINER_MAGIC.length) as typeof header;
    } catch (error) {
      throw damaged('the Avro header cannot be read', place, error);
    }
    if (header.offset >= 0) break;
    if (all || length >= bytes.remaining) throw damaged('the file ends within the Avro header', place);
  }
  bytes.take(header.offset);
  const { meta, sync } = header.value;
  const codec = meta['avro.codec']?.toString() ?? 'null';
  const decompress = Object.hasOwn(CODECS, codec) ? CODECS[codec] : undefined;
  if (decompress === undefined) {
    throw new ArchiveError(`the Avro codec '${codec}' is not supported`, {
      code: 'ARCHIVE_CODEC',
      place,
      remedy: `Rewrite the file with one of the codecs ${Object.keys(CODECS).join(', ')}.`,
    });
  }
  const schema = meta['avro.schema']?.toString();
  if (schema === undefined) throw damaged('the Avro header holds no schema', place);
  try {
    return { decode: blockDecoder(schema), decompress, sync };
  } catch (error) {
    throw new ArchiveError(
      `the file's Avro schema is not that of archived records: ${(error as Error).message}`,
      {
        code: 'ARCHIVE_SCHEMA',
        place,
        remedy:
          'Archived records are {offset: long, timestamp: long, key: null|bytes, value: null|bytes, headers: map<bytes>}; `tidemark archive` writes them.',
        cause: error,
      },
    );
  }
}

async function readBlock(bytes: FileBytes, container: Container): Promise<LogRecord[]> {
  await bytes.ensure(Math.min(BLOCK_HEAD_BYTES, bytes.remaining));
  const head = readBlockHead(bytes.ahead);
  if (head === null) throw new BlockFault('the block has no valid count and size', { framed: false });
  const { count, size, length } = head;
  if (length + size + SYNC_LENGTH > bytes.remaining) {
    throw new BlockFault(
      `the block of ${size} bytes runs over the end of the file, ${bytes.remaining} bytes on`,
      { framed: false },
    );
  }
  if (!(await bytes.ensure(length + size + SYNC_LENGTH))) {
    throw new BlockFault('the file became shorter while it was read', { framed: false });
  }
  const block = bytes.ahead;
  if (!block.subarray(length + size, length + size + SYNC_LENGTH).equals(container.sync)) {
    throw new BlockFault('the block does not end with the sync marker of the file', { framed: false });
  }
  const data = bytes.take(length + size + SYNC_LENGTH).subarray(length, length + size);
  try {
    return container.decode(container.decompress(data), count);
  } catch (error) {
    throw new BlockFault(`the block cannot be decoded: ${(error as Error).message}`, { cause: error });
  }
}

/** The count and size of a block, and how many bytes they take. */
function readBlockHead(buffer: Buffer): { count: number; size: number; length: number } | null {
  const count = readLong(buffer, 0);
  if (count === null || count.value < 0) return null;
  const size = readLong(buffer, count.end);
  if (size === null || size.value < 0) return null;
  return { count: count.value, size: size.value, length: size.end };
}

/** A zigzag varint; null when it is cut off or beyond 2^53. */
function readLong(buffer: Buffer, start: number): { value: number; end: number } | null {
  let coded = 0;
  for (let index = start, scale = 1; index < buffer.length && index < start + 8; index++, scale *= 128) {
    const byte = buffer[index]!;
    coded += (byte & 0x7f) * scale;
    if (byte < 0x80) {
      if (coded > Number.MAX_SAFE_INTEGER) return null;
      return { value: coded % 2 === 0 ? coded / 2 : -(coded + 1) / 2, end: index + 1 };
    }
  }
  return null;
}
