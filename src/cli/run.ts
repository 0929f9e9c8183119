import type { RegisterCommand } from './command.ts';
import { RUN_SETTINGS, runOptions } from './run-settings.ts';
import { addService } from './service-command.ts';

export const registerRun: RegisterCommand = (program, context) => {
  const command = program
    .command('run')
    .summary('run a worker: Kafka to windows to the online store, until SIGTERM')
    .description(
      'Runs a worker: Kafka to windows to the online store, until SIGTERM. Each setting is a flag, else a ' +
        'variable of the environment (--commit-interval is TIDEMARK_COMMIT_INTERVAL), else a key of the ' +
        '--config file (commitInterval).',
    );
  addService(command, RUN_SETTINGS, (given, interactive) => {
    const options = runOptions(given, interactive);
    return (log) => context.drivers.runWorker(options, log, context.signal);
  });
};
