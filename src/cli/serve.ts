import { resolve } from 'node:path';
import { jsonOption, type RegisterCommand } from './command.ts';
import { logOptions } from './run-settings.ts';
import { SERVE_SETTINGS, serveOptions } from './serve-settings.ts';
import { addFlags, resolveSettings } from './settings.ts';

export const registerServe: RegisterCommand = (program, context) => {
  const command = program
    .command('serve')
    .summary('answer feature reads over HTTP, until SIGTERM')
    .description(
      'Answers over HTTP what the online store holds now, for callers in any language: GET /openapi.json says ' +
        'how. Each setting is a flag, else a variable of the environment (--token-file is TIDEMARK_TOKEN_FILE), ' +
        'else a key of the --config file (tokenFile).',
    )
    .argument('[defs]', 'definitions file')
    .option('--config <file>', 'JSON file of settings; paths in it are relative to its folder');
  addFlags(command, SERVE_SETTINGS)
    .addOption(jsonOption())
    .action(async (defs: string | undefined, flags: Flags) => {
      const given = defs === undefined ? flags : { ...flags, definitions: resolve(defs) };
      const settings = resolveSettings(SERVE_SETTINGS, given, process.env, flags.config ?? null);
      const options = serveOptions(settings);
      const { createLogger } = await import('./logger.ts');
      const log = createLogger(logOptions(settings, process.stderr.isTTY === true));
      const summary = await context.drivers.serve(options, log, context.signal);
      log.info(summary, 'stopped');
      if (flags.json === true) process.stdout.write(`${JSON.stringify(summary)}\n`);
    });
};

interface Flags {
  readonly config?: string;
  readonly json?: true;
  readonly [setting: string]: unknown;
}
