import type { Progress } from '../progress.ts';
import type { DurationMs, EventTimeMs } from '../time.ts';

/**
 * What each row of a training set is told of the features (semantics.md, "Offline store"): `served`, S(e, t), what
 * the online store would have answered then; `event-time`, P(e, t), what the whole log says about the ranges that end
 * exactly at t, which nobody could have known then.
 */
export const JOIN_KINDS = ['served', 'event-time'] as const;
export type JoinKind = (typeof JOIN_KINDS)[number];

/** What a join is told when it starts. Paths are absolute; every value is checked and has its default. */
export interface JoinOptions {
  readonly definitionsFile: string;
  /** The rows to which features are added: Parquet, CSV or JSON lines, told by the name's ending. */
  readonly spine: string;
  /** The spine's column that says when each row happened. */
  readonly entityTime: string;
  /** The IANA zone of times without an offset; null: such times are an error. */
  readonly spineZone: string | null;
  /** An archive of topics, or what `tidemark replay --rows all` wrote. */
  readonly from: string;
  /** The app whose workers' marks are repeated, from their journal in the archive; null: no partition was ever idle. */
  readonly journal: string | null;
  /** The file to write: Parquet, CSV or JSON lines, told by the name's ending. */
  readonly out: string;
  readonly as: JoinKind;
  /** How long after it was made a row could be read. */
  readonly servingDelayMs: DurationMs;
  /** Groups, and features as `group.feature`; null: every feature of the definitions. */
  readonly features: readonly string[] | null;
  /** Names every feature `GROUP__FEATURE`. */
  readonly fullNames: boolean;
  /** Adds for each group how long before the row its window ended, in milliseconds. */
  readonly withAge: boolean;
  /** Passes over corrupt files of the archive, counting them; otherwise the first one is an error. */
  readonly skipCorrupt: boolean;
  /** Holds every answer against a second reading of the log; where one does not stand, nothing is written. */
  readonly checkLeaks: boolean;
  /** Replaces `out`; otherwise a file that is there already is an error. */
  readonly overwrite: boolean;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: Progress) => void;
}

export interface JoinSummary {
  /** Rows of the spine, and so of the training set. */
  readonly rows: number;
  readonly as: JoinKind;
  readonly from: 'archive' | 'offline';
  readonly groups: readonly JoinedGroup[];
  /** Damaged places of the archive that were passed over. */
  readonly corruptPlaces: number;
  /** Null when nothing was written, because of leaks. */
  readonly out: string | null;
  /** Null when it was not asked for. */
  readonly leaks: LeakReport | null;
}

/** What a check for leaks found. */
export interface LeakReport {
  /** Answers, over all groups. */
  readonly checked: number;
  readonly found: number;
  /** The first of them. */
  readonly first: readonly Leak[];
}

/** A row whose answer is not what could be known. */
export interface Leak {
  readonly group: string;
  /** Of the spine, counted from 1. */
  readonly row: number;
  /** When it happened. */
  readonly time: EventTimeMs;
  readonly problem: string;
}

/** What became of the spine's rows in one group; the counts add up to all rows. */
export interface JoinedGroup {
  readonly group: string;
  readonly version: number;
  readonly features: readonly string[];
  /** Rows that got the group's values. */
  readonly answered: number;
  /** The entity had no row at that time: every feature is null. */
  readonly withoutRow: number;
  /** The online store had forgotten the entity (`ttl`): every feature is null. */
  readonly expired: number;
  /** A field of the entity is null in the spine: every feature is null. */
  readonly nullEntity: number;
  /** Rows, of all of these, whose time is after the last record of the log: what came later is not in them. */
  readonly afterEnd: number;
}
