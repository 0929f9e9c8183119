import { TidemarkError } from '../errors.ts';
import type { OfflineRows } from '../sinks/offline-store.ts';
import { type EventTimeMs, type Offset, VERSIONS_PER_EPOCH, type Version } from '../time.ts';
import { gaps, type Span } from './coverage.ts';
import { type Extent, listStates, type Manifest, type StoredFile } from './manifest.ts';

/** What `tidemark offline describe` says of a store. Times are epoch milliseconds. */
export interface StoreDescription {
  readonly store: string;
  readonly groups: readonly GroupDescription[];
}

export interface GroupDescription {
  readonly group: string;
  readonly version: number;
  readonly fingerprint: string;
  /** Which revisions are kept. */
  readonly keeps: OfflineRows;
  readonly buckets: number;
  readonly rows: number;
  readonly files: number;
  readonly bytes: number;
  /** Null when there are no rows. */
  readonly windowEnd: Extent<EventTimeMs> | null;
  readonly knownAt: Extent<EventTimeMs> | null;
  readonly partitions: readonly PartitionDescription[];
  /** Days (UTC) between the first and the last window_end in which no window ends, from ≤ t < to. */
  readonly daysWithoutRows: readonly { readonly from: EventTimeMs; readonly to: EventTimeMs }[];
}

export interface PartitionDescription {
  readonly partition: number;
  readonly rows: number;
  /** The records whose revisions are there, in order. */
  readonly covered: readonly CoveredOffsets[];
  /** Between the first record and the last: records that no replay read, or that no archive held. */
  readonly gaps: readonly OffsetRange[];
}

/** Offsets from ≤ o < to, of the source's `epoch`. */
export interface OffsetRange {
  readonly epoch: number;
  readonly from: Offset;
  readonly to: Offset;
}

export interface CoveredOffsets extends OffsetRange {
  /** Where the replay began that made the revisions: they know of no record before. */
  readonly history: Offset;
}

/** @throws TidemarkError when there is no store */
export function describeStore(store: string): StoreDescription {
  const states = listStates(store);
  if (states.length === 0) {
    throw new TidemarkError('there is no store', {
      code: 'STORE_MISSING',
      place: { file: store },
      remedy: 'Make one: tidemark replay … --into STORE.',
    });
  }
  return { store, groups: states.map(({ manifest }) => describeGroup(manifest)) };
}

function describeGroup(manifest: Manifest): GroupDescription {
  const { group, version, fingerprint, rows, buckets, files, coverage } = manifest;
  return {
    ...{ group, version, fingerprint, keeps: rows, buckets },
    rows: sum(files, (file) => file.rows),
    files: files.length,
    bytes: sum(files, (file) => file.bytes),
    windowEnd: extentOf(files.map((file) => file.windowEnd)),
    knownAt: extentOf(files.map((file) => file.knownAt)),
    partitions: Object.entries(coverage).map(([partition, mine]) => ({
      partition: Number(partition),
      rows: sum(
        files.filter((file) => file.partition === Number(partition)),
        (file) => file.rows,
      ),
      covered: mine.covered.map((span) => ({ ...offsetsOf(span), history: offsetOf(span.history) })),
      gaps: gaps(mine).flatMap(withinEpoch).map(offsetsOf),
    })),
    daysWithoutRows: daysWithout(files),
  };
}

function sum(files: readonly StoredFile[], of: (file: StoredFile) => number): number {
  return files.reduce((total, file) => total + of(file), 0);
}

function extentOf(extents: readonly Extent<number>[]): Extent<number> | null {
  if (extents.length === 0) return null;
  return {
    first: extents.reduce((least, { first }) => Math.min(least, first), Number.POSITIVE_INFINITY),
    last: extents.reduce((greatest, { last }) => Math.max(greatest, last), Number.NEGATIVE_INFINITY),
  };
}

const DAY_MS = 86_400_000;

function daysWithout(files: readonly StoredFile[]): { from: EventTimeMs; to: EventTimeMs }[] {
  const days = [...new Set(files.flatMap((file) => file.days))].sort((a, b) => a - b);
  return days.flatMap((day, index) => {
    const next = days[index + 1];
    return next === undefined || next === day + 1 ? [] : [{ from: (day + 1) * DAY_MS, to: next * DAY_MS }];
  });
}

/** Where a topic was recreated, offsets restart: nothing is known to be missing at the end of the old one. */
function withinEpoch(span: Span): Span[] {
  const start = Math.max(span.from, epochOf(span.to) * VERSIONS_PER_EPOCH + 1);
  return start < span.to ? [{ from: start, to: span.to }] : [];
}

function epochOf(version: Version): number {
  return Math.floor((version - 1) / VERSIONS_PER_EPOCH);
}

function offsetOf(version: Version): Offset {
  return (version - 1) % VERSIONS_PER_EPOCH;
}

function offsetsOf({ from, to }: Span): OffsetRange {
  return { epoch: epochOf(from), from: offsetOf(from), to: offsetOf(from) + (to - from) };
}
