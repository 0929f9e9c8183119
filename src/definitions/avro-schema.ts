import type { FieldType, Source } from './definition.ts';
import { AVRO_NAME } from './names.ts';

/** An Avro schema as JSON, as far as declared fields need it. */
type AvroFieldSchema =
  | string
  | { readonly type: 'long'; readonly logicalType: 'timestamp-millis' | 'timestamp-micros' }
  | { readonly type: 'enum'; readonly name: string; readonly symbols: readonly string[] };

export interface AvroRecordSchema {
  readonly type: 'record';
  readonly name: string;
  readonly fields: readonly {
    readonly name: string;
    readonly type: AvroFieldSchema | readonly ['null', AvroFieldSchema];
    readonly default?: null;
  }[];
}

/**
 * The declared schema of a source as an Avro record. A nullable field is a union with null, which is its default;
 * an enum with a value that is no Avro name is a string. Fields of an Avro source have Avro names; those of a
 * JSON source may have others, and then no Avro record can hold them.
 */
export function avroSchemaOf(source: Source): AvroRecordSchema {
  const name = source.name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_');
  const fields = [...source.fields].map(([field, type]) => {
    const schema = fieldSchema(`${name}_${field}`, type);
    return type.nullable
      ? { name: field, type: ['null', schema] as const, default: null }
      : { name: field, type: schema };
  });
  return { type: 'record', name, fields };
}

function fieldSchema(name: string, { kind, symbols }: FieldType): AvroFieldSchema {
  switch (kind) {
    case 'timestampMillis':
      return { type: 'long', logicalType: 'timestamp-millis' };
    case 'timestampMicros':
      return { type: 'long', logicalType: 'timestamp-micros' };
    case 'localDateTime':
      return 'string';
    case 'enum':
      return symbols.every((symbol) => AVRO_NAME.pattern.test(symbol))
        ? { type: 'enum', name, symbols }
        : 'string';
    default:
      return kind;
  }
}
