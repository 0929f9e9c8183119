import type { RegisterCommand } from './command.ts';
import { SERVE_SETTINGS, serveOptions } from './serve-settings.ts';
import { addService } from './service-command.ts';

export const registerServe: RegisterCommand = (program, context) => {
  const command = program
    .command('serve')
    .summary('answer feature reads over HTTP, until SIGTERM')
    .description(
      'Answers over HTTP what the online store holds now, for callers in any language: GET /openapi.json says ' +
        'how. Each setting is a flag, else a variable of the environment (--token-file is TIDEMARK_TOKEN_FILE), ' +
        'else a key of the --config file (tokenFile).',
    );
  addService(command, SERVE_SETTINGS, (given) => {
    const options = serveOptions(given);
    return (log) => context.drivers.serve(options, log, context.signal);
  });
};
