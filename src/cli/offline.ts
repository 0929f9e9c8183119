import { resolve } from 'node:path';
import type {
  GroupDescription,
  OffsetRange,
  PartitionDescription,
  StoreDescription,
} from '../offline/describe.ts';
import { jsonOption, type RegisterCommand } from './command.ts';
import { formatCount } from './progress.ts';
import { formatFields, formatTable } from './table.ts';

const GAPS_SHOWN = 10;

export const registerOffline: RegisterCommand = (program, context) => {
  const offline = program
    .command('offline')
    .summary('the store of rows that replays add to')
    .description('The store of rows that `tidemark replay --into` adds to.');
  offline
    .command('describe')
    .summary('what a store has')
    .description('Says which definitions, records, times and rows a store has, and what is missing between.')
    .argument('<store>', 'folder that replays add to')
    .addOption(jsonOption())
    .action(async (store: string, flags: { readonly json?: true }) => {
      const description = await context.drivers.describeStore(resolve(store));
      process.stdout.write(
        flags.json === true ? `${JSON.stringify(description)}\n` : `${describe(description)}\n`,
      );
    });
};

function describe({ groups }: StoreDescription): string {
  return groups.map(describeGroup).join('\n\n');
}

function describeGroup(group: GroupDescription): string {
  const facts = formatFields([
    ['group', `${group.group}:${group.version}`],
    ['fingerprint', group.fingerprint],
    ['keeps', group.keeps],
    ['rows', group.rows],
    ['files', `${formatCount(group.files)}, ${formatCount(group.bytes)} bytes, ${group.buckets} buckets`],
    ['window_end', extent(group.windowEnd)],
    ['known_at', extent(group.knownAt)],
  ]);
  const table = formatTable(
    ['partition', 'rows', 'offsets', 'made from', 'missing'],
    group.partitions.map((partition) => [
      partition.partition,
      partition.rows,
      partition.covered.map(offsets).join(', '),
      partition.covered.map(({ history }) => formatCount(history)).join(', '),
      describeGaps(partition),
    ]),
  );
  return [facts, '', table, ...describeDays(group)].join('\n');
}

function extent(times: GroupDescription['windowEnd']): string | null {
  return times && `${instant(times.first)} to ${instant(times.last)}`;
}

/** Epoch milliseconds beyond what a date can be stay numbers. */
function instant(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}

/** The first and the last; the epoch only where topics were recreated. */
function offsets({ epoch, from, to }: OffsetRange): string {
  const range = to - from === 1 ? formatCount(from) : `${formatCount(from)} to ${formatCount(to - 1)}`;
  return epoch === 0 ? range : `${range} of epoch ${epoch}`;
}

function describeGaps({ gaps }: PartitionDescription): string {
  if (gaps.length === 0) return 'nothing';
  return shorten(gaps.map(offsets));
}

function describeDays({ daysWithoutRows }: GroupDescription): string[] {
  if (daysWithoutRows.length === 0) return [];
  const days = daysWithoutRows.map(({ from, to }) => {
    const [first, last] = [from, to - 1].map((time) => instant(time).slice(0, -'T00:00:00.000Z'.length));
    return first === last ? first! : `${first} to ${last}`;
  });
  return ['', `days without rows: ${shorten(days)}`];
}

function shorten(texts: readonly string[]): string {
  const more = texts.length - GAPS_SHOWN;
  return [...texts.slice(0, GAPS_SHOWN), ...(more > 0 ? [`and ${formatCount(more)} more`] : [])].join(', ');
}
