import type avro from 'avsc';
import type { FieldType, Row } from '../definitions/definition.ts';
import { generateAvroRead } from './decode-avro-code.ts';
import type { AvroCursor } from './decode-avro-cursor.ts';
import { isLocalDateTime } from './decode-local-time.ts';
import { generateChecks, type Reject, rejecter } from './decode-validator.ts';
import type { Rejection } from './record.ts';

/**
 * Reads a record of the writer's schema and makes a row of it, or says why it is none. Whether the bytes were
 * such a record at all, the cursor says afterwards: that comes first.
 */
export type AvroReader = (cursor: AvroCursor) => Row | Rejection;

/** Fields that the writer lacks are null, which rejects records unless the field is nullable. */
export function compileAvroReader(
  writer: avro.types.RecordType,
  fields: ReadonlyMap<string, FieldType>,
): AvroReader {
  const { preamble, statements, constants } = generateAvroRead(writer, fields);
  const variables = [...fields.keys()].map((_, index) => `v${index}`).join(', ');
  const checks = generateChecks(fields, 'binary');
  const code = `${preamble}\nreturn (c) => {\nlet ${variables};\n${statements}\n${checks}\n};`;
  const factory = new Function('reject', 'isLocalDateTime', 'constants', code) as (
    reject: Reject,
    localDateTime: typeof isLocalDateTime,
    constants: readonly unknown[],
  ) => AvroReader;
  return factory(rejecter(fields), isLocalDateTime, constants);
}
