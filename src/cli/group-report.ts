import { createAggregate } from '../aggregates/create-aggregate.ts';
import { Dictionary } from '../aggregates/dictionary.ts';
import type { Feature, FeatureGroup, FieldType, Range, Source } from '../definitions/definition.ts';
import type { ValueType } from '../definitions/expression.ts';
import { headCells } from '../operators/entity-panes.ts';
import { WindowLayout } from '../operators/window-layout.ts';
import { type DurationMs, formatDuration } from '../time.ts';

/** What `tidemark check` says of a source; durations are texts, null is no limit. */
export interface SourceReport {
  readonly name: string;
  readonly topic: string;
  readonly format: string;
  readonly key: string | null;
  readonly event_time: string;
  readonly zone: string | null;
  readonly max_out_of_orderness: string;
  readonly max_ahead: string | null;
  readonly idle_timeout: string | null;
  readonly on_null_event_time: string;
  readonly epoch: number;
  readonly fields: Readonly<Record<string, string>>;
}

interface FeatureReport {
  readonly name: string;
  readonly type: ValueType;
  readonly aggregate: string;
  /** Canonical text of what it aggregates; null for a count of records. */
  readonly input: string | null;
  readonly where: string | null;
  readonly last: string;
  readonly default: number | string | boolean | null;
}

export interface GroupReport {
  readonly name: string;
  readonly version: number;
  readonly source: string;
  readonly entity: readonly string[];
  readonly every: string;
  readonly offset: string;
  readonly allowed_lateness: string;
  readonly emit: string;
  readonly ttl: string | null;
  readonly where: string | null;
  readonly pane: string;
  /** Rows that come and go with one event, when nothing else happens: it enters once and leaves each range once. */
  readonly rows_per_event_at_most: number;
  readonly state: StateCost;
  readonly fingerprint: string;
  readonly features: readonly FeatureReport[];
}

/** Memory for one entity. Texts and categories come on top: each distinct one is held once. */
interface StateCost {
  readonly bytes_per_entity: number;
  readonly bytes_per_pane: number;
  /** Panes of an entity that has events in each of them. */
  readonly panes_at_most: number;
  readonly bytes_at_most: number;
}

export function reportSource(source: Source): SourceReport {
  return {
    name: source.name,
    topic: source.topic,
    format: source.format,
    key: source.key,
    event_time: source.eventTime.field,
    zone: source.eventTime.zone,
    max_out_of_orderness: formatDuration(source.maxOutOfOrdernessMs),
    max_ahead: formatLimit(source.maxAheadMs),
    idle_timeout: formatLimit(source.idleTimeoutMs),
    on_null_event_time: source.onNullEventTime,
    epoch: source.epoch,
    fields: Object.fromEntries(Array.from(source.fields, ([name, type]) => [name, fieldText(type)])),
  };
}

export function reportGroup(group: FeatureGroup): GroupReport {
  const layout = new WindowLayout(group);
  return {
    name: group.name,
    version: group.version,
    source: group.source.name,
    entity: group.entity,
    every:
      group.grid.kind === 'fixed'
        ? formatDuration(group.grid.stepMs)
        : `${group.grid.unit} in ${group.grid.zone}`,
    offset: formatDuration(group.grid.kind === 'fixed' ? group.grid.offsetMs : 0),
    allowed_lateness: formatDuration(group.allowedLatenessMs),
    emit: group.emit,
    ttl: formatLimit(group.ttlMs),
    where: group.where?.canonical ?? null,
    pane: layout.paneMs === null ? 'one unit' : formatDuration(layout.paneMs),
    rows_per_event_at_most: 1 + layout.ranges.length,
    state: stateCost(group, layout),
    fingerprint: group.fingerprint,
    features: group.features.map(reportFeature),
  };
}

function reportFeature(feature: Feature): FeatureReport {
  return {
    name: feature.name,
    type: feature.valueType,
    aggregate: feature.aggregate,
    input: feature.input?.canonical ?? null,
    where: feature.where?.canonical ?? null,
    last: rangeText(feature.range),
    default: feature.default,
  };
}

function rangeText(range: Range): string {
  switch (range.kind) {
    case 'last':
      return formatDuration(range.lengthMs);
    case 'lastUnits':
      return `${range.count} units`;
    case 'since':
      return `since ${range.unit} in ${range.zone}`;
    case 'lifetime':
      return 'lifetime';
  }
}

const CELL_BYTES = 8;

function stateCost(group: FeatureGroup, layout: WindowLayout): StateCost {
  const dictionary = new Dictionary();
  let paneCells = 1; // its number
  let entityCells = headCells(layout);
  for (const feature of group.features) {
    const aggregate = createAggregate(feature, dictionary);
    paneCells += aggregate.paneWidth;
    entityCells += aggregate.windowWidth;
  }
  // A pane is needed until the last window that holds it is final, which the watermark's delay postpones.
  const keptMs = group.source.maxOutOfOrdernessMs + group.allowedLatenessMs;
  const panes = layout.lastLeaveOf(0) + Math.ceil(keptMs / (layout.paneMs ?? 86_400_000));
  return {
    bytes_per_entity: entityCells * CELL_BYTES,
    bytes_per_pane: paneCells * CELL_BYTES,
    panes_at_most: panes,
    bytes_at_most: (entityCells + panes * paneCells) * CELL_BYTES,
  };
}

function fieldText({ kind, nullable, symbols }: FieldType): string {
  const name = kind === 'enum' ? `enum(${symbols.join(', ')})` : kind;
  return nullable ? `nullable(${name})` : name;
}

function formatLimit(duration: DurationMs | null): string | null {
  return duration === null ? null : formatDuration(duration);
}
