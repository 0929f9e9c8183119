import { resolve } from 'node:path';
import { assertRunnable } from '../definitions/runnable.ts';
import { jsonOption, type RegisterCommand } from './command.ts';

export const registerCheck: RegisterCommand = (program, context) => {
  program
    .command('check')
    .summary('load and check definitions')
    .description(
      'Loads and checks definitions and prints features, their ranges, panes, cost of state and fingerprints.',
    )
    .argument('<defs>', 'definitions file')
    .addOption(jsonOption())
    .action(async (defs: string, flags: { readonly json?: true }) => {
      const { reportGroup, reportSource } = await import('./group-report.ts');
      const { describeReport } = await import('./group-text.ts');
      const { file, sources, groups } = await context.drivers.loadDefinitions(resolve(defs));
      for (const group of groups) assertRunnable(group, file);
      const report = { file, sources: sources.map(reportSource), groups: groups.map(reportGroup) };
      process.stdout.write(
        flags.json === true ? `${JSON.stringify(report)}\n` : `${describeReport(report)}\n`,
      );
    });
};
