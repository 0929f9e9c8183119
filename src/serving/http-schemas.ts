import { isVector } from '../definitions/aggregate-signatures.ts';
import type { FeatureGroup, FeatureType, FieldType } from '../definitions/definition.ts';
import type { ValueType } from '../definitions/expression.ts';

/** JSON schemas (2020-12, as OpenAPI 3.1 takes them) of what a definition says about its requests and answers. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The most reads that one request may hold. */
export const MOST_READS = 1000;

const TIME: JsonSchema = { type: 'integer', description: 'Milliseconds since 1970-01-01T00:00Z.' };

/** An entity of the group: its fields, as the records of the source hold them. */
export function entitySchema(group: FeatureGroup): JsonSchema {
  return object(
    Object.fromEntries(group.entity.map((name) => [name, fieldSchema(group.source.fields.get(name)!)])),
  );
}

export function answerSchema(group: FeatureGroup): JsonSchema {
  const features = group.features.map(
    ({ name, valueType }) => [name, orNull(valueSchema(valueType))] as const,
  );
  return object({
    group: { enum: [group.name] },
    group_version: { enum: [group.version] },
    entity: entitySchema(group),
    window_end: {
      ...orNull(TIME),
      description:
        'Events before it are counted. Null when the entity has no row, as are version and known_at.',
    },
    version: orNull({ type: 'integer', description: 'The log position that the values are a function of.' }),
    known_at: { ...orNull(TIME), description: 'How far the log had come.' },
    leave: {
      ...orNull(TIME),
      description: 'When the first of the counted events leaves its range; null when none does.',
    },
    due_to_fall: { type: 'boolean', description: 'Whether that time has come.' },
    features: { ...object(Object.fromEntries(features)), required: [] },
  });
}

export function batchSchema(groups: readonly FeatureGroup[]): JsonSchema {
  const reads = groups.map((group) =>
    object(
      {
        group: { enum: [group.name, `${group.name}:${group.version}`] },
        entity: entitySchema(group),
        features: {
          type: 'array',
          items: { enum: group.features.map(({ name }) => name) },
          description: 'Those wanted. Default: all.',
        },
      },
      ['group', 'entity'],
    ),
  );
  return object({ reads: { type: 'array', minItems: 1, maxItems: MOST_READS, items: { anyOf: reads } } });
}

export function batchAnswerSchema(groups: readonly FeatureGroup[]): JsonSchema {
  return object({
    answers: {
      type: 'array',
      items: { anyOf: groups.map(answerSchema) },
      description: 'One for each read, in their order.',
    },
  });
}

export const ERROR_SCHEMA: JsonSchema = object({
  error: object({
    code: { type: 'string', description: 'A stable name of the kind of error.' },
    message: { type: 'string' },
    remedy: { type: 'string', description: 'What to do about it.' },
  }),
});

function object(
  properties: Readonly<Record<string, JsonSchema>>,
  required: readonly string[] = Object.keys(properties),
): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}

function orNull(schema: JsonSchema): JsonSchema {
  return { ...schema, type: [schema['type'], 'null'] };
}

function fieldSchema({ kind, symbols }: FieldType): JsonSchema {
  switch (kind) {
    case 'enum':
      return { type: 'string', enum: symbols };
    case 'localDateTime':
      return { type: 'string', description: 'A local date-time like 2026-03-08T02:30:15.250.' };
    case 'int':
      return { type: 'integer', minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
    case 'long':
    case 'timestampMillis':
    case 'timestampMicros':
      return valueSchema('integer');
    case 'float':
    case 'double':
      return valueSchema('number');
    default:
      return valueSchema(kind);
  }
}

function valueSchema(type: FeatureType): JsonSchema {
  if (isVector(type)) {
    if (type.kind === 'list') return { type: 'array', items: scalarSchema(type.of) };
    return { type: 'object', additionalProperties: scalarSchema(type.value) };
  }
  return scalarSchema(type);
}

function scalarSchema(type: ValueType): JsonSchema {
  if (type === 'bytes') return { type: 'string', format: 'byte' };
  if (type !== 'integer') return { type };
  return { type, minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER };
}
