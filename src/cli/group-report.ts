import { Dictionary } from '../aggregates/dictionary.ts';
import { featureTypeName, signatureOf } from '../definitions/aggregate-signatures.ts';
import type {
  Aggregation,
  Feature,
  FeatureGroup,
  FieldType,
  Grid,
  SessionGrid,
  Source,
  WindowGrid,
} from '../definitions/definition.ts';
import { headCells } from '../operators/entity-panes.ts';
import { SESSIONS_HEAD_CELLS, sessionCells } from '../operators/entity-sessions.ts';
import { createKernel } from '../operators/kernel.ts';
import { WindowLayout } from '../operators/window-layout.ts';
import { type DurationMs, formatDuration } from '../time.ts';
import { type SessionTimeline, sessionTimelineOf } from './session-timeline.ts';
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

interface FeatureReport extends AggregateReport {
  readonly name: string;
  /** `integer`, `list<string>`, `map<string, integer>`. */
  readonly type: string;
  /** What an aggregate of the user's own is computed from; null for a built-in one. */
  readonly own: OwnReport | null;
  /** `last 1d`, `last 30 days`, `since day in Asia/Kolkata` or `lifetime`. */
  readonly range: string;
  readonly default: number | string | boolean | null;
}

/** An aggregate over what lambdas say; of an aggregate of the user's own only the name. */
export interface AggregateReport {
  /** As the definitions file calls it. */
  readonly aggregate: string;
  /** Canonical text of what it aggregates; null for records. */
  readonly input: string | null;
  /** That of the second input of an aggregate over pairs. */
  readonly other: string | null;
  /** Options of its own; durations are texts. */
  readonly parameters: Readonly<Record<string, number | string | readonly number[]>>;
  readonly where: string | null;
}

export interface OwnReport {
  /** Canonical text, over fields named by the numbers of the parts. */
  readonly result: string;
  readonly parts: readonly AggregateReport[];
}

interface GroupFacts {
  readonly name: string;
  readonly version: number;
  readonly source: string;
  readonly entity: readonly string[];
  readonly allowed_lateness: string;
  readonly emit: string;
  /** How many panes or sessions, and values that they keep, make an entity too large for another record. */
  readonly max_entity_state: number;
  readonly ttl: string | null;
  readonly where: string | null;
  readonly fingerprint: string;
  readonly features: readonly FeatureReport[];
}

export interface WindowGroupReport extends GroupFacts {
  readonly kind: 'windows';
  /** `5m`, or `day in Asia/Kolkata`. */
  readonly every: string;
  /** Null on a calendar. */
  readonly offset: string | null;
  readonly pane: string;
  /** Rows that come and go with one event, when nothing else happens: it enters once and leaves each range once, a lifetime never. */
  readonly rows_per_event_at_most: number;
  readonly state: StateCost;
  readonly timeline: Timeline;
}

export interface SessionGroupReport extends GroupFacts {
  readonly kind: 'sessions';
  /** The gap. */
  readonly session: string;
  readonly max_duration: string | null;
  /** Before it closes: the row of the event's session, and the retraction of one that had another end. */
  readonly rows_per_event_at_most: number;
  readonly state: SessionStateCost;
  readonly timeline: SessionTimeline;
}

export type GroupReport = WindowGroupReport | SessionGroupReport;

/** Memory for one entity. Texts and categories come on top: each distinct one is held once. */
interface StateCost {
  readonly bytes_per_entity: number;
  readonly bytes_per_pane: number;
  /** Panes of an entity that has events in each of them; all that only lifetimes still hold is in one of them. */
  readonly panes_at_most: number;
  readonly bytes_at_most: number;
}

/** As {@link StateCost}, of an entity's sessions that are not final. */
interface SessionStateCost {
  readonly bytes_per_entity: number;
  readonly bytes_per_session: number;
  /** Null with a `maxDuration`: sessions may lie closer than the gap then. */
  readonly sessions_at_most: number | null;
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
  const facts: GroupFacts = {
    name: group.name,
    version: group.version,
    source: group.source.name,
    entity: group.entity,
    allowed_lateness: formatDuration(group.allowedLatenessMs),
    emit: group.emit,
    max_entity_state: group.maxEntityState,
    ttl: formatLimit(group.ttlMs),
    where: group.where?.canonical ?? null,
    fingerprint: group.fingerprint,
    features: group.features.map((feature) => reportFeature(feature, group.grid)),
  };
  const { grid } = group;
  return grid.kind === 'session' ? reportSessions(facts, group, grid) : reportWindows(facts, group, grid);
}

