import { dirname, resolve } from 'node:path';
import type { FieldType, Source } from './definition.ts';
import { type Problem, reportProblems } from './definition-error.ts';
import { rememberPlace } from './definition-place.ts';
import { CallSite } from './definition-text.ts';
import type { RecordOf, Schema } from './field.ts';
import { AVRO_NAME, SOURCE_NAME, TOPIC_NAME } from './names.ts';
import { suggestName } from './nearest.ts';
import { isObject, OptionReader, show } from './option-reader.ts';
import { findZone, suggestZone } from './zones.ts';

/** Options of {@link defineSource}; durations are texts like `'30s'`. */
export interface SourceOptions<S extends Schema> {
  /** Also the topic, unless `topic` says otherwise. */
  readonly name: string;
  readonly topic?: string;
  /** The field that the record key holds. */
  readonly key?: keyof S & string;
  /** The fields that lambdas, entities and event time read; other fields of the written value are skipped. */
  readonly schema: S;
  /** Default `'json'`. */
  readonly format?: 'json' | 'avro';
  /** The `.avsc` file that Avro values were written with, relative to this file; default: the declared schema. */
  readonly writerSchema?: string;
  /** `zone` is an IANA zone, for a field of local date-times, and only for one. */
  readonly eventTime: { readonly field: keyof S & string; readonly zone?: string };
  readonly watermark?: {
    /** How far behind the greatest event time a record may be without being late; default 0. */
    readonly maxOutOfOrderness?: string;
    /** How far ahead of the log's time a record may be; default 5 minutes, null: no limit. */
    readonly maxAhead?: string | null;
    /** A partition without records for so long may have its watermark advanced; default: never. */
    readonly idleTimeout?: string | null;
  };
  /** `'logTime'` takes the log's time in place of a null event time; default `'reject'`. */
  readonly onNullEventTime?: 'reject' | 'logTime';
  /** Raise it when a topic is recreated and offsets restart: 0 to 1023, default 0. */
  readonly epoch?: number;
  /** Whether a record whose key is not the text of the `key` field is rejected; default true. */
  readonly checkKey?: boolean;
}

/** A source whose records lambdas read as `R`. */
export interface SourceDefinition<R> extends Source {
  /** Never there: carries the type only. */
  readonly recordType?: (record: R) => R;
}

const FIELD_KINDS: ReadonlySet<unknown> = new Set<FieldType['kind']>([
  'string',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'timestampMillis',
  'timestampMicros',
  'localDateTime',
  'enum',
]);

/**
 * Declares a stream of records: a topic, the fields of its values and their event time.
 * @throws DefinitionError with the place of every option that is wrong
 */
export function defineSource<const S extends Schema>(
  options: SourceOptions<S>,
): SourceDefinition<RecordOf<S>> {
  const site = new CallSite(defineSource);
  const problems: Problem[] = [];
  const reader = new OptionReader('the source', options, site.options(0), problems);
  reader.only([
    'name',
    'topic',
    'key',
    'schema',
    'format',
    'writerSchema',
    'eventTime',
    'watermark',
    'onNullEventTime',
    'epoch',
    'checkKey',
  ]);
  reader.require('name', "write name: 'transactions', which is the topic too");
  const name = readName(reader, 'name', SOURCE_NAME) ?? '';
  const format = reader.choice('format', ['json', 'avro'], 'json');
  const fields = readSchema(reader, format, problems);
  const source: Source = {
    kind: 'source',
    name,
    topic: readName(reader, 'topic', TOPIC_NAME) ?? name,
    key: readKey(reader, fields),
    fields,
    format,
    writerSchemaFile: readWriterSchema(reader, format, site.place.file ?? null),
    eventTime: readEventTime(reader, fields, problems),
    ...readWatermark(reader, problems),
    onNullEventTime: reader.choice('onNullEventTime', ['reject', 'logTime'], 'reject'),
    epoch: reader.integer('epoch', 0, 1023, 0),
    checkKey: reader.flag('checkKey', true),
  };
  reportProblems(problems);
  return rememberPlace(source, site.place);
}

function readName(reader: OptionReader, option: string, rule: typeof SOURCE_NAME): string | null {
  const name = reader.text(option);
  if (name !== null && !rule.pattern.test(name)) {
    reader.wrong(option, `is '${name}', which is no safe name`, `a name is ${rule.allowed}`);
  }
  return name;
}

