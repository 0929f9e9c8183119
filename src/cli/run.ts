import { resolve } from 'node:path';
import { jsonOption, type RegisterCommand } from './command.ts';
import { RUN_SETTINGS, runOptions } from './run-settings.ts';
import { addFlags, resolveSettings } from './settings.ts';

export const registerRun: RegisterCommand = (program, context) => {
  const command = program
    .command('run')
    .summary('run a worker: Kafka to windows to the online store, until SIGTERM')
    .description(
      'Runs a worker: Kafka to windows to the online store, until SIGTERM. Each setting is a flag, else a ' +
        'variable of the environment (--commit-interval is TIDEMARK_COMMIT_INTERVAL), else a key of the ' +
        '--config file (commitInterval).',
    )
    .argument('[defs]', 'definitions file')
    .option('--config <file>', 'JSON file of settings; paths in it are relative to its folder');
  addFlags(command, RUN_SETTINGS)
    .addOption(jsonOption())
    .action(async (defs: string | undefined, flags: Flags) => {
      const given = defs === undefined ? flags : { ...flags, definitions: resolve(defs) };
      const settings = resolveSettings(RUN_SETTINGS, given, process.env, flags.config ?? null);
      const options = runOptions(settings, process.stderr.isTTY === true);
      const { createLogger } = await import('./logger.ts');
      const log = createLogger(options.log);
      const summary = await context.drivers.runWorker(options, log, context.signal);
      log.info(summary, 'stopped');
      if (flags.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`);
    });
};

interface Flags {
  readonly config?: string;
  readonly json?: true;
  readonly [setting: string]: unknown;
}
