import { resolve } from 'node:path';
import type {
  AnswerPlace,
  JudgedAnswer,
  OtherDefinition,
  Outcome,
  ProofSummary,
  ProvenGroup,
  ShownRow,
} from '../proof/options.ts';
import {
  given,
  journalOption,
  jsonOption,
  quietOption,
  type RegisterCommand,
  valueOption,
} from './command.ts';
import { nonEmpty, type Parser } from './parsers.ts';
import { formatCount, ProgressLine } from './progress.ts';
import { formatTable } from './table.ts';
import { UsageError } from './usage.ts';

const MOST_DIFFERENCES_SHOWN = 10;

const answerPlace: Parser<AnswerPlace> = (text, origin) => {
  const parts = /^(.+):(\d{1,15})$/.exec(text);
  if (parts === null) {
    throw new UsageError(
      `${origin}: '${text}' is no line of a file`,
      'Write the file, a colon and the number of the line, such as served/served-1.jsonl:17.',
    );
  }
  return { file: resolve(parts[1]!), line: Number(parts[2]) };
};

export const registerProve: RegisterCommand = (program, context) => {
  program
    .command('prove')
    .summary('hold what was served against the log that it claims to be made of')
    .description(
      'Computes each answer of a served log once more, at exactly the log position that it claims, and compares ' +
        'bit by bit.',
    )
    .argument('<defs>', 'definitions file')
    .addOption(
      valueOption(
        '--served <log>',
        'what `serve --served-log` wrote, a folder or a file; or an archived topic, ARCHIVE/TOPIC',
        nonEmpty,
      ),
    )
    .addOption(valueOption('--from <archive>', 'folder with the archived topics', nonEmpty))
    .addOption(journalOption())
    .addOption(
      valueOption(
        '--answer <file:line>',
        'judge only the answer that stands there, and show it beside what the log makes',
        answerPlace,
      ),
    )
    .option('--skip-corrupt', 'pass over corrupt archive files, counting them')
    .addOption(quietOption())
    .addOption(jsonOption())
    .action(async (defs: string, flags: Flags) => {
      const quiet = flags.quiet === true;
      const read = new ProgressLine({ label: 'read', unit: 'answers', quiet });
      const replay = new ProgressLine({ label: 'prove', unit: 'records', quiet });
      const asked = {
        definitionsFile: resolve(defs),
        served: resolve(given(flags.served, '--served <log>', 'prove')),
        from: resolve(given(flags.from, '--from <archive>', 'prove')),
        journal: flags.journal ?? null,
        skipCorrupt: flags.skipCorrupt === true,
      };
      const summary = await context.drivers
        .prove({
          ...asked,
          answer: flags.answer ?? null,
          signal: context.signal,
          onRead: (progress) => read.update(progress),
          onReplay: (progress) => replay.update(progress),
        })
        .finally(() => {
          read.finish();
          replay.finish();
        });
      const differences = summary.differences.map((each) => ({ ...each, command: commandFor(asked, each) }));
      process.stdout.write(
        flags.json === true
          ? `${JSON.stringify({ ...summary, differences })}\n`
          : `${describe(summary, differences)}\n`,
      );
      if (!summary.isProven) process.exitCode = 1;
    });
};

interface Flags {
  readonly served?: string;
  readonly from?: string;
  readonly journal?: string;
  readonly answer?: AnswerPlace;
  readonly skipCorrupt?: true;
  readonly quiet?: true;
  readonly json?: true;
}

interface Asked {
  readonly definitionsFile: string;
  readonly served: string;
  readonly from: string;
  readonly journal: string | null;
  readonly skipCorrupt: boolean;
}

/** The command line that judges the answer once more, for a shell. */
function commandFor(asked: Asked, { file, line }: AnswerPlace): string {
  const words = ['tidemark', 'prove', asked.definitionsFile, '--served', asked.served, '--from', asked.from];
  if (asked.journal !== null) words.push('--journal', asked.journal);
  if (asked.skipCorrupt) words.push('--skip-corrupt');
  return [...words, '--answer', `${file}:${line}`].map(quoteForShell).join(' ');
}

