import type { LogRecord } from '../sources/record.ts';
import { type EventTimeMs, type Version, versionOf } from '../time.ts';

/** Positions of a partition's log, as versions: `from` ≤ v < `to`. */
export interface Span {
  readonly from: Version;
  readonly to: Version;
}

/** A span whose revisions a store has. */
export interface CoveredSpan extends Span {
  /** Where the replay that made them began: they know of no record before. */
  readonly history: Version;
}

/** What a store has of one partition's log. */
export interface Coverage {
  /** Rising, apart from each other or of different histories. */
  readonly covered: readonly CoveredSpan[];
  /** Inside of what is covered, where the archives held no record. */
  readonly holes: readonly Span[];
  /** The last log time that was read; null when no record had one. */
  readonly logTime: EventTimeMs | null;
}

/** What one replay read of a partition. */
export interface Slice extends Span {
  readonly holes: readonly Span[];
  readonly logTime: EventTimeMs | null;
}

/**
 * The part of a slice whose revisions belong into the store: all that no replay with more history has made already.
 * So an archive that has lost its beginning adds what is new and changes nothing before. The last position that was
 * read is new once more: a mark of the journal may have come after its record.
 */
export function acceptedSpans(coverage: Coverage | null, slice: Slice): Span[] {
  const covered = coverage?.covered ?? [];
  const last = covered.at(-1);
  const complete = covered.map((span) => (span === last ? { ...span, to: span.to - 1 } : span));
  return subtract(
    [slice],
    complete.filter(({ history }) => history < slice.from),
  );
}

/** What the store has once the accepted part of the slice has taken the place of what was there. */
export function cover(coverage: Coverage | null, slice: Slice): Coverage {
  const accepted = acceptedSpans(coverage, slice);
  const kept = coverage?.covered.flatMap((span) =>
    subtract([span], accepted).map((rest) => ({ ...rest, history: span.history })),
  );
  const added = accepted.map((span) => ({ ...span, history: slice.from }));
  const refused = subtract([slice], accepted);
  return {
    covered: joinAdjacent([...(kept ?? []), ...added].sort(byPosition)),
    holes: [...subtract(coverage?.holes ?? [], accepted), ...subtract(slice.holes, refused)].sort(byPosition),
    logTime: later(coverage?.logTime ?? null, slice.logTime),
  };
}

/** What lies between the first and the last position, and is not there. */
export function gaps({ covered, holes }: Coverage): Span[] {
  const between = covered.flatMap(({ to }, index) => {
    const next = covered[index + 1];
    return next === undefined || next.from === to ? [] : [{ from: to, to: next.from }];
  });
  return [...between, ...holes].sort(byPosition);
}

/** Takes note of the records of a partition as they are read, in order of offset. */
export class SliceMeter {
  readonly #epoch: number;
  readonly #holes: Span[] = [];
  #first: Version | null = null;
  #next: Version = 0;

  constructor(epoch: number) {
    this.#epoch = epoch;
  }

  add(records: readonly LogRecord[]): void {
    for (const { offset } of records) {
      const version = versionOf(offset, this.#epoch);
      if (this.#first === null) this.#first = version;
      else if (version > this.#next) this.#holes.push({ from: this.#next, to: version });
      this.#next = version + 1;
    }
  }

  /** Null when there was no record. */
  slice(logTime: EventTimeMs): Slice | null {
    if (this.#first === null) return null;
    const known = Number.isFinite(logTime) ? logTime : null;
    return { from: this.#first, to: this.#next, holes: this.#holes, logTime: known };
  }
}

function later(a: EventTimeMs | null, b: EventTimeMs | null): EventTimeMs | null {
  return a === null || b === null ? (a ?? b) : Math.max(a, b);
}

function byPosition(a: Span, b: Span): number {
  return a.from - b.from;
}

function subtract(spans: readonly Span[], minus: readonly Span[]): Span[] {
  let rest: Span[] = spans.map(({ from, to }) => ({ from, to }));
  for (const { from, to } of minus) {
    rest = rest.flatMap((span) =>
      [
        { from: span.from, to: Math.min(span.to, from) },
        { from: Math.max(span.from, to), to: span.to },
      ].filter((part) => part.from < part.to),
    );
  }
  return rest;
}

function joinAdjacent(spans: readonly CoveredSpan[]): CoveredSpan[] {
  const joined: CoveredSpan[] = [];
  for (const span of spans) {
    const last = joined.at(-1);
    if (last?.to === span.from && last.history === span.history)
      joined[joined.length - 1] = { ...last, to: span.to };
    else joined.push(span);
  }
  return joined;
}
