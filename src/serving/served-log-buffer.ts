import { setTimeout as sleep } from 'node:timers/promises';
import { unlessAborted } from '../sources/kafka-patience.ts';
import type { DurationMs, EventTimeMs } from '../time.ts';
import type { OnlineAnswer } from './online-reader.ts';
import { type ServedLogSink, servedLine } from './served-log.ts';

/** Answers written at once: so many cost the answering thread no more than a fraction of a millisecond in one go. */
const BATCH = 500;
const RETRY_PAUSE_MS = 1000;

export interface ServedLogOptions {
  readonly sink: ServedLogSink;
  /** The share of the answers that is logged, 0 to 1: each is drawn by itself. */
  readonly rate: number;
  /** Answers that may wait for the sink; what comes when so many do is dropped, and counted. */
  readonly capacity: number;
  /** In [0, 1). Default: Math.random. */
  readonly random?: () => number;
  /** Told once when the sink begins to fail, and once when it writes again. */
  readonly logger: { warn(text: string): void; info(text: string): void };
}

/** What became of the answers that were drawn. */
export interface ServedLogCounts {
  written: number;
  dropped: number;
}

interface Waiting {
  readonly at: EventTimeMs;
  readonly answer: OnlineAnswer;
}

/** Takes answers at once and writes them after: whoever answers never waits for the log. */
export class ServedLog {
  readonly counts: ServedLogCounts = { written: 0, dropped: 0 };
  readonly #sink: ServedLogSink;
  readonly #rate: number;
  readonly #capacity: number;
  readonly #random: () => number;
  readonly #logger: ServedLogOptions['logger'];
  readonly #giveUp = new AbortController();
  #waiting: Waiting[] = [];
  #failing = false;
  #writing: Promise<void> | null = null;

  constructor(options: ServedLogOptions) {
    this.#sink = options.sink;
    this.#rate = options.rate;
    this.#capacity = options.capacity;
    this.#random = options.random ?? Math.random;
    this.#logger = options.logger;
  }

  /** How many answers wait for the sink. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** @param at when the request came */
  add(at: EventTimeMs, answers: readonly OnlineAnswer[]): void {
    for (const answer of answers) {
      if (this.#random() >= this.#rate) continue;
      if (this.#waiting.length >= this.#capacity) this.counts.dropped++;
      else this.#waiting.push({ at, answer });
    }
    if (this.#waiting.length > 0) this.#writing ??= this.#writeAll();
  }

  /** Writes what waits, for so long at most; what is left is counted as dropped. No answer is added after. */
  async close(patienceMs: DurationMs): Promise<void> {
    const patient = <T>(work: Promise<T>) => unlessAborted(work, AbortSignal.timeout(patienceMs));
    if (this.#writing !== null) await patient(this.#writing);
    this.#giveUp.abort();
    this.counts.dropped += this.#waiting.length;
    this.#waiting = [];
    await patient(this.#sink.close());
  }

  async #writeAll(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#giveUp.signal.aborted) {
      // What comes in the same turn goes in the same batch.
      await sleep(0);
      const batch = this.#waiting.slice(0, BATCH);
      try {
        await this.#sink.write(batch.map(({ at, answer }) => servedLine(at, answer)));
      } catch (error) {
        this.#failed(error);
        await sleep(RETRY_PAUSE_MS, undefined, { signal: this.#giveUp.signal }).catch(() => {});
        continue;
      }
      if (this.#giveUp.signal.aborted) break;
      this.#waiting.splice(0, batch.length);
      this.counts.written += batch.length;
      this.#succeeded();
    }
    this.#writing = null;
  }

  #failed(error: unknown): void {
    if (this.#failing) return;
    this.#failing = true;
    const reason = error instanceof Error ? error.message : String(error);
    this.#logger.warn(
      `the served log cannot be written: ${reason}; up to ${this.#capacity} answers wait, then some are dropped`,
    );
  }

  #succeeded(): void {
    if (!this.#failing) return;
    this.#failing = false;
    this.#logger.info(`the served log is written again; ${this.counts.dropped} answers were dropped so far`);
  }
}
