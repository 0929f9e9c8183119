import type { OnlineStoreOptions } from '../sinks/open-online-store.ts';
import type { KafkaOptions } from '../sources/kafka-options.ts';
import type { DurationMs } from '../time.ts';

/** What a worker is told when it starts. Paths are absolute; every value is checked and has its default. */
export interface RunOptions {
  readonly definitionsFile: string;
  /** The groups to run, by name; null: all of the definitions. */
  readonly groups: readonly string[] | null;
  /** Consumer group, and the name under which state is kept. */
  readonly app: string;
  readonly kafka: KafkaOptions;
  readonly store: OnlineStoreOptions;
  /** Holds the local state of this worker's tasks. */
  readonly stateDir: string;
  readonly durability: DurabilityOptions;
  /** Where a task without state begins. */
  readonly from: 'earliest' | 'latest';
  /** State and offsets become durable this often. */
  readonly commitIntervalMs: DurationMs;
  /** The group gives a worker's partitions to others when it was silent for so long. The brokers limit it. */
  readonly sessionTimeoutMs: DurationMs;
  /** Lag, watermarks and counts are logged this often. */
  readonly reportIntervalMs: DurationMs;
  /** A task takes at most so many records between two flushes. */
  readonly maxBatchRecords: number;
  /** The tasks hold so many entities in memory, all together; the others are read from the local state when needed. */
  readonly cacheEntities: number;
  /** Processes on this machine that share the partitions; more than one have a state directory of their own each. */
  readonly workers: number;
  /** Where metrics and health are served; null: nowhere. */
  readonly metrics: ListenOptions | null;
  readonly log: LogOptions;
}

export interface ListenOptions {
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
}

/** What makes a worker's work survive. */
export type DurabilityOptions =
  /** Kafka: other workers can take over. Late and rejected records, and revisions where asked for, go to topics. */
  | {
      readonly kind: 'kafka';
      readonly deadLettersTopic: string;
      readonly lateTopic: string;
      readonly revisionsTopic: string | null;
      /** Copies of the states of other workers' partitions are kept, too, and silent workers replaced before their session ends. */
      readonly standby: boolean;
    }
  /** The state directory alone. Late and rejected records go to files in the folder. */
  | { readonly kind: 'local'; readonly deadLetterDir: string };

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  readonly level: LogLevel;
  /** JSON lines; otherwise lines for a person. */
  readonly json: boolean;
}
