import { createHash } from 'node:crypto';
import {
  type Aggregation,
  DEFAULT_MAX_ENTITY_STATE,
  type Feature,
  type FeatureGroup,
  type Grid,
} from './definition.ts';

/** Raised when an unchanged definition would give other values or another state. */
const MEANING = 1;

/**
 * Hex SHA-256 of everything that decides a group's values and state. Names of the group and the source, the
 * topic, the epoch, the place of files and `ttl` decide neither.
 */
export function fingerprintOf(group: Omit<FeatureGroup, 'fingerprint'>): string {
  const { source } = group;
  const text = canonicalJson({
    meaning: MEANING,
    source: {
      fields: Object.fromEntries(source.fields),
      format: source.format,
      key: source.key,
      checkKey: source.checkKey,
      eventTime: source.eventTime,
      maxOutOfOrdernessMs: source.maxOutOfOrdernessMs,
      maxAheadMs: source.maxAheadMs,
      idleTimeoutMs: source.idleTimeoutMs,
      onNullEventTime: source.onNullEventTime,
    },
    entity: group.entity,
    grid: gridMeaning(group.grid),
    allowedLatenessMs: group.allowedLatenessMs,
    emit: group.emit,
    ...(group.maxEntityState === DEFAULT_MAX_ENTITY_STATE ? {} : { maxEntityState: group.maxEntityState }),
    where: group.where?.canonical ?? null,
    features: group.features.map(featureMeaning),
  });
  return createHash('sha256').update(text).digest('hex');
}

/** A fixed grid as it was written before there were others, so that the fingerprints of then still hold. */
function gridMeaning(grid: Grid): unknown {
  return grid.kind === 'fixed' ? { stepMs: grid.stepMs, offsetMs: grid.offsetMs } : grid;
}

/** What a feature of one aggregate over one input means is written as it was when there were no others. */
function featureMeaning({
  aggregations,
  result,
  name,
  range,
  default: whenEmpty,
  valueType,
}: Feature): unknown {
  const feature = { name, range, default: whenEmpty, valueType };
  const [first, ...more] = aggregations.map(aggregationMeaning);
  return { ...feature, ...first, ...(result === null ? {} : { more, result: result.canonical }) };
}

/** What decides the value of an aggregation. */
export function aggregationMeaning({ aggregate, input, other, where, parameters }: Aggregation): object {
  return {
    aggregate,
    input: input?.canonical ?? null,
    where: where?.canonical ?? null,
    ...(other === null ? {} : { other: other.canonical }),
    ...(Object.keys(parameters).length === 0 ? {} : { parameters }),
  };
}

/** JSON with the keys of every object in the order of their code units. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, each]) => `${JSON.stringify(key)}:${canonicalJson(each)}`).join(',')}}`;
}