function quoteForShell(word: string): string {
  return /^[\w./:=@,+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

function describe(
  summary: ProofSummary,
  differences: readonly (JudgedAnswer & { readonly command: string })[],
): string {
  const { groups, others, torn, corruptPlaces, answer } = summary;
  const parts = [describeOutcome(summary)];
  if (groups.length > 0) parts.push(describeGroups(groups));
  parts.push(...others.map(describeOther));
  if (torn.length > 0) {
    parts.push(
      torn.map(({ file, line }) => `${file}:${line}: a line without an end, passed over`).join('\n'),
    );
  }
  if (corruptPlaces > 0)
    parts.push(`passed over ${formatCount(corruptPlaces)} corrupt places of the archive`);
  if (answer !== null) parts.push(describeAnswer(answer, null));
  else {
    parts.push(
      ...differences
        .slice(0, MOST_DIFFERENCES_SHOWN)
        .map((each) => `${describeAnswer(each, each.differing)}\n${each.command}`),
    );
  }
  return parts.join('\n\n');
}

function describeGroups(groups: readonly ProvenGroup[]): string {
  const answers = formatTable(
    ['group', 'answers', 'proven', 'without a row', 'beyond the archive', 'different'],
    groups.map(({ group, version, answers, proven, withoutRow, beyondEnd, different }) => [
      `${group}:${version}`,
      ...[answers, proven, withoutRow, beyondEnd, different],
    ]),
  );
  const features = formatTable(
    ['feature', 'compared', 'different'],
    groups.flatMap(({ group, version, features }) =>
      features.map(({ feature, compared, different }) => [
        `${group}:${version} ${feature}`,
        compared,
        different,
      ]),
    ),
  );
  return `${answers}\n\n${features}`;
}

function describeOutcome({ answers, isProven, groups, others }: ProofSummary): string {
  const all = answers === 1 ? '1 answer' : `${formatCount(answers)} answers`;
  if (isProven) return `${all}: each is what the log makes at its position`;
  const total = (name: 'different' | 'beyondEnd') => groups.reduce((sum, each) => sum + each[name], 0);
  const said: string[] = [];
  const say = (count: number, what: string) => {
    if (count > 0) said.push(`${formatCount(count)} ${what}`);
  };
  say(total('different'), 'different from what the log makes');
  say(total('beyondEnd'), 'beyond the end of the archive: archive the topic once more');
  say(
    others.reduce((sum, each) => sum + each.answers, 0),
    'of other definitions',
  );
  return `${all}: ${said.join('; ')}`;
}

function describeOther(other: OtherDefinition): string {
  const { group, version, fingerprint, defined, answers, first } = other;
  const served = `${formatCount(answers)} answers of ${group}:${version} with fingerprint ${fingerprint}`;
  const here = defined === null ? 'the definitions have no such group' : `the definitions have ${defined}`;
  return `${served}, the first at ${first.file}:${first.line}; ${here}`;
}

/** @param features those to show; null: all of the answer */
function describeAnswer(answer: JudgedAnswer, features: readonly string[] | null): string {
  const { file, line, group, groupVersion, entity, at, problem, served, replayed } = answer;
  const fields = Object.entries(entity).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const what = `${group}:${groupVersion} ${fields.join(' ')} at ${timeText(at)}`;
  const title = `${file}:${line}\n${what}: ${problem ?? OUTCOME_TEXTS[answer.outcome]}`;
  if (served === null) return title;
  const row = (name: string, cellOf: (row: ShownRow) => string) => [
    name,
    cellOf(served),
    replayed === null ? null : cellOf(replayed),
  ];
  const table = formatTable(
    ['', 'served', 'log'],
    [
      row('window_end', ({ windowEnd }) => timeText(windowEnd)),
      row('version', ({ version }) => String(version)),
      row('known_at', ({ knownAt }) => timeText(knownAt)),
      ...(features ?? Object.keys(served.values)).map((name) =>
        row(name, ({ values }) => JSON.stringify(values[name])),
      ),
    ],
  );
  return `${title}\n${table}`;
}

const OUTCOME_TEXTS: Readonly<Record<Outcome, string>> = {
  proven: 'what the log makes',
  withoutRow: 'there may have been no row',
  beyondEnd: 'beyond the end of the archive',
  different: 'different',
};

function timeText(time: number): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? String(time) : date.toISOString();
}
