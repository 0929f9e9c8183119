import { resolve } from 'node:path';
import type { Command } from 'commander';
import { jsonOption } from './command.ts';
import type { Logger } from './logger.ts';
import { type LOG_SETTINGS, logOptions } from './run-settings.ts';
import { addFlags, resolveSettings, type Settings, type SettingValues } from './settings.ts';

interface Flags {
  readonly config?: string;
  readonly json?: true;
  readonly [setting: string]: unknown;
}

/**
 * Makes a command one that works until SIGTERM: its settings are flags, variables of the environment or keys of a
 * file, it logs while it works, and its summary is the last thing it says.
 *
 * @param start gets what was given, and whether a person reads the log
 */
export function addService<S extends Settings & typeof LOG_SETTINGS>(
  command: Command,
  settings: S,
  start: (given: SettingValues<S>, interactive: boolean) => (log: Logger) => Promise<object>,
): void {
  command
    .argument('[defs]', 'definitions file')
    .option('--config <file>', 'JSON file of settings; paths in it are relative to its folder');
  addFlags(command, settings)
    .addOption(jsonOption())
    .action(async (defs: string | undefined, flags: Flags) => {
      const given = defs === undefined ? flags : { ...flags, definitions: resolve(defs) };
      const values = resolveSettings(settings, given, process.env, flags.config ?? null);
      const interactive = process.stderr.isTTY === true;
      const work = start(values, interactive);
      const { createLogger } = await import('./logger.ts');
      const log = createLogger(logOptions(values, interactive));
      const summary = await work(log);
      log.info(summary, 'stopped');
      if (flags.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`);
    });
}
