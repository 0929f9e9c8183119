import { resolve } from 'node:path';
import type { GroupComparison } from '../replay/compare.ts';
import { given, jsonOption, type RegisterCommand, valueOption } from './command.ts';
import { nameList, nonEmpty } from './parsers.ts';
import { formatCount } from './progress.ts';
import { STORE_SETTINGS, storeOf } from './run-settings.ts';
import { addFlags, resolveSettings } from './settings.ts';
import { formatTable } from './table.ts';

const MOST_DIFFERENCES_SHOWN = 20;

export const registerCompare: RegisterCommand = (program, context) => {
  const command = program
    .command('compare')
    .summary('hold the online store against a replay of the same log')
    .description(
      'Holds each row that the online store answers against a replay of the same log: it must be the revision ' +
        'of its version, to the bit, with the final values of its window.',
    )
    .argument('<defs>', 'definitions file')
    .addOption(valueOption('--with <folder>', 'what `replay --rows all` wrote, in Parquet', nonEmpty))
    .addOption(valueOption('--groups <name,…>', 'feature groups to compare (default: all)', nameList));
  addFlags(command, STORE_SETTINGS)
    .addOption(jsonOption())
    .action(async (defs: string, flags: Flags) => {
      const results = await context.drivers.compare({
        definitionsFile: resolve(defs),
        groups: flags.groups ?? null,
        rows: resolve(given(flags.with, '--with <folder>', 'compare')),
        store: storeOf(STORE_SETTINGS, resolveSettings(STORE_SETTINGS, flags, process.env, null), false),
        signal: context.signal,
      });
      process.stdout.write(flags.json === true ? `${JSON.stringify(results)}\n` : `${describe(results)}\n`);
      if (results.some(({ differences }) => differences.length > 0)) process.exitCode = 1;
    });
};

interface Flags {
  readonly with?: string;
  readonly groups?: readonly string[];
  readonly json?: true;
  readonly [setting: string]: unknown;
}

function describe(results: readonly GroupComparison[]): string {
  const table = formatTable(
    ['group', 'entities', 'rows compared', 'differences'],
    results.map(({ group, version, entities, rows, differences }) => [
      `${group}:${version}`,
      entities,
      rows,
      differences.length,
    ]),
  );
  const all = results.flatMap(({ differences }) => differences);
  const shown = all.slice(0, MOST_DIFFERENCES_SHOWN);
  if (all.length > shown.length) shown.push(`… and ${formatCount(all.length - shown.length)} more`);
  return [table, ...(shown.length > 0 ? ['', ...shown] : [])].join('\n');
}
