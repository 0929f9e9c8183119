import { assert } from '../errors.ts';
import type { DurationMs, EventTimeMs } from '../time.ts';

const SECOND_MS = 1000;
const DAY_MS = 86_400_000;
/** Shorter than the shortest span that any zone has had or will have since 1969: 7 days less an hour. */
const PROBE_MS = 5 * DAY_MS;
const SEARCHED_FROM = Date.UTC(1968, 0, 1);

const zones = new Map<string, ZoneOffsets>();

/**
 * The offsets of a zone, one object for all who ask.
 * @throws RangeError for a zone that `Intl` does not know
 */
export function zoneOffsetsOf(zone: string): ZoneOffsets {
  let offsets = zones.get(zone);
  if (offsets === undefined) {
    offsets = new ZoneOffsets(zone);
    zones.set(zone, offsets);
  }
  return offsets;
}

/**
 * A zone's offsets from UTC since 1968: spans of one offset each, in order of time, searched for as far as
 * somebody asks. They are what the runtime's `Intl` says, as are those of Temporal's polyfill; its own search
 * for changes is not used, as it misses spans below two weeks (Boa Vista in 2000, Gaza in 2040), stops three
 * years after the last change that it saw, and counts these from the clock.
 */
export class ZoneOffsets {
  /** Where each span starts; the first at −Infinity. */
  readonly starts: EventTimeMs[] = [Number.NEGATIVE_INFINITY];
  /** What is added to UTC for local time in each span. */
  readonly offsetsMs: number[];
  readonly #offsetAt: (time: EventTimeMs) => number;
  #searchedTo: EventTimeMs = SEARCHED_FROM;

  constructor(zone: string) {
    this.#offsetAt = offsetReader(zone);
    this.offsetsMs = [this.#offsetAt(SEARCHED_FROM)];
  }

  /** Finds the spans that start up to a time, and perhaps some later ones. */
  searchTo(time: EventTimeMs): void {
    while (this.#searchedTo <= time) {
      const next = this.#searchedTo + PROBE_MS;
      const before = this.offsetsMs.at(-1)!;
      const after = this.#offsetAt(next);
      if (after !== before) {
        this.starts.push(this.#changeIn(this.#searchedTo, next, before));
        this.offsetsMs.push(after);
      }
      this.#searchedTo = next;
    }
  }

  /** The first second after `from` that has another offset; `to` has. */
  #changeIn(from: EventTimeMs, to: EventTimeMs, before: DurationMs): EventTimeMs {
    let low = from / SECOND_MS;
    let high = to / SECOND_MS;
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      if (this.#offsetAt(middle * SECOND_MS) === before) low = middle;
      else high = middle;
    }
    return high * SECOND_MS;
  }
}

/** Reads the offset at whole seconds. */
function offsetReader(zone: string): (time: EventTimeMs) => number {
  // No year and no month: they take longer to write, and the day alone says which of three it is.
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (time) => {
    const text = format.format(time);
    const parts = /^(\d+), (\d+):(\d+):(\d+)$/.exec(text);
    assert(parts !== null, `a local time reads ${text}`);
    const day = Number(parts[1]);
    const utc = new Date(time);
    let days = 0;
    if (day !== utc.getUTCDate()) days = day === new Date(time + DAY_MS).getUTCDate() ? 1 : -1;
    const local =
      days * DAY_MS + Number(parts[2]) * 3_600_000 + Number(parts[3]) * 60_000 + Number(parts[4]) * SECOND_MS;
    return local - (((time % DAY_MS) + DAY_MS) % DAY_MS);
  };
}
