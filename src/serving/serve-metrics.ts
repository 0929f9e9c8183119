import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { ServedLog } from './served-log-buffer.ts';

const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1];

/** What a server measures, for Prometheus. */
export class ServeMetrics {
  /** What is told when the server has stopped. */
  readonly counts = { requests: 0, answers: 0, refused: 0, failed: 0 };
  readonly #registry = new Registry();
  readonly #seconds: Histogram<'route' | 'status'>;
  readonly #answers: Counter<'group' | 'found'>;
  readonly #storeErrors: Counter<'code'>;

  constructor(servedLog: ServedLog | null) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#seconds = new Histogram({
      name: 'tidemark_serve_request_seconds',
      help: 'Requests by route and status, and how long they took from the headers to the end of the answer',
      labelNames: ['route', 'status'],
      buckets: SECONDS,
      registers,
    });
    this.#answers = new Counter({
      name: 'tidemark_serve_answers_total',
      help: 'Entities that were answered, by feature group, and whether they had a row',
      labelNames: ['group', 'found'],
      registers,
    });
    this.#storeErrors = new Counter({
      name: 'tidemark_serve_store_errors_total',
      help: 'Requests that the online store did not answer, by the code of the error',
      labelNames: ['code'],
      registers,
    });
    if (servedLog !== null) this.#addServedLog(servedLog);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  text(): Promise<string> {
    return this.#registry.metrics();
  }

  request(route: string, status: number, seconds: number): void {
    this.#seconds.observe({ route, status }, seconds);
    this.counts.requests++;
    if (status >= 500) this.counts.failed++;
    else if (status >= 400) this.counts.refused++;
  }

  answer(group: string, found: boolean): void {
    this.#answers.inc({ group, found: String(found) });
    this.counts.answers++;
  }

  storeError(code: string): void {
    this.#storeErrors.inc({ code });
  }

  #addServedLog(log: ServedLog): void {
    const registers = [this.#registry];
    new Counter({
      name: 'tidemark_serve_log_written_total',
      help: 'Answers written to the served log',
      registers,
      collect() {
        this.reset();
        this.inc(log.counts.written);
      },
    });
    new Counter({
      name: 'tidemark_serve_log_dropped_total',
      help: 'Answers that were to be logged and are not, because too many waited',
      registers,
      collect() {
        this.reset();
        this.inc(log.counts.dropped);
      },
    });
    new Gauge({
      name: 'tidemark_serve_log_waiting',
      help: 'Answers that wait for the log',
      registers,
      collect() {
        this.set(log.waiting);
      },
    });
  }
}
