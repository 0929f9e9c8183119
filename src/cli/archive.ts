import { resolve } from 'node:path';
import type { ArchiveOptions, ArchiveSummary } from '../sources/kafka-options.ts';
import { journalTopic } from '../state/internal-topics.ts';
import { given, jsonOption, quietOption, type RegisterCommand, valueOption } from './command.ts';
import { KAFKA_SETTINGS, kafkaOptions } from './kafka-settings.ts';
import { nonEmpty, plainName } from './parsers.ts';
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
    .addOption(
      valueOption(
        '--journal <app>',
        'copy the marks, too, that the workers of this app made where the topic was idle',
        plainName,
      ),
    )
    .addOption(valueOption('--out <archive>', 'folder of the archive', nonEmpty));
  addFlags(command, KAFKA_SETTINGS)
    .addOption(quietOption())
    .addOption(jsonOption())
    .action(async (flags: Flags) => {
      const kafka = kafkaOptions(resolveSettings(KAFKA_SETTINGS, flags, process.env, null), false);
      const topic = given(flags.topic, '--topic <name>', 'archive');
      const out = resolve(given(flags.out, '--out <archive>', 'archive'));
      const { createLogger } = await import('./logger.ts');
      const log = createLogger({ level: 'warn', json: process.stderr.isTTY !== true });
      const copy = async (name: string): Promise<ArchiveSummary> => {
        const progress = new ProgressLine({ label: 'archive', unit: 'records', quiet: flags.quiet === true });
        const options: ArchiveOptions = {
          kafka,
          topic: name,
          out,
          signal: context.signal,
          onProgress: (state) => progress.update(state),
        };
        const summary = await context.drivers.archiveTopic(options, log).finally(() => progress.finish());
        if (flags.json !== true) process.stdout.write(describe(name, summary));
        return summary;
      };
      const summary = await copy(topic);
      // The journal comes second, so that it has the marks between all the records that were copied.
      const withJournal = flags.journal !== undefined && !context.signal.aborted;
      const journal = withJournal ? { journal: await copy(journalTopic(flags.journal, topic)) } : {};
      if (flags.json === true) process.stdout.write(`${JSON.stringify({ ...summary, ...journal })}\n`);
      // What was copied stays, but it is not the whole topic.
      context.signal.throwIfAborted();
    });
};

interface Flags {
  readonly topic?: string;
  readonly journal?: string;
  readonly out?: string;
  readonly quiet?: true;
  readonly json?: true;
  readonly [setting: string]: unknown;
}

function describe(topic: string, { records, files }: ArchiveSummary): string {
  return `${topic}: ${formatCount(records)} records in ${formatCount(files)} new files\n`;
}
