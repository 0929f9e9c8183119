import avro from 'avsc';
import type { FieldType } from '../definitions/definition.ts';
import { compileAvroReader } from './decode-avro.ts';
import { resolves } from './decode-avro-code.ts';
import { AvroCursor } from './decode-avro-cursor.ts';
import { type LogRecord, Rejection } from './record.ts';

/** The record of an Avro archive file (interface.md, "Archive", layout 1) and the parts of its container. */

/** What is read of it: no definition can read headers. A file whose records have no timestamp is possible. */
const READ_FIELDS: ReadonlyMap<string, FieldType> = new Map([
  ['offset', { kind: 'long', nullable: false, symbols: [] }],
  ['timestamp', { kind: 'long', nullable: true, symbols: [] }],
  ['key', { kind: 'bytes', nullable: true, symbols: [] }],
  ['value', { kind: 'bytes', nullable: true, symbols: [] }],
]);

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

export const ENVELOPE_TYPE = avro.Type.forSchema(ENVELOPE_SCHEMA as avro.Schema);

/** Decodes `count` envelopes that fill `data`; throws when they do not. */
export type BlockDecoder = (data: Buffer, count: number) => LogRecord[];

/** By schema text: the files of an archive share one, and with it generated code that is warm already. */
const decoders = new Map<string, BlockDecoder>();

/**
 * The name of the writer's record does not matter, and it may have other fields besides.
 * @throws when the text is no Avro schema, or not one of an envelope
 */
export function blockDecoder(writerSchema: string): BlockDecoder {
  let decoder = decoders.get(writerSchema);
  if (decoder === undefined) {
    decoder = compileBlockDecoder(writerSchema);
    decoders.set(writerSchema, decoder);
  }
  return decoder;
}

function compileBlockDecoder(writerSchema: string): BlockDecoder {
  const writer = avro.Type.forSchema(JSON.parse(writerSchema) as avro.Schema, { wrapUnions: true });
  if (writer.typeName !== 'record') throw new Error(`it is of type ${writer.typeName}, not a record`);
  const { fields } = writer as avro.types.RecordType;
  for (const [name, { kind, nullable }] of READ_FIELDS) {
    const field = fields.find((candidate) => candidate.name === name);
    if (field === undefined ? !nullable : !resolves(field.type, kind)) {
      throw new Error(`its field '${name}' is ${field === undefined ? 'missing' : `no ${kind}`}`);
    }
  }
  const read = compileAvroReader(writer as avro.types.RecordType, READ_FIELDS);
  const cursor = new AvroCursor();
  return (data, count) => {
    cursor.reset(data);
    const records: LogRecord[] = [];
    for (let index = 0; index < count; index++) {
      const record = read(cursor);
      if (cursor.failed) throw new Error(`record ${index + 1} of ${count} runs over the end of the block`);
      if (record instanceof Rejection) throw new Error(`record ${index + 1} of ${count}: ${record.detail}`);
      if (record['timestamp'] === null) (record as { timestamp: number }).timestamp = -1;
      records.push(record as unknown as LogRecord);
    }
    if (!cursor.complete) {
      throw new Error(
        `${data.length - cursor.position} bytes are left after the ${count} records of the block`,
      );
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

/** Of a block's count and size. */
export const LONG_TYPE = avro.Type.forSchema('long');

export interface ContainerHeader {
  readonly meta: Readonly<Record<string, Buffer>>;
  readonly sync: Buffer;
}