function reportWindows(facts: GroupFacts, group: FeatureGroup, grid: WindowGrid): WindowGroupReport {
  const layout = new WindowLayout(grid, group.features);
  const leaving = group.features
    .filter(({ range }) => range.kind !== 'lifetime')
    .map(({ range }) => JSON.stringify(range));
  return {
    kind: 'windows',
    ...facts,
    every: gridName(grid),
    offset: grid.kind === 'fixed' ? formatDuration(grid.offsetMs) : null,
    pane: layout.paneMs === null ? gridName(grid) : formatDuration(layout.paneMs),
    rows_per_event_at_most: 1 + new Set(leaving).size,
    state: stateCost(group, grid, layout),
    timeline: timelineOf(grid, group.features),
  };
}

function reportSessions(facts: GroupFacts, group: FeatureGroup, grid: SessionGrid): SessionGroupReport {
  return {
    kind: 'sessions',
    ...facts,
    session: formatDuration(grid.gapMs),
    max_duration: formatLimit(grid.maxDurationMs),
    rows_per_event_at_most: 2,
    state: sessionStateCost(group, grid),
    timeline: sessionTimelineOf(grid),
  };
}

function reportFeature(feature: Feature, grid: Grid): FeatureReport {
  const { aggregate, aggregations, result } = feature;
  const parts = aggregations.map(reportAggregation);
  const simple = result === null ? parts[0]! : { input: null, other: null, parameters: {}, where: null };
  return {
    name: feature.name,
    type: featureTypeName(feature.valueType),
    ...simple,
    aggregate,
    own: result && { result: result.canonical, parts },
    range: rangeName(feature.range, grid),
    default: feature.default,
  };
}

function reportAggregation({ aggregate, input, other, where, parameters }: Aggregation): AggregateReport {
  const rules = signatureOf(aggregate).parameters ?? {};
  const texts = Object.entries(parameters).map(([name, value]) => {
    const isDuration = rules[name]?.kind === 'duration';
    return [name, isDuration ? formatDuration(value as DurationMs) : value] as const;
  });
  return {
    aggregate,
    input: input?.canonical ?? null,
    other: other?.canonical ?? null,
    parameters: Object.fromEntries(texts),
    where: where?.canonical ?? null,
  };
}

const CELL_BYTES = 8;

function stateCost(group: FeatureGroup, grid: WindowGrid, layout: WindowLayout): StateCost {
  const { paneWidth, windowWidth } = createKernel(group, new Dictionary());
  const entityCells = headCells(layout) + windowWidth;
  const panes = Math.min(panesAtMost(group, grid, layout), group.maxEntityState);
  return {
    bytes_per_entity: entityCells * CELL_BYTES,
    bytes_per_pane: paneWidth * CELL_BYTES,
    panes_at_most: panes,
    bytes_at_most: (entityCells + panes * paneWidth) * CELL_BYTES,
  };
}

/**
 * A session is needed until it is final, which the watermark's delay postpones; without a limit the last events of
 * two are at least the gap apart.
 */
function sessionStateCost(group: FeatureGroup, { gapMs, maxDurationMs }: SessionGrid): SessionStateCost {
  const { source, allowedLatenessMs, maxEntityState } = group;
  const delayMs = source.maxOutOfOrdernessMs + allowedLatenessMs;
  return {
    bytes_per_entity: SESSIONS_HEAD_CELLS * CELL_BYTES,
    bytes_per_session: sessionCells(createKernel(group, new Dictionary())) * CELL_BYTES,
    sessions_at_most:
      maxDurationMs === null ? Math.min(Math.ceil(delayMs / gapMs) + 1, maxEntityState) : null,
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
