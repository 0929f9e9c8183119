import { TidemarkError } from '../errors.ts';

/** The offline store's directory or disk does not allow what was asked. */
export class OfflineStoreError extends TidemarkError {}

/**
 * What a failed operation on files means for the person who chose the directory. An error that is no failure of
 * the disk or the memory is a bug and is returned as it is.
 */
export function offlineFailure(what: string, file: string, cause: unknown): unknown {
  if (!isEnvironmental(cause)) return cause;
  return new OfflineStoreError(`${what}: ${cause.message}`, {
    code: 'OFFLINE_WRITE_FAILED',
    place: { file },
    remedy: 'Check that the place can be written, and that its disk and the memory have room.',
    cause,
  });
}

/** Of the operating system, which gives a code, or of DuckDB, which names the kind in its text. */
function isEnvironmental(error: unknown): error is Error {
  if (!(error instanceof Error) || error instanceof TidemarkError) return false;
  return 'code' in error || /^(IO Error|Out of Memory Error|Permission Error)/.test(error.message);
}
