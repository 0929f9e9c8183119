import type { DurationMs, EventTimeMs } from '../time.ts';
import type { Mark } from './mark.ts';

/**
 * What time it is in one partition of a source (semantics.md, "The log" and "Watermark"). Moved by records (and
 * by marks of the journal), never by a timer; it never goes back.
 */
export class PartitionClock {
  /** λ: the running maximum of the record timestamps; −Infinity before the first record. */
  logTime: EventTimeMs = Number.NEGATIVE_INFINITY;
  /** W: no more events before it are expected; −Infinity before the first accepted record. */
  watermark: EventTimeMs = Number.NEGATIVE_INFINITY;
  readonly #maxOutOfOrdernessMs: DurationMs;

  constructor(maxOutOfOrdernessMs: DurationMs) {
    this.#maxOutOfOrdernessMs = maxOutOfOrdernessMs;
  }

  /** Every record, accepted or not, moves log time. */
  observe(timestamp: EventTimeMs): void {
    if (timestamp > this.logTime) this.logTime = timestamp;
  }

  /** An accepted record moves the watermark. */
  accept(eventTime: EventTimeMs): void {
    const watermark = eventTime - this.#maxOutOfOrdernessMs;
    if (watermark > this.watermark) this.watermark = watermark;
  }

  /** A mark moves both. */
  mark({ watermark, logTime }: Mark): void {
    this.observe(logTime);
    if (watermark > this.watermark) this.watermark = watermark;
  }
}
