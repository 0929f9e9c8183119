import { resolve } from 'node:path';
import type { DemoResult } from '../demo/options.ts';
import { jsonOption, quietOption, type RegisterCommand, valueOption } from './command.ts';
import { nonEmpty, positiveInteger, unsignedInteger } from './parsers.ts';
import { ProgressLine } from './progress.ts';
import { describeSummary } from './replay.ts';
import { formatFields } from './table.ts';

export const registerDemo: RegisterCommand = (program, context) => {
  program
    .command('demo')
    .summary('everything on one machine with no service')
    .description(
      'Makes a stream of card transactions, runs a worker over an embedded log and store, replays the log ' +
        'and compares the two, bit by bit.',
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
      const progress = new ProgressLine({ label: 'demo', unit: 'events', quiet: flags.quiet === true });
      const result = await context.drivers
        .runDemo({
          seed: flags.seed,
          events: flags.events,
          cards: flags.cards,
          out: resolve(flags.out),
          signal: context.signal,
          onProgress: (state) => progress.update(state),
        })
        .finally(() => progress.finish());
      process.stdout.write(flags.json === true ? `${JSON.stringify(result)}\n` : `${describeDemo(result)}`);
      if (result.differences.length > 0) process.exitCode = 1;
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

function describeDemo(result: DemoResult): string {
  const facts = formatFields([
    ['events', result.events],
    ['rows sent to the online store', result.upserts.accepted],
    ['rows compared with replay', result.compared],
    ['differences', result.differences.length],
  ]);
  return [facts, ...result.differences.slice(0, 20), '', describeSummary(result.replay)].join('\n');
}
