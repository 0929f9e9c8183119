import { TidemarkError, type TidemarkErrorOptions } from '../errors.ts';
import type { RunOptions } from './options.ts';
import type { WorkerSummary } from './worker-summary.ts';

/** The contract between a worker in a process of its own and the process that started it. */

export type MessageToWorker =
  /** The first one. */
  | { readonly kind: 'start'; readonly worker: number; readonly options: RunOptions }
  /** To end in good order. */
  | { readonly kind: 'stop' }
  | { readonly kind: 'ask'; readonly id: number; readonly question: Question };

export type MessageFromWorker =
  /** Null: the question cannot be answered yet. */
  | { readonly kind: 'answer'; readonly id: number; readonly answer: unknown }
  /** The last one: it ended in good order. */
  | { readonly kind: 'stopped'; readonly summary: WorkerSummary }
  /** The last one: it cannot go on, and starting it again does not help. */
  | { readonly kind: 'failed'; readonly error: ErrorFields };

/** `metrics` as JSON, or `health`. */
export type Question = 'metrics' | 'health';

/** A {@link TidemarkError} without what does not cross between processes. */
export interface ErrorFields extends Pick<TidemarkErrorOptions, 'code' | 'place' | 'remedy' | 'exitCode'> {
  readonly message: string;
  readonly others: readonly ErrorFields[];
}

export function fieldsOf({ message, code, place, remedy, exitCode, others }: TidemarkError): ErrorFields {
  return {
    message,
    code,
    exitCode,
    others: others.map(fieldsOf),
    ...(place === undefined ? {} : { place }),
    ...(remedy === undefined ? {} : { remedy }),
  };
}

export function errorOf({ message, others, ...options }: ErrorFields): TidemarkError {
  return new TidemarkError(message, { ...options, others: others.map(errorOf) });
}
