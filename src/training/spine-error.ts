import { TidemarkError } from '../errors.ts';

/** A failed reading of the spine: always something about the file, or what was said of it, that a user can mend. */
export class SpineError extends TidemarkError {}

export interface SpineColumn {
  readonly name: string;
  /** DuckDB's name of its type. */
  readonly type: string;
}
