import { promisify } from 'node:util';
import { zstdCompress, zstdDecompress } from 'node:zlib';
import kafkajs from 'kafkajs';

const { CompressionCodecs, CompressionTypes } = kafkajs;

/** Teaches kafkajs the codecs that it lacks; gzip it has. Those still missing fail when they are met. */
export function registerCodecs(): void {
  const [compress, decompress] = [promisify(zstdCompress), promisify(zstdDecompress)];
  CompressionCodecs[CompressionTypes.ZSTD] = () => ({
    compress: (encoder: { readonly buffer: Buffer }) => compress(encoder.buffer),
    decompress: (data: Buffer) => decompress(data),
  });
}
