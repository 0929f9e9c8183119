import { setTimeout as sleep } from 'node:timers/promises';
import { AggregatorRegistry, Counter, Gauge, Registry } from 'prom-client';
import { TidemarkError } from '../errors.ts';
import type { DurationMs } from '../time.ts';
import type { Health, Monitored } from './monitored.ts';
import type { WorkerLog } from './worker.ts';
import type { Question } from './worker-messages.ts';
import { sumOfSummaries, type WorkerSummary } from './worker-summary.ts';

/** A worker in a process of its own. */
export interface PooledWorker {
  readonly ended: Promise<WorkerEnd>;
  /** It is to end in good order. */
  stop(): void;
  /** Null when it does not answer, or not yet. */
  ask(question: Question): Promise<unknown>;
}

export type WorkerEnd =
  | { readonly kind: 'stopped'; readonly summary: WorkerSummary }
  /** It could not go on, and starting it again does not help. */
  | { readonly kind: 'failed'; readonly error: TidemarkError }
  /** Killed, or ended by a bug: by which signal, or with which exit status. */
  | { readonly kind: 'died'; readonly how: string };

/** What the workers did that ended in good order, added up: what others had counted died with them. */
export interface PoolSummary extends WorkerSummary {
  /** How often a worker was started again. */
  readonly restarts: number;
}

const FIRST_PAUSE_MS: DurationMs = 1000;
const LONGEST_PAUSE_MS: DurationMs = 30_000;
/** Who lived so long did not die of its start: the next pause is short again. */
const LONG_LIFE_MS: DurationMs = 60_000;

/**
 * Several workers on one machine. One that dies is started again, after a pause that grows while it keeps dying;
 * meanwhile the group gives its partitions to the others. One that cannot go on, for a reason that a new start does
 * not mend, ends them all.
 */
export class WorkerPool implements Monitored {
  readonly #start: (worker: number) => PooledWorker;
  readonly #log: WorkerLog;
  /** The worker of each number; null while it waits for its next start. */
  readonly #workers = new Map<number, PooledWorker | null>();
  readonly #summaries: WorkerSummary[] = [];
  readonly #ending = new AbortController();
  readonly #registry = new Registry();
  readonly #up: Gauge<'worker'>;
  readonly #restarts: Counter<'worker'>;
  #restarted = 0;
  #failure: TidemarkError | null = null;

  /** @param start starts the worker of a number, from 1 */
  constructor(workers: number, start: (worker: number) => PooledWorker, log: WorkerLog) {
    this.#start = start;
    this.#log = log;
    const options = { labelNames: ['worker'] as const, registers: [this.#registry] };
    this.#up = new Gauge({
      name: 'tidemark_worker_up',
      help: 'Of several workers on a machine: 1 when it runs and answers, else 0',
      ...options,
    });
    this.#restarts = new Counter({
      name: 'tidemark_worker_restarts_total',
      help: 'Of several workers on a machine: how often it was started again because it had died',
      ...options,
    });
    for (let worker = 1; worker <= workers; worker++) {
      this.#workers.set(worker, null);
      this.#restarts.inc({ worker }, 0);
    }
  }

  /**
   * Works until the signal, and until all workers have ended in good order then.
   *
   * @throws TidemarkError what one of them could not get over; `WORKER_DIED` when one died while it was to end
   */
  async run(signal: AbortSignal): Promise<PoolSummary> {
    const stop = () => this.#end();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    try {
      await Promise.all([...this.#workers.keys()].map((worker) => this.#keep(worker)));
    } finally {
      signal.removeEventListener('abort', stop);
    }
    if (this.#failure !== null) throw this.#failure;
    return { ...sumOfSummaries(this.#summaries), restarts: this.#restarted };
  }

  async metrics() {
    const answers = await this.#askAll('metrics');
    const labelled = answers.map(([worker, answer]) => {
      this.#up.set({ worker }, answer === null ? 0 : 1);
      return withWorker((answer ?? []) as readonly MetricJson[], String(worker));
    });
    return AggregatorRegistry.aggregate([await this.#registry.getMetricsAsJSON(), ...labelled]);
  }

  async health(): Promise<Health> {
    const answers = (await this.#askAll('health')) as (readonly [number, Health | null])[];
    const isUp = (worker: number) => this.#workers.get(worker) !== null;
    return {
      // One that died is started again; one that runs and does not answer hangs.
      isAlive: answers.every(([worker, health]) => health?.isAlive ?? !isUp(worker)),
      isReady: answers.every(([, health]) => health?.isReady === true),
      reasons: answers.flatMap(([worker, health]) => {
        const silent = [isUp(worker) ? 'does not answer' : 'has died and is to be started again'];
        return (health?.reasons ?? silent).map((reason) => `worker ${worker}: ${reason}`);
      }),
    };
  }

  async #keep(worker: number): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    while (!this.#ending.signal.aborted) {
      const began = performance.now();
      const running = this.#start(worker);
      this.#workers.set(worker, running);
      const end = await running.ended;
      this.#workers.set(worker, null);
      if (end.kind === 'stopped') this.#summaries.push(end.summary);
      if (end.kind === 'failed') this.#fail(worker, end.error);
      if (this.#ending.signal.aborted) {
        if (end.kind === 'died') this.#fail(worker, diedWhileEnding(worker, end.how));
        return;
      }
      if (performance.now() - began > LONG_LIFE_MS) pause = FIRST_PAUSE_MS;
      const how = end.kind === 'died' ? end.how : 'stopped by itself';
      this.#log.warn({ worker, how, pauseMs: pause }, 'a worker has ended; it is started again');
      await sleep(pause, undefined, { signal: this.#ending.signal }).catch(() => {});
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
      if (this.#ending.signal.aborted) return;
      this.#restarts.inc({ worker });
      this.#restarted++;
    }
  }

  #fail(worker: number, error: TidemarkError): void {
    if (this.#failure === null)
      this.#log.warn({ worker, reason: error.message }, 'a worker cannot go on; all end');
    this.#failure ??= error;
    this.#end();
  }

  #end(): void {
    this.#ending.abort();
    for (const worker of this.#workers.values()) worker?.stop();
  }

  #askAll(question: Question): Promise<readonly (readonly [number, unknown])[]> {
    return Promise.all(
      [...this.#workers].map(
        async ([worker, running]) => [worker, (await running?.ask(question)) ?? null] as const,
      ),
    );
  }
}

type MetricJson = Awaited<ReturnType<Registry['getMetricsAsJSON']>>[number];

/** Every value gets a label, so that none is added to another worker's, whatever the metric's own way to do so. */
function withWorker(metrics: readonly MetricJson[], worker: string): MetricJson[] {
  return metrics.map((metric) => ({
    ...metric,
    aggregator: 'sum',
    values: metric.values.map((value) => ({ ...value, labels: { ...value.labels, worker } })),
  }));
}

function diedWhileEnding(worker: number, how: string): TidemarkError {
  return new TidemarkError(`worker ${worker} ended by ${how} before it had committed everything`, {
    code: 'WORKER_DIED',
    remedy: 'Nothing is lost: what was not committed is repeated by the next start.',
  });
}
