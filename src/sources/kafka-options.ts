import type { Progress } from '../progress.ts';

/** How the brokers are reached. */
export interface KafkaOptions {
  /** `host:port` each, at least one. */
  readonly brokers: readonly string[];
  readonly ssl: SslOptions | null;
  readonly sasl: SaslOptions | null;
}

interface SslOptions {
  /** Certificates (PEM) of the authorities to trust besides the system's; null: only the system's. */
  readonly caFile: string | null;
}

interface SaslOptions {
  readonly mechanism: SaslMechanism;
  readonly username: string;
  /** Never from the command line, never logged. */
  readonly password: string;
}

export const SASL_MECHANISMS = ['plain', 'scram-sha-256', 'scram-sha-512'] as const;
type SaslMechanism = (typeof SASL_MECHANISMS)[number];

/** What `tidemark archive` is told. */
export interface ArchiveOptions {
  readonly kafka: KafkaOptions;
  readonly topic: string;
  /** The archive's directory, absolute. */
  readonly out: string;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** What one call of it added. */
export interface ArchiveSummary {
  readonly partitions: number;
  readonly records: number;
  readonly files: number;
}
