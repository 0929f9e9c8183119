/** Where in a file something went wrong. Line and column count from 1; `position` is a byte position. */
export interface Place {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly position?: number;
}

export interface TidemarkErrorOptions {
  /** A stable, upper-case name of the kind of error, for programs. */
  readonly code: string;
  readonly place?: Place;
  /** What the user can do about it, one sentence. */
  readonly remedy?: string;
  readonly cause?: unknown;
  /** The exit status of a command that ends with this error: 1 for a failed run, 2 for wrong use. */
  readonly exitCode?: 1 | 2;
  /** Further errors that were found together with this one. */
  readonly others?: readonly TidemarkError[];
}

/**
 * An error that a user can cause and mend. Its text says what is wrong, where and what to do; it never holds
 * a secret. Errors that only a bug can cause are assertions instead.
 */
export class TidemarkError extends Error {
  readonly code: string;
  readonly place: Place | undefined;
  readonly remedy: string | undefined;
  readonly exitCode: 1 | 2;
  readonly others: readonly TidemarkError[];

  constructor(message: string, options: TidemarkErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = options.code;
    this.place = options.place;
    this.remedy = options.remedy;
    this.exitCode = options.exitCode ?? 1;
    this.others = options.others ?? [];
  }
}

/** `file:line:column`, as far as it is known. */
export function formatPlace(place: Place): string {
  const parts = [place.file ?? ''];
  if (place.line !== undefined) parts.push(String(place.line));
  if (place.column !== undefined) parts.push(String(place.column));
  const where = parts.filter((part) => part !== '').join(':');
  return place.position === undefined ? where : `${where} at byte ${place.position}`;
}

/** The whole text for a person: place, what is wrong, what to do; of every error that was found together. */
export function describeError(error: unknown): string {
  if (!(error instanceof TidemarkError)) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  }
  const where = error.place === undefined ? '' : `${formatPlace(error.place)}: `;
  const remedy = error.remedy === undefined ? '' : `\n  ${error.remedy}`;
  return [`${where}${error.message}${remedy}`, ...error.others.map(describeError)].join('\n');
}

/** States what only a bug can break. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
