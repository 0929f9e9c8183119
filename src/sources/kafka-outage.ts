import type { Log } from './kafka-client.ts';

/** A broker that just restarts is not worth a line. */
const SILENT_MS = 2000;

/** Says once that Kafka is away, and once that it is back, however many attempts fail in between. */
export class OutageReport {
  readonly #brokers: readonly string[];
  readonly #log: Log;
  #since: number | null = null;
  #isTold = false;

  constructor(brokers: readonly string[], log: Log) {
    this.#brokers = brokers;
    this.#log = log;
  }

  /** An attempt to reach a broker has failed. */
  failed(reason: string): void {
    this.#since ??= performance.now();
    if (this.#isTold || performance.now() - this.#since < SILENT_MS) return;
    this.#isTold = true;
    this.#log.warn({ brokers: this.#brokers, reason }, 'Kafka cannot be reached; trying again');
  }

  answered(): void {
    this.#since = null;
    if (!this.#isTold) return;
    this.#isTold = false;
    this.#log.info({ brokers: this.#brokers }, 'Kafka answers again');
  }
}
