import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { FileBytes } from './archive-bytes.ts';
import type { ArchiveFile, ArchiveReading } from './archive-file.ts';

const CHUNK_BYTES = 1 << 16;

/** Compressed data that cannot be decompressed to their end. */
export class InflateError extends Error {}

/** The bytes of a JSONL file, decompressed as its name says. @throws InflateError after the last good byte */
export async function* inflatedChunks(
  file: ArchiveFile,
  reading: ArchiveReading,
): AsyncGenerator<Buffer, void, void> {
  if (file.format === 'jsonl') {
    await using bytes = await FileBytes.open(file.path, (count) => reading.read(count));
    while (await bytes.ensure(1)) yield bytes.take(bytes.ahead.length);
    return;
  }
  let produced = 0;
  let consumed = 0;
  const onConsumed = (position: number) => {
    reading.read(Math.max(0, position - consumed));
    consumed = Math.max(consumed, position);
  };
  try {
    for await (const chunk of inflateFrames(file, onConsumed, Number.POSITIVE_INFINITY)) {
      produced += chunk.length;
      yield chunk;
    }
  } catch (error) {
    if (!(error instanceof InflateError)) throw error;
    if (reading.skipCorrupt) {
      // What one step of the decompressor made before it met the damage is lost with that step; so the last
      // step is done again byte by byte.
      let known = produced;
      try {
        for await (const chunk of inflateFrames(file, () => {}, consumed)) {
          if (chunk.length > known) yield chunk.subarray(known);
          known = Math.max(0, known - chunk.length);
        }
      } catch (again) {
        if (!(again instanceof InflateError)) throw again;
      }
    }
    reading.read(file.bytes - consumed);
    throw error;
  }
}

/** Decompresses frame after frame; zlib's gunzip does so by itself, its zstd stops after the first. */
async function* inflateFrames(
  file: ArchiveFile,
  onConsumed: (position: number) => void,
  byteByByteFrom: number,
): AsyncGenerator<Buffer, void, void> {
  let position = 0;
  do {
    const start = position;
    await using bytes = await FileBytes.open(file.path, () => {});
    bytes.skipTo(start);
    // No more than one piece is kept ready: pieces that are ready when the damage shows are lost.
    const options = { chunkSize: CHUNK_BYTES, readableHighWaterMark: 1 };
    const inflate = file.format === 'jsonl.gz' ? createGunzip(options) : createZstdDecompress(options);
    const source = Readable.from(pieces(bytes, byteByByteFrom), { objectMode: false, highWaterMark: 1 });
    source.on('error', (error) => inflate.destroy(error));
    source.pipe(inflate);
    try {
      for await (const chunk of inflate as AsyncIterable<Buffer>) {
        yield chunk;
        onConsumed(start + inflate.bytesWritten);
      }
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (!/^(Z_|ZSTD_|ERR_)/.test(code)) throw error;
      throw new InflateError((error as Error).message, { cause: error });
    } finally {
      source.destroy();
      inflate.destroy();
    }
    position = file.format === 'jsonl.gz' ? file.bytes : start + inflate.bytesWritten;
    if (position === start) throw new InflateError('trailing data');
    onConsumed(position);
  } while (position < file.bytes);
}

async function* pieces(bytes: FileBytes, byteByByteFrom: number): AsyncGenerator<Buffer, void, void> {
  while (await bytes.ensure(1)) {
    const coarse = Math.min(CHUNK_BYTES, byteByByteFrom - bytes.position);
    yield bytes.take(Math.min(bytes.ahead.length, Math.max(1, coarse)));
  }
}
