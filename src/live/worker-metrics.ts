import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { FeatureGroup } from '../definitions/definition.ts';
import type { Upsert } from '../sinks/sink.ts';
import type { DurationMs } from '../time.ts';
import type { LostPartition } from './durability.ts';
import { groupLabel, type WorkerCounts } from './worker-counts.ts';
import type { WorkerMeter } from './worker-meter.ts';
import { READINGS } from './worker-readings.ts';

const FLUSH_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5, 30];
const COMMIT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
/** Up to hours: a worker that catches up makes rows of old records. */
const FRESHNESS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 15, 60, 300, 1800, 7200];

/**
 * A worker's metrics for Prometheus. Counts are read when somebody asks, so that they cost nothing on the way;
 * durations are observed as they come.
 */
export class WorkerMetrics implements WorkerMeter {
  readonly #registry = new Registry();
  readonly #readings: readonly ((counts: WorkerCounts) => void)[];
  readonly #flushes: Histogram<'group'>;
  readonly #freshness: Histogram<'group'>;
  readonly #commits: Histogram;
  readonly #commitFailures: Counter<'reason'>;
  readonly #leftOut: Counter<'topic'>;
  readonly #now: () => number;

  /** @param now wall clock in milliseconds since 1970 */
  constructor(now: () => number = Date.now) {
    this.#now = now;
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#flushes = new Histogram({
      name: 'tidemark_flush_seconds',
      help: 'Time that the online store took for one write of rows, its absences included',
      labelNames: ['group'],
      buckets: FLUSH_SECONDS,
      registers,
    });
    this.#freshness = new Histogram({
      name: 'tidemark_freshness_seconds',
      help: 'Of each row sent: from the log time of the record that made it to the answer of the online store',
      labelNames: ['group'],
      buckets: FRESHNESS_SECONDS,
      registers,
    });
    this.#commits = new Histogram({
      name: 'tidemark_commit_seconds',
      help: 'Time until a step was durable, the wait for its rows included',
      buckets: COMMIT_SECONDS,
      registers,
    });
    this.#commitFailures = new Counter({
      name: 'tidemark_commit_failures_total',
      help: 'Steps of partitions that failed: another worker owns it (fenced), or the answer was lost (unknown)',
      labelNames: ['reason'],
      registers,
    });
    this.#leftOut = new Counter({
      name: 'tidemark_values_left_out_total',
      help: 'Dead letters, late records and revisions that were too large for a record, and went without value',
      labelNames: ['topic'],
      registers,
    });
    for (const reason of ['fenced', 'unknown']) this.#commitFailures.inc({ reason }, 0);
    this.#readings = READINGS.map(({ type, name, help, labels, read }) => {
      const options = { name, help, labelNames: labels, registers };
      const metric = type === 'counter' ? new Counter(options) : new Gauge(options);
      return (counts) => {
        metric.reset();
        for (const [value, labels] of read(counts)) metric.inc(labels, value);
      };
    });
  }

  flushed(group: FeatureGroup, rows: readonly Upsert[], took: DurationMs): void {
    const label = { group: groupLabel(group) };
    this.#flushes.observe(label, took / 1000);
    const freshness = this.#freshness.labels(label);
    const now = this.#now();
    for (const { knownAt } of rows) freshness.observe(Math.max(0, now - knownAt) / 1000);
  }

  committed(took: DurationMs): void {
    this.#commits.observe(took / 1000);
  }

  commitFailed(reason: LostPartition['reason']): void {
    this.#commitFailures.inc({ reason });
  }

  valueLeftOut(topic: string): void {
    this.#leftOut.inc({ topic });
  }

  /** The registry, with what the worker counts now. */
  read(counts: WorkerCounts): Registry {
    for (const reading of this.#readings) reading(counts);
    return this.#registry;
  }
}
