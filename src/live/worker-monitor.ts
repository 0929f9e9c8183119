import { setTimeout as sleep } from 'node:timers/promises';
import type { ReachableStore } from '../sinks/sink.ts';
import type { DurationMs } from '../time.ts';
import type { Health, Monitored } from './monitored.ts';
import type { Worker } from './worker.ts';
import type { WorkerMetrics } from './worker-metrics.ts';

/** An online store that is silent for so long counts as away. */
const STORE_PATIENCE_MS: DurationMs = 1000;

/** What is to be seen of one worker. */
export class WorkerMonitor implements Monitored {
  readonly #worker: Pick<Worker, 'counts' | 'isReady' | 'hasFailed'>;
  readonly #metrics: WorkerMetrics;
  readonly #store: Pick<ReachableStore, 'ping'>;

  constructor(
    worker: Pick<Worker, 'counts' | 'isReady' | 'hasFailed'>,
    metrics: WorkerMetrics,
    store: Pick<ReachableStore, 'ping'>,
  ) {
    this.#worker = worker;
    this.#metrics = metrics;
    this.#store = store;
  }

  async metrics() {
    return this.#metrics.read(this.#worker.counts());
  }

  async health(): Promise<Health> {
    const { isReady, hasFailed } = this.#worker;
    const reasons: string[] = [];
    if (hasFailed) reasons.push('the worker has failed and is about to end');
    if (!isReady) reasons.push('partitions are not assigned yet, or being restored');
    if (!(await this.#storeAnswers())) reasons.push('the online store does not answer');
    return { isAlive: !hasFailed, isReady: reasons.length === 0, reasons };
  }

  #storeAnswers(): Promise<boolean> {
    const answer = this.#store.ping().then(
      () => true,
      () => false,
    );
    return Promise.race([answer, sleep(STORE_PATIENCE_MS, false, { ref: false })]);
  }
}
