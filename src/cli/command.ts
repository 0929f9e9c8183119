import { type Command, Option } from 'commander';
import type { Drivers } from './drivers.ts';
import { type Parser, plainName } from './parsers.ts';
import { UsageError } from './usage.ts';

/** The contract of this folder: each command is a file that adds itself to the program and calls a driver. */
export type RegisterCommand = (program: Command, context: CommandContext) => void;

export interface CommandContext {
  /** Aborted by SIGINT and SIGTERM, with an error as its reason that says so. */
  readonly signal: AbortSignal;
  readonly drivers: Drivers;
}

/** An option with a value; `parser` gets the long flag as the origin of the text. */
export function valueOption<T>(flags: string, description: string, parser: Parser<T>): Option {
  const option = new Option(flags, description);
  const name = option.long ?? flags;
  return option.argParser((text: string) => parser(text, name));
}

/**
 * The value of an option that must be given. (The command line library's own check comes before its search for
 * unknown flags, so that a mistyped flag would be called missing.)
 */
export function given<T>(value: T | undefined, flags: string, command: string): T {
  if (value !== undefined) return value;
  throw new UsageError(`${flags} is missing`, `See \`tidemark ${command} --help\`.`);
}

export function jsonOption(): Option {
  return new Option(
    '--json',
    'machine-readable results on standard output, errors as JSON on standard error',
  );
}

export function journalOption(): Option {
  return valueOption(
    '--journal <app>',
    'repeat the marks of idle partitions that the workers of this app made, from their archived journal',
    plainName,
  );
}

export function quietOption(): Option {
  return new Option('--quiet', 'no progress lines');
}
