import type { Place } from '../errors.ts';
import type { Timing } from '../operators/revision.ts';
import type { Progress } from '../progress.ts';

/** `final`: the last revision of each row; `revisions`: on-time and late ones; `all`: early ones too. */
export const ROW_CHOICES = ['final', 'revisions', 'all'] as const;
type RowChoice = (typeof ROW_CHOICES)[number];

export const ROW_FORMATS = ['parquet', 'jsonl'] as const;
type RowFormat = (typeof ROW_FORMATS)[number];

/** What a replay is told when it starts. Paths are absolute; every value is checked and has its default. */
export interface ReplayOptions {
  readonly definitionsFile: string;
  /** The groups to replay, by name; null: all of the definitions. */
  readonly groups: readonly string[] | null;
  /** The archive's directory, which holds one folder per topic. */
  readonly archive: string;
  /** The app whose workers' marks are repeated, from their archived journal; null: no partition was ever idle. */
  readonly journal: string | null;
  readonly output: ReplayTarget;
  /** Passes over corrupt files and torn ends, counting them; otherwise the first one is an error. */
  readonly skipCorrupt: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

/** Where the rows go: to files of their own, or into a store beside those of earlier replays. */
export type ReplayTarget =
  | {
      readonly kind: 'files';
      readonly directory: string;
      readonly rows: RowChoice;
      readonly format: RowFormat;
      /** Replaces what stands there of these groups; otherwise rows that are there already are an error. */
      readonly overwrite: boolean;
    }
  | {
      readonly kind: 'store';
      readonly directory: string;
      /** Null: what the store keeps; all of a new one. */
      readonly rows: RowChoice | null;
      /** Null: as many as the store has; its default for a new one. */
      readonly buckets: number | null;
    };

/** What a replay read and made. */
export interface ReplaySummary {
  readonly sources: readonly SourceSummary[];
  readonly groups: readonly GroupSummary[];
}

export interface SourceSummary {
  readonly source: string;
  readonly partitions: number;
  readonly records: number;
  /** Marks of idle partitions that the journal says, and those of places that the archived topic does not reach. */
  readonly marks: number;
  readonly marksBeyond: number;
  /** Rejected records by reason. */
  readonly rejected: Readonly<Record<string, number>>;
  /** Damaged places (files, blocks or lines) that `skipCorrupt` passed over. */
  readonly corruptPlaces: number;
  /** The first of them, a hundred at most over all sources. */
  readonly corrupt: readonly CorruptPlace[];
}

export interface CorruptPlace {
  readonly place: Place;
  /** What is wrong there. */
  readonly message: string;
}

export interface GroupSummary {
  readonly group: string;
  readonly version: number;
  /** Rows that stand there now. */
  readonly rows: number;
  /** How many files of rows were written, and how many of a store stayed as they were. */
  readonly files: { readonly written: number; readonly kept: number };
  /** Revisions made, whichever of them were written. */
  readonly revisions: Readonly<Record<Timing, number>>;
  /** Records that were late for some window and yet took part, partly or wholly. */
  readonly late: number;
  readonly partlyLate: number;
  readonly dropped: number;
  readonly rejected: Readonly<Record<string, number>>;
  /** Directory of the group's rows. */
  readonly directory: string;
}