function readSchema(
  reader: OptionReader,
  format: Source['format'],
  problems: Problem[],
): ReadonlyMap<string, FieldType> {
  const fields = new Map<string, FieldType>();
  if (!reader.require('schema', 'write schema: { amount: field.long, … }')) return fields;
  const schema = new OptionReader(
    'the schema',
    reader.given['schema'],
    reader.site.object('schema'),
    problems,
  );
  for (const { name, place } of schema.site.repeated()) {
    schema.problem(place, `the field '${name}' stands twice in the schema`, 'leave one of them out');
  }
  for (const [name, given] of Object.entries(schema.given)) {
    const type = typeof given === 'function' ? given() : given;
    if (!isObject(type) || !FIELD_KINDS.has(type['kind'])) {
      schema.problem(
        schema.site.value(name),
        `the field '${name}' is ${show(given)}, not a field type`,
        'write one of field.string, field.long, field.double, field.timestampMillis, field.enum(…) …',
      );
      continue;
    }
    const { kind, nullable, symbols } = type as unknown as FieldType;
    if (kind === 'enum') checkSymbols(schema, name, symbols);
    if (name === '__proto__') {
      schema.problem(schema.site.key(name), "a field cannot be named '__proto__'", 'no record can hold it');
    }
    if (name === '' || (format === 'avro' && !AVRO_NAME.pattern.test(name))) {
      schema.problem(
        schema.site.key(name),
        `the field name '${name}' cannot be${name === '' ? ' empty' : ' in an Avro record'}`,
        `a name is ${AVRO_NAME.allowed}`,
      );
    }
    fields.set(name, { kind, nullable: nullable === true, symbols: [...(symbols ?? [])] });
  }
  if (Object.keys(schema.given).length === 0) {
    reader.wrong('schema', 'has no field', 'declare the fields that features read, like amount: field.long');
  }
  return fields;
}

function checkSymbols(schema: OptionReader, name: string, symbols: readonly unknown[]): void {
  const texts = symbols.filter((symbol) => typeof symbol === 'string');
  if (symbols.length > 0 && texts.length === symbols.length && new Set(texts).size === texts.length) return;
  schema.problem(
    schema.site.value(name),
    `the enum '${name}' lists ${symbols.length === 0 ? 'nothing' : 'what is no text, or one text twice'}`,
    "list every value once, field.enum('settled', 'failed')",
  );
}

function readKey(reader: OptionReader, fields: ReadonlyMap<string, FieldType>): string | null {
  const key = reader.text('key');
  if (key === null) return null;
  const kind = fields.get(key)?.kind;
  if (kind === undefined) {
    if (fields.size > 0) {
      reader.wrong('key', `is '${key}', which the schema has not`, suggestName(key, fields.keys()));
    }
  } else if (kind === 'bytes' || kind === 'float' || kind === 'double') {
    reader.wrong(
      'key',
      `is '${key}', a field of ${kind}, which has no one text to compare a record key with`,
      'declare it as string, int, long or enum',
    );
  }
  return key;
}

function readWriterSchema(
  reader: OptionReader,
  format: Source['format'],
  file: string | null,
): string | null {
  const path = reader.text('writerSchema');
  if (path === null) return null;
  if (format !== 'avro') {
    reader.wrong('writerSchema', 'needs values of Avro', "write format: 'avro', or leave it out");
  }
  return resolve(file === null ? '.' : dirname(file), path);
}

function readEventTime(
  reader: OptionReader,
  fields: ReadonlyMap<string, FieldType>,
  problems: Problem[],
): Source['eventTime'] {
  const none = { field: '', zone: null };
  if (!reader.require('eventTime', "write eventTime: { field: 'event_ts' }")) return none;
  const time = new OptionReader(
    'eventTime',
    reader.given['eventTime'],
    reader.site.object('eventTime'),
    problems,
  );
  if (!isObject(reader.given['eventTime'])) return none;
  time.only(['field', 'zone']);
  time.require('field', "write field: 'event_ts'");
  const field = time.text('field');
  const zone = time.text('zone');
  const kind = field === null ? undefined : fields.get(field)?.kind;
  if (zone !== null && findZone(zone) === null) {
    time.wrong('zone', `is '${zone}', which is no time zone`, suggestZone(zone));
  }
  if (field === null || fields.size === 0) return none;
  if (kind === undefined) {
    time.wrong('field', `is '${field}', which the schema has not`, suggestName(field, fields.keys()));
  } else if (kind === 'localDateTime') {
    if (!time.has('zone')) {
      time.wrong(
        'field',
        `is '${field}', a local date-time, which is no instant without a zone`,
        `write eventTime: { field: '${field}', zone: 'Asia/Kolkata' }`,
      );
    }
  } else if (kind !== 'timestampMillis' && kind !== 'timestampMicros' && kind !== 'long') {
    time.wrong(
      'field',
      `is '${field}', a field of ${kind}, which is no time`,
      kind === 'string'
        ? `declare it as field.localDateTime, and write its zone beside it`
        : 'declare it as field.timestampMillis, field.timestampMicros, or field.localDateTime with a zone',
    );
  } else if (zone !== null) {
    time.wrong('zone', `stands beside '${field}', which is an instant already`, 'leave the zone out');
  }
  return { field, zone };
}

const MAX_AHEAD_MS = 300_000;

function readWatermark(
  reader: OptionReader,
  problems: Problem[],
): Pick<Source, 'maxOutOfOrdernessMs' | 'maxAheadMs' | 'idleTimeoutMs'> {
  const given = reader.given['watermark'] ?? {};
  const watermark = new OptionReader('watermark', given, reader.site.object('watermark'), problems);
  watermark.only(['maxOutOfOrderness', 'maxAhead', 'idleTimeout']);
  const { maxAhead, idleTimeout } = watermark.given;
  return {
    maxOutOfOrdernessMs: watermark.duration('maxOutOfOrderness', 0) ?? 0,
    maxAheadMs: maxAhead === null ? null : (watermark.duration('maxAhead', 0) ?? MAX_AHEAD_MS),
    idleTimeoutMs: idleTimeout === null ? null : watermark.duration('idleTimeout', 1),
  };
}
