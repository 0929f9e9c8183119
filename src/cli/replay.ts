import { resolve } from 'node:path';
import { formatPlace } from '../errors.ts';
import {
  type ReplayOptions,
  type ReplaySummary,
  type ReplayTarget,
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
import { choice, nameList, nonEmpty, positiveInteger } from './parsers.ts';
import { formatCount, ProgressLine } from './progress.ts';
import { formatTable } from './table.ts';
import { UsageError } from './usage.ts';

export const registerReplay: RegisterCommand = (program, context) => {
  program
    .command('replay')
    .summary('the same operators over archived topics')
    .description('Runs the operators of a worker over archived topics and writes the rows to files.')
    .argument('<defs>', 'definitions file')
    .addOption(valueOption('--from <archive>', 'folder with one folder per topic', nonEmpty))
    .addOption(journalOption())
    .addOption(valueOption('--out <folder>', 'where the rows go, as files of this replay alone', nonEmpty))
    .addOption(
      valueOption('--into <store>', 'or a store, whose rows of the same records they replace', nonEmpty),
    )
    .addOption(
      valueOption(
        '--rows <which>',
        'final: last revision of each row; revisions: on-time and late; all: early too ' +
          '(default: final; all in a new store, which keeps to it)',
        choice(ROW_CHOICES),
      ),
    )
    .addOption(
      valueOption(
        '--format <format>',
        `${ROW_FORMATS.join(' or ')} (default: parquet, as in a store)`,
        choice(ROW_FORMATS),
      ),
    )
    .addOption(
      valueOption(
        '--buckets <number>',
        'of a new store: in how many buckets the entities of a partition lie (default: 16)',
        positiveInteger,
      ),
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
        output: outputOf(flags),
        skipCorrupt: flags.skipCorrupt === true,
        signal: context.signal,
        onProgress: (state) => progress.update(state),
      };
      const summary = await context.drivers.replay(options).finally(() => progress.finish());
      process.stdout.write(flags.json === true ? `${JSON.stringify(summary)}\n` : describeSummary(summary));
    });
};

interface Flags {
  readonly from?: string;
  readonly journal?: string;
  readonly out?: string;
  readonly into?: string;
  readonly rows?: (typeof ROW_CHOICES)[number];
  readonly format?: (typeof ROW_FORMATS)[number];
  readonly buckets?: number;
  readonly groups?: readonly string[];
  readonly skipCorrupt?: true;
  readonly overwrite?: true;
  readonly quiet?: true;
  readonly json?: true;
}

function outputOf({ out, into, rows, format, buckets, overwrite }: Flags): ReplayTarget {
  if (into === undefined) {
    if (buckets !== undefined)
      throw new UsageError('--buckets is of a store', 'Give --into, or leave it out.');
    return {
      kind: 'files',
      directory: resolve(given(out, '--out <folder>', 'replay')),
      rows: rows ?? 'final',
      format: format ?? 'parquet',
      overwrite: overwrite === true,
    };
  }
  for (const [flag, value] of Object.entries({ out, format, overwrite })) {
    if (value === undefined) continue;
    throw new UsageError(`--${flag} cannot stand beside --into`, `Leave --${flag} or --into out.`);
  }
  return { kind: 'store', directory: resolve(into), rows: rows ?? null, buckets: buckets ?? null };
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
  const { written, kept } = countFiles(summary);
  const files =
    kept === 0 ? '' : `\n${formatCount(written)} files written, ${formatCount(kept)} stayed as they were\n`;
  return `${lines.join('\n')}\n\n${table}\n${files}`;
}

function countFiles({ groups }: ReplaySummary): { readonly written: number; readonly kept: number } {
  return {
    written: groups.reduce((sum, { files }) => sum + files.written, 0),
    kept: groups.reduce((sum, { files }) => sum + files.kept, 0),
  };
}
