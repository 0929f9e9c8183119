import { isAscii, isUtf8 } from 'node:buffer';
import type { Row, Source } from '../definitions/definition.ts';
import { type AvroReader, compileAvroReader } from './decode-avro.ts';
import { AvroCursor } from './decode-avro-cursor.ts';
import { eventTimeReader } from './decode-event-time.ts';
import { compileJsonReader, describeFound, rowFields } from './decode-validator.ts';
import { loadWriterType } from './decode-writer-schema.ts';
import { type LogRecord, type RecordDecoder, Rejection } from './record.ts';

/**
 * Makes the decoder of a source's values. Parsed JSON is taken for Avro sources too: it is then JSON of the
 * declared schema.
 * @throws TidemarkError when the source's writer schema cannot be used
 */
export function createDecoder(source: Source): RecordDecoder {
  const fields = rowFields(source);
  const readObject = compileJsonReader(fields);
  const decodeJson = (json: unknown): Row | Rejection => {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      return new Rejection('schema', `found ${describeFound(json)}, expected a JSON object`);
    }
    return readObject(json);
  };
  const decodeBytes =
    source.format === 'avro'
      ? avroDecoder(compileAvroReader(loadWriterType(source), fields))
      : (value: Buffer) => {
          const json = parseJson(value);
          return json instanceof Rejection ? json : decodeJson(json);
        };
  return {
    decode(value: LogRecord['value']) {
      if (value === null) return new Rejection('null_value', 'the record has no value');
      if (value instanceof Buffer) return decodeBytes(value);
      if (value instanceof Uint8Array) {
        return decodeBytes(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
      }
      return decodeJson(value.json);
    },
    eventTime: eventTimeReader(source),
  };
}

function avroDecoder(read: AvroReader): (value: Buffer) => Row | Rejection {
  const cursor = new AvroCursor();
  return (value) => {
    cursor.reset(value);
    let row: Row | Rejection;
    try {
      row = read(cursor);
    } catch (error) {
      // Only a type that holds itself can be nested so deep that the stack does not hold it.
      if (!(error instanceof RangeError)) throw error;
      return new Rejection('undecodable', 'the value is nested too deep');
    }
    if (cursor.failed)
      return new Rejection('undecodable', 'the value is not of the writer schema, or cut off');
    if (!cursor.complete) {
      const left = value.length - cursor.position;
      return new Rejection('undecodable', `${left} bytes are left after a record of the writer schema`);
    }
    return row;
  };
}

function parseJson(value: Buffer): unknown {
  const ascii = isAscii(value);
  if (!ascii && !isUtf8(value)) return new Rejection('undecodable', 'the value is not UTF-8');
  try {
    // V8 makes a string of one-byte characters much faster than it decodes UTF-8.
    return JSON.parse(value.toString(ascii ? 'latin1' : 'utf8'));
  } catch (error) {
    return new Rejection('undecodable', `the value is not JSON: ${(error as Error).message}`);
  }
}
