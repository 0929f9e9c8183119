import { resolve } from 'node:path';
import { findZone, suggestZone } from '../definitions/zones.ts';
import {
  JOIN_KINDS,
  type JoinKind,
  type JoinOptions,
  type JoinSummary,
  type LeakReport,
} from '../training/options.ts';
import {
  given,
  journalOption,
  jsonOption,
  quietOption,
  type RegisterCommand,
  valueOption,
} from './command.ts';
import { choice, duration, nameList, nonEmpty, type Parser } from './parsers.ts';
import { formatCount, ProgressLine } from './progress.ts';
import { formatTable } from './table.ts';
import { UsageError } from './usage.ts';

const zone: Parser<string> = (text, origin) => {
  const found = findZone(text);
  if (found === null) throw new UsageError(`${origin}: '${text}' is no time zone`, suggestZone(text));
  return found;
};

/** As {@link duration}, and nothing at all. */
const delay: Parser<number> = (text, origin) => (/^0(ms|s|m|h|d)?$/.test(text) ? 0 : duration(text, origin));

export const registerJoin: RegisterCommand = (program, context) => {
  program
    .command('join')
    .summary('a training set: the features as they stood when each row happened')
    .description(
      'Adds to each row of a spine the features of its entities as they stood at its time: what the online store ' +
        'would have answered then, or what the whole log says of the ranges that end exactly then.',
    )
    .argument('<defs>', 'definitions file')
    .addOption(valueOption('--spine <file>', 'the rows: .parquet, .csv or .jsonl', nonEmpty))
    .addOption(valueOption('--entity-time <column>', 'the column that says when each row happened', nonEmpty))
    .addOption(
      valueOption('--from <folder>', 'an archive of topics, or rows of `replay --rows all`', nonEmpty),
    )
    .addOption(journalOption())
    .addOption(valueOption('--out <file>', 'the training set: .parquet, .csv or .jsonl', nonEmpty))
    .addOption(
      valueOption(
        '--as <kind>',
        'served: as the online store would have answered; event-time: ranges that end exactly at each row',
        choice(JOIN_KINDS),
      ).default('served'),
    )
    .addOption(
      valueOption('--serving-delay <time>', 'how long after it was made a row could be read', delay).default(
        200,
        '200ms',
      ),
    )
    .addOption(
      valueOption('--features <name,…>', 'groups, and features as group.feature (default: all)', nameList),
    )
    .addOption(valueOption('--spine-zone <zone>', 'time zone of times without an offset', zone))
    .option('--full-names', 'name every feature GROUP__FEATURE')
    .option('--with-age', 'add GROUP__age_ms: how long before the row the window of its values ended')
    .option(
      '--check-leaks',
      'hold every answer against a second reading of the log, and write nothing if one fails',
    )
    .option('--skip-corrupt', 'pass over corrupt archive files, counting them')
    .option('--overwrite', 'replace the file of an earlier join')
    .addOption(quietOption())
    .addOption(jsonOption())
    .action(async (defs: string, flags: Flags) => {
      const progress = new ProgressLine({ label: 'join', unit: 'records', quiet: flags.quiet === true });
      const options: JoinOptions = {
        definitionsFile: resolve(defs),
        spine: resolve(given(flags.spine, '--spine <file>', 'join')),
        entityTime: given(flags.entityTime, '--entity-time <column>', 'join'),
        spineZone: flags.spineZone ?? null,
        from: resolve(given(flags.from, '--from <folder>', 'join')),
        journal: flags.journal ?? null,
        out: resolve(given(flags.out, '--out <file>', 'join')),
        as: flags.as,
        servingDelayMs: flags.servingDelay,
        features: flags.features ?? null,
        fullNames: flags.fullNames === true,
        withAge: flags.withAge === true,
        checkLeaks: flags.checkLeaks === true,
        skipCorrupt: flags.skipCorrupt === true,
        overwrite: flags.overwrite === true,
        signal: context.signal,
        onProgress: (state) => progress.update(state),
      };
      const summary = await context.drivers.join(options).finally(() => progress.finish());
      process.stdout.write(flags.json === true ? `${JSON.stringify(summary)}\n` : describeJoin(summary));
      if (summary.out === null) process.exitCode = 1;
    });
};

interface Flags {
  readonly spine?: string;
  readonly entityTime?: string;
  readonly spineZone?: string;
  readonly from?: string;
  readonly journal?: string;
  readonly out?: string;
  readonly as: JoinKind;
  readonly servingDelay: number;
  readonly features?: readonly string[];
  readonly fullNames?: true;
  readonly withAge?: true;
  readonly checkLeaks?: true;
  readonly skipCorrupt?: true;
  readonly overwrite?: true;
  readonly quiet?: true;
  readonly json?: true;
}

function describeLeaks({ checked, found, first }: LeakReport): string {
  if (found === 0)
    return `no leaks: ${formatCount(checked)} answers held against a second reading of the log\n`;
  const lines = first.map(
    ({ group, row, time, problem }) => `  row ${formatCount(row)}, ${group}, at ${time}: ${problem}`,
  );
  if (found > first.length) lines.push(`  and ${formatCount(found - first.length)} more`);
  return `${formatCount(found)} of ${formatCount(checked)} answers could not be known:\n${lines.join('\n')}\n`;
}

function describeJoin({ rows, as, groups, corruptPlaces, out, leaks }: JoinSummary): string {
  const how = as === 'served' ? 'as served' : 'by event time (values that could not have been served)';
  const table = formatTable(
    ['group', 'features', 'answered', 'without a row', 'expired', 'null entity', 'after the log'],
    groups.map((group) => [
      `${group.group}:${group.version}`,
      group.features.length,
      group.answered,
      group.withoutRow,
      group.expired,
      group.nullEntity,
      group.afterEnd,
    ]),
  );
  const corrupt = corruptPlaces === 0 ? '' : `passed over ${formatCount(corruptPlaces)} corrupt places\n`;
  const where = out === null ? 'not written because of leaks' : `in ${out}`;
  const checked = leaks === null ? '' : `\n${describeLeaks(leaks)}`;
  return `${formatCount(rows)} rows ${how}, ${where}\n${corrupt}\n${table}\n${checked}`;
}
