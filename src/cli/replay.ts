import { resolve } from 'node:path';
import { formatPlace } from '../errors.ts';
import {
  type ReplayOptions,
  type ReplaySummary,
  ROW_CHOICES,
  ROW_FORMATS,
  type SourceSummary,
} from '../replay/options.ts';
import {
  given,
  journalOption,
  jsonOption,
  quietOption,
  type RegisterCommand,
  valueOption,
} from './command.ts';
import { choice, nameList, nonEmpty } from './parsers.ts';
import { formatCount, ProgressLine } from './progress.ts';
import { formatTable } from './table.ts';

export const registerReplay: RegisterCommand = (program, context) => {
  program
    .command('replay')
    .summary('the same operators over archived topics')
    .description('Runs the operators of a worker over archived topics and writes the rows to files.')
    .argument('<defs>', 'definitions file')
    .addOption(valueOption('--from <archive>', 'folder with one folder per topic', nonEmpty))
    .addOption(journalOption())
    .addOption(valueOption('--out <folder>', 'where the rows go', nonEmpty))
    .addOption(
      valueOption(
        '--rows <which>',
        'final: last revision of each row; revisions: on-time and late; all: early too',
        choice(ROW_CHOICES),
      ).default('final'),
    )
    .addOption(
      valueOption('--format <format>', ROW_FORMATS.join(' or '), choice(ROW_FORMATS)).default('parquet'),
    )
    .addOption(valueOption('--groups <name,…>', 'feature groups to replay (default: all)', nameList))
    .option('--skip-corrupt', 'pass over corrupt archive files, counting them')
    .option('--overwrite', 'replace the rows of an earlier replay')
    .addOption(quietOption())
    .addOption(jsonOption())
    .action(async (defs: string, flags: Flags) => {
      const progress = new ProgressLine({ label: 'replay', unit: 'records', quiet: flags.quiet === true });
      const options: ReplayOptions = {
        definitionsFile: resolve(defs),
        groups: flags.groups ?? null,
        archive: resolve(given(flags.from, '--from <archive>', 'replay')),
        journal: flags.journal ?? null,
        out: resolve(given(flags.out, '--out <folder>', 'replay')),
        rows: flags.rows,
        format: flags.format,
        skipCorrupt: flags.skipCorrupt === true,
        overwrite: flags.overwrite === true,
        signal: context.signal,
        onProgress: (state) => progress.update(state),
      };
      const summary = await context.drivers.replay(options).finally(() => progress.finish());
      process.stdout.write(flags.json === true ? `${JSON.stringify(summary)}\n` : describeSummary(summary));
    });
};

interface Flags extends Pick<ReplayOptions, 'rows' | 'format'> {
  readonly from?: string;
  readonly journal?: string;
  readonly out?: string;
  readonly groups?: readonly string[];
  readonly skipCorrupt?: true;
  readonly overwrite?: true;
  readonly quiet?: true;
  readonly json?: true;
}

const CORRUPT_SHOWN = 10;

function describeCorrupt({ corruptPlaces, corrupt }: SourceSummary): string[] {
  if (corruptPlaces === 0) return [];
  const shown = corrupt.slice(0, CORRUPT_SHOWN);
  const more = corruptPlaces - shown.length;
  return [
    `  passed over ${formatCount(corruptPlaces)} corrupt ${corruptPlaces === 1 ? 'place' : 'places'}:`,
    ...shown.map(({ place, message }) => `  ${formatPlace(place)}: ${message}`),
    ...(more === 0 ? [] : [`  and ${formatCount(more)} more`]),
  ];
}

function describeMarks({ marks, marksBeyond }: SourceSummary): string[] {
  if (marks + marksBeyond === 0) return [];
  const beyond =
    marksBeyond === 0 ? '' : `, ${formatCount(marksBeyond)} beyond the end of the archive left out`;
  return [`  ${formatCount(marks)} marks of idle partitions${beyond}`];
}

/** What was read and made, for a person. */
export function describeSummary(summary: ReplaySummary): string {
  const lines = summary.sources.flatMap((source) => {
    const rejected = Object.values(source.rejected).reduce((sum, count) => sum + count, 0);
    const records = formatCount(source.records);
    const partitions = formatCount(source.partitions);
    return [
      `${source.source}: ${records} records in ${partitions} partitions, ${formatCount(rejected)} rejected`,
      ...describeMarks(source),
      ...describeCorrupt(source),
    ];
  });
  const table = formatTable(
    ['group', 'rows', 'early', 'on-time', 'late', 'late records', 'partly late', 'dropped', 'folder'],
    summary.groups.map((group) => [
      `${group.group}:${group.version}`,
      group.rows,
      group.revisions.early,
      group.revisions['on-time'],
      group.revisions.late,
      group.late,
      group.partlyLate,
      group.dropped,
      group.directory,
    ]),
  );
  return `${lines.join('\n')}\n\n${table}\n`;
}
