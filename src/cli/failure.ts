import { CommanderError } from 'commander';
import { describeError, TidemarkError } from '../errors.ts';

/** Tells a failure on standard error, for a person or (`json`) a program, and answers the exit status it means. */
export function reportFailure(error: unknown, json: boolean): number {
  // What the command line library wanted to say, such as the help text, it has said.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  const exitCode = error instanceof TidemarkError ? error.exitCode : 1;
  process.stderr.write(`${json ? failureJson(error) : failureText(error)}\n`);
  return exitCode;
}

function failureText(error: unknown): string {
  const text = `tidemark: ${describeError(error)}`;
  if (error instanceof TidemarkError) return text;
  return `${text}\n  This is a bug in tidemark: please report it with the lines above.`;
}

function failureJson(error: unknown): string {
  if (error instanceof TidemarkError) {
    const errors = [error, ...error.others].map(({ code, message, place, remedy }) => ({
      code,
      message,
      place,
      remedy,
    }));
    return JSON.stringify({ errors });
  }
  const { message, stack } = error instanceof Error ? error : { message: String(error), stack: undefined };
  return JSON.stringify({ errors: [{ code: 'BUG', message, stack }] });
}
