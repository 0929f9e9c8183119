import { CommanderError } from 'commander';
import { describeError, TidemarkError } from '../errors.ts';

/** Tells a failure on standard error, for a person or (`json`) a program, and answers the exit status it means. */
export function reportFailure(thrown: unknown, json: boolean): number {
  // What the command line library wanted to say, such as the help text, it has said.
  if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
  const error = refusalOf(thrown) ?? thrown;
  const exitCode = error instanceof TidemarkError ? error.exitCode : 1;
  process.stderr.write(`${json ? failureJson(error) : failureText(error)}\n`);
  return exitCode;
}

/** What the operating system says of files and disks; the text names the call and the path. */
const REFUSALS = new Set(
  'EACCES EPERM EROFS ENOSPC EDQUOT EFBIG ENOTDIR EISDIR ENAMETOOLONG EMFILE ENFILE EIO'.split(' '),
);

/**
 * What the user can mend; null for a bug. Of files and disks also where nobody on the way has said what the file was
 * for.
 */
export function refusalOf(error: unknown): TidemarkError | null {
  if (error instanceof TidemarkError) return error;
  if (!(error instanceof Error)) return null;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined || !REFUSALS.has(code)) return null;
  return new TidemarkError(error.message, {
    code,
    remedy: 'Check that the place can be read and written, and that its disk has room.',
    cause: error,
  });
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
