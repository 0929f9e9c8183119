import avro from 'avsc';
import type { ArchivedRecord } from '../../src/sources/archive-envelope.ts';
import { openArchive } from '../../src/sources/archive-reader.ts';
import type { LogRecord } from '../../src/sources/record.ts';

/** `events/0/START.…`, as far as the extension. */
export function named(start: number, partition = 0): string {
  return `events/${partition}/${String(start).padStart(20, '0')}`;
}

export interface Plain {
  readonly offset: number;
  readonly timestamp: number;
  readonly key: string | null;
  readonly value: string | null;
}

/** A record as text, to compare: what is not a view of a buffer. */
export function plain(record: LogRecord): Plain {
  const { offset, timestamp, key, value } = record;
  const bytes = value === null || value instanceof Uint8Array ? value : value.bytes();
  return { offset, timestamp, key: text(key), value: text(bytes) };
}

function text(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('latin1');
}

export async function readAll(
  dir: string,
  options: { skipCorrupt?: boolean; partition?: number; fromOffset?: number; into?: Plain[] } = {},
) {
  const archive = await openArchive(dir, { skipCorrupt: options.skipCorrupt ?? false });
  const records: Plain[] = options.into ?? [];
  for await (const batch of archive.read('events', options.partition ?? 0, options.fromOffset)) {
    records.push(...batch.records.map(plain));
  }
  return { records, skips: archive.skips, size: archive.size('events') };
}

export function aRecord(offset: number, more: Partial<ArchivedRecord> = {}): ArchivedRecord {
  return {
    offset,
    timestamp: 1_700_000_000_000 + offset,
    key: Buffer.from(`k${offset % 3}`),
    value: Buffer.from(`{"n":${offset}}`),
    headers: {},
    ...more,
  };
}

const ENVELOPE = {
  type: 'record',
  name: 'Envelope',
  fields: [
    { name: 'offset', type: 'long' },
    { name: 'timestamp', type: 'long' },
    { name: 'key', type: ['null', 'bytes'] },
    { name: 'value', type: ['null', 'bytes'] },
    { name: 'headers', type: { type: 'map', values: 'bytes' } },
  ],
};

/** The bytes of an Avro file of these records as avsc writes it, with blocks of about `blockBytes`. */
export async function avroFile(
  records: readonly unknown[],
  options: { codec?: 'null' | 'deflate'; blockBytes?: number; schema?: object } = {},
): Promise<Buffer> {
  const encoder = new avro.streams.BlockEncoder((options.schema ?? ENVELOPE) as avro.Schema, {
    codec: options.codec ?? 'null',
    blockSize: options.blockBytes ?? 65536,
    writeHeader: true,
  });
  for (const record of records) encoder.write(record);
  encoder.end();
  const chunks: Buffer[] = [];
  for await (const chunk of encoder as unknown as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
