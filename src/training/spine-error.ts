import { TidemarkError } from '../errors.ts';

/** A failed reading of the spine: always something about the file, or what was said of it, that a user can mend. */
export class SpineError extends TidemarkError {}

export interface SpineColumn {
  readonly name: string;
  /** DuckDB's name of its type. */
  readonly type: string;
}

/** What a failed reading of the file means for its owner. */
export function unreadable(file: string, error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof TidemarkError) return error;
  const [first = ''] = error.message.split('\n');
  return new SpineError(`the spine cannot be read: ${first}`, {
    code: 'SPINE_UNREADABLE',
    place: { file },
    remedy: 'Mend the file, or write it again as Parquet.',
    cause: error,
  });
}
