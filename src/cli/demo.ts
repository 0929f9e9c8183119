import { dirname, resolve } from 'node:path';
import type { DemoPhase, DemoResult, DemoSample } from '../demo/options.ts';
import { jsonOption, quietOption, type RegisterCommand, valueOption } from './command.ts';
import { nonEmpty, positiveInteger, unsignedInteger } from './parsers.ts';
import { formatCount, ProgressLine } from './progress.ts';
import { describeSummary } from './replay.ts';
import { type Cell, formatFields } from './table.ts';

const MOST_DIFFERENCES_SHOWN = 20;

export const registerDemo: RegisterCommand = (program, context) => {
  program
    .command('demo')
    .summary('everything on one machine with no service')
    .description(
      'Makes a stream of card transactions, runs a worker over an embedded log and store (stopped half way and ' +
        'started again), replays the log and compares the two, bit by bit.',
    )
    .addOption(valueOption('--seed <n>', 'another seed, another stream', unsignedInteger).default(1))
    .addOption(valueOption('--events <n>', 'transactions', positiveInteger).default(200_000))
    .addOption(valueOption('--cards <n>', 'different cards', positiveInteger).default(10_000))
    .addOption(
      valueOption('--out <folder>', 'where everything is left to look at', nonEmpty).default('demo-out'),
    )
    .addOption(quietOption())
    .addOption(jsonOption())
    .action(async (flags: Flags) => {
      const lines = new PhaseLines(flags.quiet === true);
      const result = await context.drivers
        .runDemo({
          seed: flags.seed,
          events: flags.events,
          cards: flags.cards,
          out: resolve(flags.out),
          signal: context.signal,
          onProgress: (phase, progress) => lines.of(phase).update(progress),
        })
        .finally(() => lines.finish());
      process.stdout.write(flags.json === true ? `${JSON.stringify(result)}\n` : describeDemo(result));
      if (result.comparison.differences.length > 0) process.exitCode = 1;
    });
};

interface Flags {
  readonly seed: number;
  readonly events: number;
  readonly cards: number;
  readonly out: string;
  readonly quiet?: true;
  readonly json?: true;
}

/** One progress line after the other, each with its own rate. */
class PhaseLines {
  readonly #quiet: boolean;
  #phase: DemoPhase | null = null;
  #line: ProgressLine | null = null;

  constructor(quiet: boolean) {
    this.#quiet = quiet;
  }

  of(phase: DemoPhase): ProgressLine {
    if (this.#line === null || phase !== this.#phase) {
      this.finish();
      this.#phase = phase;
      this.#line = new ProgressLine({ label: `demo, ${phase}`, unit: 'events', quiet: this.#quiet });
    }
    return this.#line;
  }

  finish(): void {
    this.#line?.finish();
  }
}

function describeDemo(result: DemoResult): string {
  const { events, live, replay, comparison, sample, seconds } = result;
  const rate = (phase: DemoPhase) => `${formatCount(Math.round(events / seconds[phase]))} events/s`;
  const [first, second] = live;
  const { differences } = comparison;
  const facts: [string, Cell][] = [
    ['live', `${rate('live')}, stopped after ${formatCount(first.records)} events and started again`],
    ['rows sent', first.upserts.accepted + second.upserts.accepted],
    ['replay', rate('replay')],
    [
      'live against replay',
      `${formatCount(differences.length)} differences in ${formatCount(comparison.rows)} rows of ` +
        `${formatCount(comparison.entities)} cards`,
    ],
  ];
  const parts = [describeSummary(replay), `${formatFields(facts)}\n`];
  if (differences.length > 0) parts.push(`${differences.slice(0, MOST_DIFFERENCES_SHOWN).join('\n')}\n`);
  if (sample !== null) parts.push(`${describeSample(sample)}\n`);
  parts.push(
    `Definitions, archive, state, online store and rows are in ${dirname(result.definitionsFile)}.\n`,
  );
  return parts.join('\n');
}

function describeSample({ entity, windowEnd, version, values }: DemoSample): string {
  const cells = Object.entries(values).map(([name, value]): [string, Cell] => [
    name,
    value === null ? null : String(value),
  ]);
  const facts: [string, Cell][] = [['window_end', windowEnd], ['version', String(version)], ...cells];
  return `The online store's answer for card ${entity}:\n${formatFields(facts)}`;
}
