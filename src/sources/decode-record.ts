import { isAscii, isUtf8 } from 'node:buffer';
import type { Row, Source } from '../definitions/definition.ts';
import { eventTimeReader } from './decode-event-time.ts';
import { compileValidator, describeFound } from './decode-validator.ts';
import { type LogRecord, type RecordDecoder, Rejection } from './record.ts';

/**
 * Makes the decoder of a source's values.
 * @throws TidemarkError when the source's writer schema cannot be used
 */
export function createDecoder(source: Source): RecordDecoder {
  const validate = compileValidator(source);
  const decodeJson = (json: unknown): Row | Rejection => {
    if (typeof json !== 'object' || json === null || Array.isArray(json)) {
      return new Rejection('schema', `found ${describeFound(json)}, expected a JSON object`);
    }
    return validate(json);
  };
  const decodeBytes = (value: Uint8Array) => {
    const json = parseJson(value);
    return json instanceof Rejection ? json : decodeJson(json);
  };
  return {
    decode(value: LogRecord['value']) {
      if (value === null) return new Rejection('null_value', 'the record has no value');
      return value instanceof Uint8Array ? decodeBytes(value) : decodeJson(value.json);
    },
    eventTime: eventTimeReader(source),
  };
}

function parseJson(value: Uint8Array): unknown {
  const buffer =
    value instanceof Buffer ? value : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  const ascii = isAscii(buffer);
  if (!ascii && !isUtf8(buffer)) return new Rejection('undecodable', 'the value is not UTF-8');
  try {
    // V8 makes a string of one-byte characters much faster than it decodes UTF-8.
    return JSON.parse(buffer.toString(ascii ? 'latin1' : 'utf8'));
  } catch (error) {
    return new Rejection('undecodable', `the value is not JSON: ${(error as Error).message}`);
  }
}
