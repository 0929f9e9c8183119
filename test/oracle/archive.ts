import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import avro from 'avsc';
import { SOURCE_NAME, TOPIC } from './definition-arbitrary.ts';
import type { WrittenRecord } from './log-arbitrary.ts';

/** Which of the layouts that an archive may have its files are in. */
export type ArchiveLayout = 'avro' | 'json lines';

/** What an archive holds of a record. */
type Enveloped = Pick<WrittenRecord, 'offset' | 'timestamp' | 'key' | 'valueText'>;

interface FileFormat {
  readonly suffix: string;
  readonly encode: (records: readonly Enveloped[]) => Promise<Uint8Array> | Uint8Array;
}

const FORMATS: Readonly<Record<ArchiveLayout, readonly FileFormat[]>> = {
  'json lines': [
    { suffix: '.jsonl', encode: (records) => Buffer.from(linesOf(records)) },
    { suffix: '.jsonl.gz', encode: (records) => gzipSync(linesOf(records)) },
    { suffix: '.jsonl.zst', encode: (records) => zstdCompressSync(linesOf(records)) },
  ],
  avro: [
    { suffix: '.avro', encode: (records) => containerOf(records, 'null') },
    { suffix: '.avro', encode: (records) => containerOf(records, 'deflate') },
  ],
};

/** Whether the layout can hold the record: a line holds its value as JSON. */
export function canHold(layout: ArchiveLayout, record: WrittenRecord): boolean {
  return layout === 'avro' || record.row !== 'undecodable';
}

/** The app whose workers made the marks. */
export const APP = 'marker';
const JOURNAL = `tidemark.${APP}.${TOPIC}.journal`;

/** Whether {@link writeArchive} writes a journal. */
export function hasMarks(log: readonly WrittenRecord[]): boolean {
  return log.some(({ marks }) => marks.length > 0);
}

/** The journal's records of one partition: those of the source, and between them some of another source. */
function journalOf(records: readonly WrittenRecord[]): Enveloped[] {
  const entries = records.flatMap(({ offset: after, marks }) =>
    marks.flatMap(({ watermark, logTime }) => {
      const mark = { source: SOURCE_NAME, after, watermark, log_time: logTime };
      return [{ ...mark, source: 'another', watermark: watermark + 1_000_000 }, mark];
    }),
  );
  return entries.map((entry, index) => ({
    offset: index * 3,
    timestamp: 1_700_000_000_000,
    key: entry.source,
    valueText: JSON.stringify(entry),
  }));
}

/** Writes the log as an archive of files of a few records each, in the encodings of the layout by turns; its marks as the journal. */
export async function writeArchive(
  directory: string,
  log: readonly WrittenRecord[],
  options: { readonly layout: ArchiveLayout; readonly recordsPerFile: number },
): Promise<void> {
  for (const partition of new Set(log.map((record) => record.partition))) {
    const records = log.filter((record) => record.partition === partition);
    await writePartition(join(directory, TOPIC, String(partition)), records, options);
    if (!hasMarks(log)) continue;
    await writePartition(join(directory, JOURNAL, String(partition)), journalOf(records), options);
  }
}

async function writePartition(
  folder: string,
  records: readonly Enveloped[],
  { layout, recordsPerFile }: { readonly layout: ArchiveLayout; readonly recordsPerFile: number },
): Promise<void> {
  const formats = FORMATS[layout];
  mkdirSync(folder, { recursive: true });
  for (let from = 0, file = 0; from < records.length; from += recordsPerFile, file += 1) {
    const { suffix, encode } = formats[file % formats.length]!;
    const part = records.slice(from, from + recordsPerFile);
    const name = String(part[0]!.offset).padStart(20, '0') + suffix;
    writeFileSync(join(folder, name), await encode(part));
  }
}

function linesOf(records: readonly Enveloped[]): string {
  const lines = records.map(({ offset, timestamp, key, valueText }) => {
    const start = `{"offset":${offset},"timestamp":${timestamp},"key":${JSON.stringify(key)}`;
    return `${start},"value":${valueText}}\n`;
  });
  return lines.join('');
}

const ENVELOPE = avro.Type.forSchema({
  type: 'record',
  name: 'envelope',
  fields: [
    { name: 'offset', type: 'long' },
    { name: 'timestamp', type: 'long' },
    { name: 'key', type: ['null', 'bytes'] },
    { name: 'value', type: ['null', 'bytes'] },
    { name: 'headers', type: { type: 'map', values: 'bytes' } },
  ],
});

async function containerOf(records: readonly Enveloped[], codec: 'null' | 'deflate'): Promise<Uint8Array> {
  const encoder = new avro.streams.BlockEncoder(ENVELOPE, { codec, blockSize: 256 });
  for (const { offset, timestamp, key, valueText } of records) {
    encoder.write({
      offset,
      timestamp,
      key: key === null ? null : Buffer.from(key),
      value: valueText === 'null' ? null : Buffer.from(valueText),
      headers: {},
    });
  }
  encoder.end();
  const chunks: Buffer[] = [];
  for await (const chunk of encoder) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
