import type { DurationMs, EventTimeMs } from '../time.ts';
import type { Mark } from './mark.ts';

/** A time of a clock that never goes back, in milliseconds since whenever. */
export type MonotonicMs = number;

/** The state of the partition that a mark would move. */
export interface Markable {
  readonly watermark: EventTimeMs;
  /** The least watermark at which something would happen, see `Windows.nextDue`. */
  readonly nextDue: EventTimeMs;
}

/** So that a partition with windows of a millisecond does not get a mark for each. */
const MARK_INTERVAL_MS = 1000;

/**
 * Decides when the watermark of one partition of a source is advanced though no record comes (semantics.md, "Idle").
 * It has no timers: it is told what happens, and asked.
 *
 * Silence is what has been seen of it: the time from the last record to the last moment at which the log is known to
 * have held no other. While the log is behind, or its brokers are away, it does not grow. It begins anew with each
 * start of a worker.
 */
export class Idleness {
  readonly #idleTimeoutMs: DurationMs;
  #lastRecord: MonotonicMs;
  /** When the watermark was last known to be right: at the last record, or the moment that the last mark is of. */
  #lastMoved: MonotonicMs;
  /** When the log was last seen to hold nothing more. */
  #lastEmpty: MonotonicMs = Number.NEGATIVE_INFINITY;

  constructor(idleTimeoutMs: DurationMs, now: MonotonicMs) {
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#lastRecord = now;
    this.#lastMoved = now;
  }

  /** Records have come, whether they will be accepted or not. */
  records(now: MonotonicMs): void {
    this.#lastRecord = now;
    this.#lastMoved = now;
  }

  /** No record has come for the time-out; whether there are any at the log's end is another question. */
  isSilent(now: MonotonicMs): boolean {
    return now - this.#lastRecord >= this.#idleTimeoutMs;
  }

  /** At this time the log held no record beyond those that are applied. */
  caughtUp(at: MonotonicMs): void {
    this.#lastEmpty = at;
  }

  /**
   * The mark that is due, if any; it is taken for applied. Event time is held to have gone on as the clock did since
   * the watermark last moved; a mark is made only when that closes something.
   *
   * @param now the wall clock's time: when what the mark makes is known
   */
  takeMark({ watermark, nextDue }: Markable, now: EventTimeMs): Omit<Mark, 'after'> | null {
    if (this.#lastEmpty - this.#lastRecord < this.#idleTimeoutMs) return null;
    const passedMs = Math.floor(this.#lastEmpty - this.#lastMoved);
    const hasMarks = this.#lastMoved > this.#lastRecord;
    if (hasMarks && passedMs < MARK_INTERVAL_MS) return null;
    if (watermark + passedMs < nextDue || watermark === Number.NEGATIVE_INFINITY) return null;
    this.#lastMoved += passedMs;
    return { watermark: watermark + passedMs, logTime: now };
  }
}
