import avro from 'avsc';
import type { LogRecord } from './record.ts';

/** The record of an Avro archive file (interface.md, "Archive", layout 1) and the parts of its container. */

const ENVELOPE_FIELDS = [
  { name: 'offset', type: 'long' },
  { name: 'timestamp', type: 'long', default: -1 },
  { name: 'key', type: ['null', 'bytes'], default: null },
  { name: 'value', type: ['null', 'bytes'], default: null },
];

/** What files are written with. */
export const ENVELOPE_SCHEMA = {
  type: 'record',
  name: 'Record',
  namespace: 'tidemark.archive',
  fields: [
    { name: 'offset', type: 'long' },
    { name: 'timestamp', type: 'long' },
    { name: 'key', type: ['null', 'bytes'] },
    { name: 'value', type: ['null', 'bytes'] },
    { name: 'headers', type: { type: 'map', values: 'bytes' } },
  ],
};

/** A record as it is archived: {@link LogRecord} with plain bytes and its headers. */
export interface ArchivedRecord extends LogRecord {
  readonly value: Uint8Array | null;
  /** The last value of a header that is repeated; a header without a value is left out. */
  readonly headers?: Readonly<Record<string, Uint8Array>>;
}

export const ENVELOPE_TYPE = avro.Type.forSchema(ENVELOPE_SCHEMA as avro.Schema, { wrapUnions: false });

/** The reader's schema: without the headers, which no definition can read. */
const PROJECTION_TYPE = avro.Type.forSchema(
  { type: 'record', name: 'Record', namespace: 'tidemark.archive', fields: ENVELOPE_FIELDS } as avro.Schema,
  { wrapUnions: false },
);

/** Decodes `count` envelopes that fill `data`; throws when they do not. */
export type BlockDecoder = (data: Buffer, count: number) => LogRecord[];

/** @throws when the text is no Avro schema, or not one of an envelope. */
export function blockDecoder(writerSchema: string): BlockDecoder {
  // The name does not decide: only the fields must fit.
  const writerType = avro.Type.forSchema(JSON.parse(writerSchema) as avro.Schema, { wrapUnions: false });
  const resolver = PROJECTION_TYPE.createResolver(writerType, { ignoreNamespaces: true });
  return (data, count) => {
    const records: LogRecord[] = [];
    let position = 0;
    for (let index = 0; index < count; index++) {
      const decoded = PROJECTION_TYPE.decode(data, position, resolver);
      if (decoded.offset < 0)
        throw new Error(`record ${index + 1} of ${count} runs over the end of the block`);
      records.push(decoded.value as LogRecord);
      position = decoded.offset;
    }
    if (position !== data.length) {
      throw new Error(`${data.length - position} bytes are left after the ${count} records of the block`);
    }
    return records;
  };
}

export const CONTAINER_MAGIC = Buffer.from('Obj\x01', 'latin1');
export const SYNC_LENGTH = 16;

/** What stands in a container file between the magic bytes and the first block. */
export const HEADER_TYPE = avro.Type.forSchema({
  type: 'record',
  name: 'Header',
  fields: [
    { name: 'meta', type: { type: 'map', values: 'bytes' } },
    { name: 'sync', type: { type: 'fixed', name: 'Sync', size: SYNC_LENGTH } },
  ],
} as avro.Schema);

export interface ContainerHeader {
  readonly meta: Readonly<Record<string, Buffer>>;
  readonly sync: Buffer;
}
