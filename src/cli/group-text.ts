import type {
  AggregateReport,
  GroupReport,
  OwnReport,
  SessionGroupReport,
  SourceReport,
  WindowGroupReport,
} from './group-report.ts';
import { drawSessions } from './session-timeline.ts';
import { type Cell, formatFields, formatTable } from './table.ts';
import { drawTimeline } from './timeline.ts';

/** What `tidemark check` says to a person. */
export function describeReport(report: {
  readonly sources: readonly SourceReport[];
  readonly groups: readonly GroupReport[];
}): string {
  return [...report.sources.map(describeSource), ...report.groups.map(describeGroup)].join('\n\n');
}

function describeSource(source: SourceReport): string {
  const zone = source.zone === null ? '' : ` in ${source.zone}`;
  const ahead = source.max_ahead === null ? 'any time ahead' : `at most ${source.max_ahead} ahead`;
  const fields = formatTable(['field', 'type'], Object.entries(source.fields));
  return `source ${source.name}\n${indent(
    formatFields([
      ['topic', `${source.topic}, ${source.format}`],
      ['key', source.key],
      ['event time', `${source.event_time}${zone}, null: ${source.on_null_event_time}, ${ahead}`],
      ['out of order', `up to ${source.max_out_of_orderness}`],
      ['idle after', source.idle_timeout],
    ]),
  )}\n\n${indent(fields)}`;
}

function describeGroup(group: GroupReport): string {
  const facts: [string, Cell][] = [
    ['source', group.source],
    ['entity', group.entity.join(', ')],
    ...(group.kind === 'windows' ? describeGrid(group) : describeGap(group)),
    ['allowed lateness', group.allowed_lateness],
    ['emit', group.emit],
    ['time to live', group.ttl],
    ...(group.where === null ? [] : [['where', group.where] as [string, Cell]]),
    ...(group.kind === 'windows' ? describeCost(group) : describeSessionCost(group)),
    ['largest state', `${group.max_entity_state} panes, sessions and values kept of one entity`],
    ['fingerprint', group.fingerprint],
  ];
  const features = formatTable(
    ['feature', 'type', 'aggregate', 'range', 'of', 'where', 'default'],
    group.features.map((f) => [
      f.name,
      f.type,
      aggregateText(f),
      f.range,
      inputsText(f),
      f.where,
      f.default === null ? null : String(f.default),
    ]),
  );
  const timeline =
    group.kind === 'windows' ? drawTimeline(group.timeline) : drawSessions(group.timeline, group.session);
  const own = group.features.flatMap((f) => (f.own === null ? [] : describeOwn(f.name, f.own)));
  const sections = [formatFields(facts), features, ...own, timeline];
  return `group ${group.name}:${group.version}\n${sections.map(indent).join('\n\n')}`;
}

/** `count`, `topK, k 3`. */
function aggregateText({ aggregate, parameters }: AggregateReport): string {
  return [aggregate, ...Object.entries(parameters).map(([name, value]) => `${name} ${value}`)].join(', ');
}

function inputsText({ input, other }: AggregateReport): string | null {
  return other === null ? input : `${input}, ${other}`;
}

/** What a feature is by an aggregate of the user's own, and under it the parts that its numbers stand for. */
function describeOwn(name: string, { result, parts }: OwnReport): string {
  const table = formatTable(
    ['part', 'aggregate', 'of', 'where'],
    parts.map((part, index) => [String(index), aggregateText(part), inputsText(part), part.where]),
  );
  return `${name} = ${result}\n${indent(table)}`;
}

function describeGrid({ every, offset }: WindowGroupReport): [string, Cell][] {
  return [['every', offset === null || offset === '0ms' ? every : `${every}, offset ${offset}`]];
}

function describeGap({ session, max_duration }: SessionGroupReport): [string, Cell][] {
  return [
    ['session', `until ${session} without an event`],
    ['lasts', max_duration === null ? 'without limit' : `at most ${max_duration} from first to last event`],
  ];
}

function describeCost({
  pane,
  rows_per_event_at_most,
  state,
  features,
}: WindowGroupReport): [string, Cell][] {
  const hasLifetime = features.some((feature) => feature.range === 'lifetime');
  const settled = hasLifetime ? '; what only lifetimes hold is one of these' : '';
  return [
    ['pane', pane],
    ['rows per event', `at most ${rows_per_event_at_most} (late events revise more)`],
    [
      'state per entity',
      `${state.bytes_per_entity} B + ${state.bytes_per_pane} B a pane with events; ` +
        `at most ${state.panes_at_most} panes, ${formatBytes(state.bytes_at_most)}${settled}`,
    ],
  ];
}

function describeSessionCost({ rows_per_event_at_most, state }: SessionGroupReport): [string, Cell][] {
  const { bytes_per_entity, bytes_per_session, sessions_at_most } = state;
  const most = sessions_at_most === null ? '' : `; at most ${sessions_at_most} of them`;
  return [
    ['rows per event', `at most ${rows_per_event_at_most}: its session's, and a retraction of another end`],
    ['state per entity', `${bytes_per_entity} B + ${bytes_per_session} B a session that is not final${most}`],
  ];
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
