import { createAggregate } from '../aggregates/create-aggregate.ts';
import { Dictionary } from '../aggregates/dictionary.ts';
import { featureTypeName } from '../definitions/aggregate-signatures.ts';
import type {
  Aggregation,
  Feature,
  FeatureGroup,
  FieldType,
  Grid,
  Source,
  WindowGrid,
} from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import { headCells } from '../operators/entity-panes.ts';
import { WindowLayout } from '../operators/window-layout.ts';
import { type DurationMs, formatDuration } from '../time.ts';
import { gridName, rangeName, type Timeline, timelineOf } from './timeline.ts';

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
  /** `integer`, `list<string>`, `map<string, integer>`. */
  readonly type: string;
  /** As the definitions file calls it. */
  readonly aggregate: string;
  /** Canonical text of what it aggregates; null for a count of records, and for an aggregate of the user's own. */
  readonly input: string | null;
  readonly where: string | null;
  /** What an aggregate of the user's own is computed from; null for a built-in one. */
  readonly own: OwnReport | null;
  /** `last 1d`, `last 30 days`, `since day in Asia/Kolkata` or `lifetime`. */
  readonly range: string;
  readonly default: number | string | boolean | null;
}

export interface OwnReport {
  /** Canonical text, over fields named by the numbers of the parts. */
  readonly result: string;
  readonly parts: readonly PartReport[];
}

interface PartReport {
  readonly aggregate: string;
  /** Canonical texts of its inputs; none for a count of records. */
  readonly inputs: readonly string[];
  readonly where: string | null;
}

export interface GroupReport {
  readonly name: string;
  readonly version: number;
  readonly source: string;
  readonly entity: readonly string[];
  /** `5m`, or `day in Asia/Kolkata`. */
  readonly every: string;
  /** Null on a calendar. */
  readonly offset: string | null;
  readonly allowed_lateness: string;
  readonly emit: string;
  readonly ttl: string | null;
  readonly where: string | null;
  readonly pane: string;
  /** Rows that come and go with one event, when nothing else happens: it enters once and leaves each range once, a lifetime never. */
  readonly rows_per_event_at_most: number;
  readonly state: StateCost;
  readonly fingerprint: string;
  readonly features: readonly FeatureReport[];
  readonly timeline: Timeline;
}

/** Memory for one entity. Texts and categories come on top: each distinct one is held once. */
interface StateCost {
  readonly bytes_per_entity: number;
  readonly bytes_per_pane: number;
  /** Panes of an entity that has events in each of them; all that only lifetimes still hold is in one of them. */
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
  const { grid } = group;
  assert(grid.kind !== 'session', 'windows on a grid');
  const layout = new WindowLayout(grid, group.features);
  const leaving = group.features
    .filter(({ range }) => range.kind !== 'lifetime')
    .map(({ range }) => JSON.stringify(range));
  return {
    name: group.name,
    version: group.version,
    source: group.source.name,
    entity: group.entity,
    every: gridName(group.grid),
    offset: group.grid.kind === 'fixed' ? formatDuration(group.grid.offsetMs) : null,
    allowed_lateness: formatDuration(group.allowedLatenessMs),
    emit: group.emit,
    ttl: formatLimit(group.ttlMs),
    where: group.where?.canonical ?? null,
    pane: layout.paneMs === null ? gridName(group.grid) : formatDuration(layout.paneMs),
    rows_per_event_at_most: 1 + new Set(leaving).size,
    state: stateCost(group, grid, layout),
    fingerprint: group.fingerprint,
    features: group.features.map((feature) => reportFeature(feature, group.grid)),
    timeline: timelineOf(grid, group.features),
  };
}

function reportFeature(feature: Feature, grid: Grid): FeatureReport {
  const { aggregations, result } = feature;
  const simple = result === null ? aggregations[0] : null;
  return {
    name: feature.name,
    type: featureTypeName(feature.valueType),
    aggregate: feature.aggregate,
    input: simple?.input?.canonical ?? null,
    where: simple?.where?.canonical ?? null,
    own: result && { result: result.canonical, parts: aggregations.map(reportPart) },
    range: rangeName(feature.range, grid),
    default: feature.default,
  };
}

function reportPart({ aggregate, input, other, where }: Aggregation): PartReport {
  const inputs = [input, other].flatMap((each) => each?.canonical ?? []);
  return { aggregate, inputs, where: where?.canonical ?? null };
}

const CELL_BYTES = 8;

function stateCost(group: FeatureGroup, grid: WindowGrid, layout: WindowLayout): StateCost {
  const dictionary = new Dictionary();
  let paneCells = 1; // its number
  let entityCells = headCells(layout);
  for (const aggregation of group.features.flatMap(({ aggregations }) => aggregations)) {
    const aggregate = createAggregate(aggregation, dictionary);
    paneCells += aggregate.paneWidth;
    entityCells += aggregate.windowWidth;
  }
  const panes = panesAtMost(group, grid, layout);
  return {
    bytes_per_entity: entityCells * CELL_BYTES,
    bytes_per_pane: paneCells * CELL_BYTES,
    panes_at_most: panes,
    bytes_at_most: (entityCells + panes * paneCells) * CELL_BYTES,
  };
}

const DAY_MS = 86_400_000;
/** The longest that units last, with an hour of a clock set back; and the shortest, set forward. */
const LONGEST_MS = { day: DAY_MS + 3_600_000, week: 7 * DAY_MS + 3_600_000, month: 31 * DAY_MS + 3_600_000 };
const SHORTEST_MS = { day: DAY_MS - 3_600_000, week: 7 * DAY_MS - 3_600_000, month: 28 * DAY_MS - 3_600_000 };

/**
 * A pane is needed until the last window that holds it is final, which the watermark's delay postpones. What only
 * lifetimes hold lies in one pane, however much it is.
 */
function panesAtMost(group: FeatureGroup, grid: WindowGrid, layout: WindowLayout): number {
  const { features, source, allowedLatenessMs } = group;
  const [paneMs, stepMs] =
    grid.kind === 'fixed' ? [layout.paneMs!, grid.stepMs] : [SHORTEST_MS[grid.unit], LONGEST_MS[grid.unit]];
  const ranges = features.map(({ range }) => {
    if (range.kind === 'last') return range.lengthMs / paneMs;
    if (range.kind === 'since') return Math.ceil(LONGEST_MS[range.unit] / paneMs);
    return range.kind === 'lastUnits' ? range.count : 0;
  });
  const kept = Math.ceil((source.maxOutOfOrdernessMs + allowedLatenessMs + stepMs) / paneMs);
  const settled = features.some(({ range }) => range.kind === 'lifetime') ? 1 : 0;
  return Math.max(...ranges) + kept + settled;
}

function fieldText({ kind, nullable, symbols }: FieldType): string {
  const name = kind === 'enum' ? `enum(${symbols.join(', ')})` : kind;
  return nullable ? `nullable(${name})` : name;
}

function formatLimit(duration: DurationMs | null): string | null {
  return duration === null ? null : formatDuration(duration);
}
