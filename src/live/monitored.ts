import type { Registry, RegistryContentType } from 'prom-client';

/** The contract between what runs and those who watch it. */
export interface Monitored {
  /** Metrics as they stand now. */
  metrics(): Promise<Pick<Registry<RegistryContentType>, 'contentType' | 'metrics' | 'getMetricsAsJSON'>>;
  health(): Promise<Health>;
}

export interface Health {
  /** It works, or waits for what will come back; false: it is to be started again. */
  readonly isAlive: boolean;
  /** Its partitions are assigned and restored, and the online store answers. */
  readonly isReady: boolean;
  /** For a person: why not. */
  readonly reasons: readonly string[];
}

/** Shows something to those who watch, until what it answers is called. */
export type Expose = (monitored: Monitored) => Promise<() => Promise<void>>;
