import type { FieldType, Source } from '../../src/definitions/definition.ts';

type Field = FieldType['kind'] | `${FieldType['kind']}?` | readonly string[];

/** A source with these fields: `'long?'` is nullable, a list is an enum. */
export function aSource(fields: Readonly<Record<string, Field>>, more: Partial<Source> = {}): Source {
  const types = Object.keys(fields).map((name): [string, FieldType] => {
    const field = fields[name]!;
    if (typeof field !== 'string') return [name, { kind: 'enum', nullable: false, symbols: field }];
    const kind = field.replace('?', '') as FieldType['kind'];
    return [name, { kind, nullable: field.endsWith('?'), symbols: [] }];
  });
  return {
    kind: 'source',
    name: 'events',
    topic: 'events',
    key: null,
    fields: new Map(types),
    format: 'json',
    writerSchemaFile: null,
    eventTime: { field: 'at', zone: null },
    maxOutOfOrdernessMs: 0,
    maxAheadMs: null,
    idleTimeoutMs: null,
    onNullEventTime: 'reject',
    epoch: 0,
    checkKey: true,
    ...more,
  };
}
