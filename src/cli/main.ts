import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { Command, CommanderError } from 'commander';
import { TidemarkError } from '../errors.ts';
import { registerArchive } from './archive.ts';
import { registerCheck } from './check.ts';
import type { CommandContext } from './command.ts';
import { registerCompare } from './compare.ts';
import { registerDemo } from './demo.ts';
import { DRIVERS } from './drivers.ts';
import { reportFailure } from './failure.ts';
import { registerGet } from './get.ts';
import { registerJoin } from './join.ts';
import { registerOffline } from './offline.ts';
import { registerProve } from './prove.ts';
import { registerReplay } from './replay.ts';
import { registerRun } from './run.ts';
import { registerServe } from './serve.ts';
import { UsageError } from './usage.ts';

/** How long the process may take to end by itself once its command has: then it is ended. */
const LINGER_MS = 2000;
/** Signals that come closer together than this count as one: shells and package managers send them twice. */
const SAME_SIGNAL_MS = 1000;

/**
 * Runs one command line and sets the exit status: 0 done, 1 a failed check or run, 2 wrong use.
 * @public called by bin/tidemark.js
 */
export async function main(args: readonly string[]): Promise<void> {
  endQuietlyWithoutReader();
  process.on('uncaughtException', (error) => process.exit(reportFailure(error, wantsJson(args))));
  const program = createProgram({ signal: abortOnSignals(), drivers: DRIVERS });
  try {
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    process.exitCode = reportFailure(error, wantsJson(args));
  }
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

/** Every command of the command line, reporting wrong use as {@link UsageError}. */
export function createProgram(context: CommandContext): Command {
  const program = new Command('tidemark')
    .description('Windowed machine-learning features: one definition, the same bits live and in replay.')
    .version(packageVersion())
    .addHelpText('after', '\nExit status: 0 success, 1 a failed check or run, 2 wrong use.');
  for (const register of [
    registerDemo,
    registerRun,
    registerServe,
    registerReplay,
    registerOffline,
    registerJoin,
    registerCompare,
    registerProve,
    registerArchive,
    registerCheck,
    registerGet,
  ]) {
    register(program, context);
  }
  for (const command of withSubcommands(program)) reportWrongUse(command);
  return program;
}

function withSubcommands(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withSubcommands)];
}

/** `tidemark offline describe`. */
function fullName(command: Command): string {
  return command.parent === null ? command.name() : `${fullName(command.parent)} ${command.name()}`;
}

/** Wrong use reaches {@link reportFailure} as our own error; help and version pass as they are. */
function reportWrongUse(command: Command): void {
  const name = fullName(command);
  command.configureOutput({ outputError: () => {} });
  command.exitOverride((error) => {
    if (error.code === 'commander.helpDisplayed' || error.code === 'commander.version') throw error;
    if (error.code === 'commander.help') throw new CommanderError(error.exitCode, error.code, error.message);
    const [, message, guess] = /^(?:error: )?([^\n]*)(?:\n\((.*)\))?/.exec(error.message)!;
    throw new UsageError(message!, `${guess === undefined ? '' : `${guess} `}See \`${name} --help\`.`);
  });
}

function abortOnSignals(): AbortSignal {
  const controller = new AbortController();
  let first = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!controller.signal.aborted) {
        first = performance.now();
        controller.abort(new TidemarkError(`stopped by ${signal}`, { code: 'INTERRUPTED' }));
      } else if (performance.now() - first > SAME_SIGNAL_MS) {
        process.exit(128 + constants.signals[signal]);
      }
    });
  }
  return controller.signal;
}

/** A reader that has seen enough (`| head`) is no failure. */
function endQuietlyWithoutReader(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit();
    });
  }
}

function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).includes('--json');
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
