import {
  DEFAULT_MAX_ENTITY_STATE,
  type Feature,
  type FeatureGroup,
  type FeatureType,
  type FieldKind,
  type Grid,
  type Source,
} from '../../src/definitions/definition.ts';

export interface GroupShape {
  readonly name: string;
  readonly version?: number;
  readonly entity?: readonly string[];
  /** Of the entity's fields. Default: strings. */
  readonly entityKinds?: Readonly<Record<string, FieldKind>>;
  readonly grid?: Grid;
  readonly allowedLatenessMs?: number;
  readonly ttlMs?: number | null;
  /** Value types by feature name. */
  readonly features: Readonly<Record<string, FeatureType>>;
}

/** A loaded feature group of which only what a sink looks at means anything. */
export function aGroup(shape: GroupShape): FeatureGroup {
  const entity = shape.entity ?? ['card_id'];
  const source: Source = {
    kind: 'source',
    name: 'transactions',
    topic: 'transactions',
    key: entity[0]!,
    fields: new Map(
      entity.map((name) => [
        name,
        { kind: shape.entityKinds?.[name] ?? 'string', nullable: false, symbols: ['a', 'b'] },
      ]),
    ),
    format: 'json',
    writerSchemaFile: null,
    eventTime: { field: 'event_ts', zone: null },
    maxOutOfOrdernessMs: 0,
    maxAheadMs: null,
    idleTimeoutMs: null,
    onNullEventTime: 'reject',
    epoch: 0,
    checkKey: true,
  };
  const features = Object.entries(shape.features).map(([name, valueType]) => aFeature(name, valueType));
  return {
    kind: 'featureGroup',
    name: shape.name,
    version: shape.version ?? 1,
    source,
    entity,
    grid: shape.grid ?? { kind: 'fixed', stepMs: 1000, offsetMs: 0 },
    usesCalendar: false,
    allowedLatenessMs: shape.allowedLatenessMs ?? 0,
    emit: 'change',
    maxEntityState: DEFAULT_MAX_ENTITY_STATE,
    ttlMs: shape.ttlMs ?? null,
    where: null,
    features,
    fingerprint: 'f'.repeat(64),
  };
}

/** A feature of which only the name and the type of its values matter. */
export function aFeature(name: string, valueType: FeatureType): Feature {
  return {
    name,
    aggregate: 'last',
    aggregations: [{ aggregate: 'last', input: null, other: null, where: null, parameters: {}, valueType }],
    result: null,
    range: { kind: 'last', lengthMs: 60_000 },
    default: null,
    valueType,
  };
}
