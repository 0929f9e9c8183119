import type { OnlineStoreOptions } from '../sinks/open-online-store.ts';
import type { KafkaOptions } from '../sources/kafka-options.ts';
import type { DurationMs } from '../time.ts';
import type { ServedLogCounts } from './served-log-buffer.ts';

/** What `tidemark serve` is told. Paths are absolute; every value is checked and has its default. */
export interface ServeOptions {
  readonly definitionsFile: string;
  /** The groups to serve, by name; null: all of the definitions. */
  readonly groups: readonly string[] | null;
  readonly store: OnlineStoreOptions;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly access: Access;
  /** Null: answers are not logged. */
  readonly servedLog: ServedLogSettings | null;
}

/** Who may read: holders of one of the tokens in a file, or of this one, or anyone. */
export type Access =
  | { readonly kind: 'token file'; readonly file: string }
  | { readonly kind: 'token'; readonly token: string }
  | { readonly kind: 'anyone' };

export interface ServedLogSettings {
  readonly target: ServedLogTarget;
  /** The share of the answers that is logged, above 0 and up to 1. */
  readonly rate: number;
  /** Answers that may wait for the log. */
  readonly capacity: number;
}

export type ServedLogTarget =
  | {
      readonly kind: 'files';
      readonly folder: string;
      readonly maxBytes: number;
      readonly maxAgeMs: DurationMs;
    }
  | { readonly kind: 'topic'; readonly topic: string; readonly kafka: KafkaOptions };

/** What a server did until it was stopped. */
export interface ServeSummary {
  readonly requests: number;
  readonly answers: number;
  /** Requests that were refused for the caller's fault, and those that failed for another. */
  readonly refused: number;
  readonly failed: number;
  readonly servedLog: ServedLogCounts | null;
}
