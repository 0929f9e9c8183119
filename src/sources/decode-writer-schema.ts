import { readFileSync } from 'node:fs';
import avro from 'avsc';
import { avroSchemaOf } from '../definitions/avro-schema.ts';
import type { FieldKind, Source } from '../definitions/definition.ts';
import { TidemarkError } from '../errors.ts';
import { resolves, resolvingTypes } from './decode-avro-code.ts';

/**
 * The schema that the values of an Avro source were written with: that of its `.avsc` file, else the declared
 * one.
 * @throws TidemarkError naming the file, the field and what to do
 */
export function loadWriterType(source: Source): avro.types.RecordType {
  const file = source.writerSchemaFile;
  if (file === null) return avro.Type.forSchema(avroSchemaOf(source) as avro.Schema) as avro.types.RecordType;
  const type = parseSchema(file, readSchema(file));
  if (type.typeName !== 'record') {
    throw unusable(
      file,
      `the schema is of type ${type.typeName}, not a record`,
      'Name the schema of the whole value.',
    );
  }
  const record = type as avro.types.RecordType;
  const units = writtenUnits(file);
  for (const written of record.fields) {
    const declared = source.fields.get(written.name);
    if (declared === undefined) continue;
    const unit = units.get(written.name);
    if (unit !== undefined && isTimestamp(declared.kind) && declared.kind !== unit) {
      throw unusable(
        file,
        `field '${written.name}' is written as ${unit}, but declared as ${declared.kind}: each time would be off by a factor of 1000`,
        `Declare it as field.${unit} in source '${source.name}'.`,
      );
    }
    if (resolves(written.type, declared.kind)) continue;
    throw unusable(
      file,
      `field '${written.name}' is written as ${typeText(written.type)}, which cannot be read as the declared ${declared.kind}`,
      `Declare the field in source '${source.name}' as what is written, or leave it out; ${declared.kind} can be read from ${resolvingTypes(declared.kind)}.`,
    );
  }
  return record;
}

const UNITS: Readonly<Record<string, FieldKind>> = {
  'timestamp-millis': 'timestampMillis',
  'timestamp-micros': 'timestampMicros',
};

function isTimestamp(kind: FieldKind): boolean {
  return Object.values(UNITS).includes(kind);
}

/** The fields whose written type, or a branch of it, says the unit of a timestamp: what avsc does not keep. */
function writtenUnits(file: string): ReadonlyMap<string, FieldKind> {
  const schema = readSchema(file) as { fields?: readonly { name: string; type: unknown }[] };
  const units = new Map<string, FieldKind>();
  for (const { name, type } of schema.fields ?? []) {
    for (const branch of Array.isArray(type) ? type : [type]) {
      const unit = UNITS[(branch as { logicalType?: string } | null)?.logicalType ?? ''];
      if (unit !== undefined) units.set(name, unit);
    }
  }
  return units;
}

function readSchema(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const fault = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw unusable(
      file,
      `the writer schema file ${fault}`,
      "Mend the path in the source's writerSchema.",
      error,
    );
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unusable(
      file,
      `the writer schema file is not JSON: ${(error as Error).message}`,
      'Name a file that holds an Avro schema (.avsc).',
      error,
    );
  }
}

function parseSchema(file: string, schema: unknown): avro.Type {
  try {
    // Wrapped unions take any branches; how avsc would represent values does not matter here.
    return avro.Type.forSchema(schema as avro.Schema, { wrapUnions: true });
  } catch (error) {
    throw unusable(
      file,
      `the writer schema file holds no Avro schema: ${(error as Error).message}`,
      'Name a file that holds an Avro schema (.avsc).',
      error,
    );
  }
}

function unusable(file: string, message: string, remedy: string, cause?: unknown): TidemarkError {
  return new TidemarkError(message, {
    code: 'WRITER_SCHEMA',
    place: { file },
    remedy,
    ...(cause === undefined ? {} : { cause }),
  });
}

function typeText(type: avro.Type): string {
  if (!type.typeName.startsWith('union:')) return type.typeName;
  return `a union of ${(type as avro.types.WrappedUnionType).types.map((branch) => branch.typeName).join(', ')}`;
}
