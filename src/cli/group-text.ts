import type { GroupReport, OwnReport, SourceReport } from './group-report.ts';
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
  const { state } = group;
  const hasLifetime = group.features.some((feature) => feature.range === 'lifetime');
  const settled = hasLifetime ? '; what only lifetimes hold is one of these' : '';
  const facts: [string, Cell][] = [
    ['source', group.source],
    ['entity', group.entity.join(', ')],
    [
      'every',
      group.offset === null || group.offset === '0ms'
        ? group.every
        : `${group.every}, offset ${group.offset}`,
    ],
    ['allowed lateness', group.allowed_lateness],
    ['emit', group.emit],
    ['time to live', group.ttl],
    ...(group.where === null ? [] : [['where', group.where] as [string, Cell]]),
    ['pane', group.pane],
    ['rows per event', `at most ${group.rows_per_event_at_most} (late events revise more)`],
    [
      'state per entity',
      `${state.bytes_per_entity} B + ${state.bytes_per_pane} B a pane with events; ` +
        `at most ${state.panes_at_most} panes, ${formatBytes(state.bytes_at_most)}${settled}`,
    ],
    ['fingerprint', group.fingerprint],
  ];
  const features = formatTable(
    ['feature', 'type', 'aggregate', 'range', 'of', 'where', 'default'],
    group.features.map((f) => [
      f.name,
      f.type,
      f.aggregate,
      f.range,
      f.input,
      f.where,
      f.default === null ? null : String(f.default),
    ]),
  );
  const own = group.features.flatMap((f) => (f.own === null ? [] : describeOwn(f.name, f.own)));
  const sections = [formatFields(facts), features, ...own, drawTimeline(group.timeline)];
  return `group ${group.name}:${group.version}\n${sections.map(indent).join('\n\n')}`;
}

/** What a feature is by an aggregate of the user's own, and under it the parts that its numbers stand for. */
function describeOwn(name: string, { result, parts }: OwnReport): string {
  const table = formatTable(
    ['part', 'aggregate', 'of', 'where'],
    parts.map((part, index) => [String(index), part.aggregate, part.inputs.join(', ') || null, part.where]),
  );
  return `${name} = ${result}\n${indent(table)}`;
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
