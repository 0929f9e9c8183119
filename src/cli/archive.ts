import { resolve } from 'node:path';
import type { ArchiveOptions } from '../sources/kafka-options.ts';
import { given, jsonOption, quietOption, type RegisterCommand, valueOption } from './command.ts';
import { KAFKA_SETTINGS, kafkaOptions } from './kafka-settings.ts';
import { nonEmpty } from './parsers.ts';
import { formatCount, ProgressLine } from './progress.ts';
import { addFlags, resolveSettings } from './settings.ts';

export const registerArchive: RegisterCommand = (program, context) => {
  const command = program
    .command('archive')
    .summary('copy a topic into an archive, resumable')
    .description(
      'Copies a topic into an archive, up to its present end; called again, it continues where it stopped.',
    )
    .addOption(valueOption('--topic <name>', 'topic to copy', nonEmpty))
    .addOption(valueOption('--out <archive>', 'folder of the archive', nonEmpty));
  addFlags(command, KAFKA_SETTINGS)
    .addOption(quietOption())
    .addOption(jsonOption())
    .action(async (flags: Flags) => {
      const kafka = kafkaOptions(resolveSettings(KAFKA_SETTINGS, flags, process.env, null), false);
      const topic = given(flags.topic, '--topic <name>', 'archive');
      const out = resolve(given(flags.out, '--out <archive>', 'archive'));
      const progress = new ProgressLine({ label: 'archive', unit: 'records', quiet: flags.quiet === true });
      const { createLogger } = await import('./logger.ts');
      const log = createLogger({ level: 'warn', json: process.stderr.isTTY !== true });
      const options: ArchiveOptions = {
        kafka,
        topic,
        out,
        signal: context.signal,
        onProgress: (state) => progress.update(state),
      };
      const summary = await context.drivers.archiveTopic(options, log).finally(() => progress.finish());
      const { records, files } = summary;
      process.stdout.write(
        flags.json === true
          ? `${JSON.stringify(summary)}\n`
          : `${topic}: ${formatCount(records)} records in ${formatCount(files)} new files\n`,
      );
      // What was copied stays, but it is not the whole topic.
      context.signal.throwIfAborted();
    });
};

interface Flags {
  readonly topic?: string;
  readonly out?: string;
  readonly quiet?: true;
  readonly json?: true;
  readonly [setting: string]: unknown;
}
