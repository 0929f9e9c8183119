import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import { assert } from '../errors.ts';
import type { Offset } from '../time.ts';
import {
  type ArchivedRecord,
  CONTAINER_MAGIC,
  ENVELOPE_SCHEMA,
  ENVELOPE_TYPE,
  HEADER_TYPE,
  LONG_TYPE,
  SYNC_LENGTH,
} from './archive-envelope.ts';
import { ArchiveError, type ArchiveReading } from './archive-file.ts';
import { READERS, scanPartition } from './archive-scan.ts';

export interface ArchiveWriterOptions {
  /** A file is complete once it has this many bytes of records, before compression; 256 MiB unless given. */
  readonly maxFileBytes?: number;
  readonly maxFileRecords?: number;
  /** `null`, the default, is written and read about twice as fast as `deflate`, which saves most of the space. */
  readonly codec?: 'null' | 'deflate';
}

/** Bytes of records that make a block. */
const BLOCK_BYTES = 1 << 16;

/**
 * Writes the records of one partition as Avro container files `TOPIC/PARTITION/START.avro` (interface.md,
 * "Archive", layout 1). A file has its name only once it is complete: what a crash leaves behind is a `.tmp`
 * file, which readers pass over and the next writer replaces. One writer at a time may write a partition.
 */
export class ArchiveWriter {
  readonly #dir: string;
  readonly #maxFileBytes: number;
  readonly #maxFileRecords: number;
  readonly #codec: 'null' | 'deflate';
  #file: OpenFile | null = null;
  #block = Buffer.allocUnsafeSlow(BLOCK_BYTES * 2);
  #blockBytes = 0;
  #blockRecords = 0;
  #last = -1;

  constructor(dir: string, topic: string, partition: number, options: ArchiveWriterOptions = {}) {
    this.#dir = join(dir, topic, String(partition));
    this.#maxFileBytes = options.maxFileBytes ?? 256 * 2 ** 20;
    this.#maxFileRecords = options.maxFileRecords ?? Number.POSITIVE_INFINITY;
    this.#codec = options.codec ?? 'null';
  }

  /** Makes the partition's folder: a partition without records is in the archive, too. */
  async create(): Promise<void> {
    await written(this.#dir, () => mkdir(this.#dir, { recursive: true }));
  }

  /**
   * Adds records, whose offsets rise. They are durable once their file is complete.
   * @throws ArchiveError when the directory cannot be written, or holds the records already
   */
  async append(records: readonly ArchivedRecord[]): Promise<void> {
    for (const record of records) {
      assert(record.offset > this.#last, `offset ${record.offset} is archived after ${this.#last}`);
      this.#file ??= await this.#begin(record.offset);
      this.#encode(record);
      this.#last = record.offset;
      this.#file.records++;
      if (this.#blockBytes >= BLOCK_BYTES) await this.#endBlock(this.#file);
      if (
        this.#file.records >= this.#maxFileRecords ||
        this.#file.bytes + this.#blockBytes >= this.#maxFileBytes
      ) {
        await this.close();
      }
    }
  }

  /** Completes the file that is being written, if any. More records may follow: they go to the next file. */
  async close(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    await this.#endBlock(file);
    this.#file = null;
    await written(file.path, async () => {
      try {
        await file.handle.sync();
      } finally {
        await file.handle.close();
      }
      await rename(`${file.path}.tmp`, file.path);
    });
  }

  /** Gives up the file that is being written. */
  async abort(): Promise<void> {
    const file = this.#file;
    if (file === null) return;
    this.#file = null;
    this.#blockBytes = 0;
    this.#blockRecords = 0;
    await file.handle.close();
    await rm(`${file.path}.tmp`);
  }

  async #begin(start: Offset): Promise<OpenFile> {
    const path = join(this.#dir, `${String(start).padStart(20, '0')}.avro`);
    const sync = randomBytes(SYNC_LENGTH);
    const meta = {
      'avro.schema': Buffer.from(JSON.stringify(ENVELOPE_SCHEMA)),
      'avro.codec': Buffer.from(this.#codec),
    };
    return written(path, async () => {
      await mkdir(this.#dir, { recursive: true });
      await refuseExisting(path);
      const handle = await open(`${path}.tmp`, 'w');
      await handle.writeFile(Buffer.concat([CONTAINER_MAGIC, HEADER_TYPE.toBuffer({ meta, sync })]));
      return { path, handle, sync, records: 0, bytes: 0 };
    });
  }

  #encode(record: ArchivedRecord): void {
    const { offset, timestamp, key, value, headers = {} } = record;
    const envelope = { offset, timestamp, key: asBuffer(key), value: asBuffer(value), headers };
    let end = ENVELOPE_TYPE.encode(envelope, this.#block, this.#blockBytes);
    if (end < 0) {
      // Beyond the end by −end bytes.
      const larger = Buffer.allocUnsafeSlow(2 * (this.#block.length - end));
      this.#block.copy(larger, 0, 0, this.#blockBytes);
      this.#block = larger;
      end = ENVELOPE_TYPE.encode(envelope, this.#block, this.#blockBytes);
    }
    this.#blockBytes = end;
    this.#blockRecords++;
  }

  async #endBlock(file: OpenFile): Promise<void> {
    if (this.#blockRecords === 0) return;
    const raw = this.#block.subarray(0, this.#blockBytes);
    const data = this.#codec === 'deflate' ? deflateRawSync(raw) : raw;
    const head = Buffer.concat([LONG_TYPE.toBuffer(this.#blockRecords), LONG_TYPE.toBuffer(data.length)]);
    await written(file.path, () => file.handle.writeFile(Buffer.concat([head, data, file.sync])));
    file.bytes += this.#blockBytes;
    this.#blockBytes = 0;
    this.#blockRecords = 0;
  }
}

interface OpenFile {
  /** The name that the file gets in the end. */
  readonly path: string;
  readonly handle: FileHandle;
  readonly sync: Buffer;
  records: number;
  bytes: number;
}

/**
 * The offset behind the last record that the archive holds of a partition: where a writer goes on. 0 when it
 * holds none.
 * @throws ArchiveError when the last file is damaged
 */
export async function nextOffset(dir: string, topic: string, partition: number): Promise<Offset> {
  const files = await scanPartition(join(dir, topic, String(partition))).catch((error: unknown) => {
    if (error instanceof ArchiveError && error.code === 'ARCHIVE_NOT_FOUND') return [];
    throw error;
  });
  const reading: ArchiveReading = {
    skipCorrupt: false,
    read: () => {},
    damage: (error) => {
      throw error;
    },
  };
  for (const file of files.reverse()) {
    let next = 0;
    for await (const records of READERS[file.format](file, reading)) next = records.at(-1)!.offset + 1;
    if (next > 0) return next;
  }
  return 0;
}

async function refuseExisting(path: string): Promise<void> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  await handle.close();
  throw new ArchiveError('the archive holds this part already', {
    code: 'ARCHIVE_EXISTS',
    place: { file: path },
    remedy: 'Go on behind the last archived offset, or archive into another directory.',
  });
}

/** Turns what the file system refuses into an error with its place. */
async function written<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Error) || !('syscall' in error)) throw error;
    throw new ArchiveError(`the archive cannot be written: ${error.message}`, {
      code: 'ARCHIVE_WRITE',
      place: { file: path },
      remedy: 'See that the directory can be written and has space; archiving goes on where it stopped.',
      cause: error,
    });
  }
}

function asBuffer(bytes: Uint8Array | null): Buffer | null {
  if (bytes === null || bytes instanceof Buffer) return bytes;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
