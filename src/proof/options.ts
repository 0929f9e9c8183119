import type { Place } from '../errors.ts';
import type { Progress } from '../progress.ts';
import type { EventTimeMs, Version } from '../time.ts';

/** What a proof is told when it starts. Paths are absolute. */
export interface ProveOptions {
  readonly definitionsFile: string;
  /** A file of a served log, a folder of them, or the folder of a topic in an archive. */
  readonly served: string;
  /** The archive's directory, which holds one folder per topic. */
  readonly from: string;
  /** The app whose workers' marks are repeated, from their archived journal; null: no partition was ever idle. */
  readonly journal: string | null;
  /** The only answer that is judged, and shown whatever it is; null: all are. */
  readonly answer: AnswerPlace | null;
  /** Passes over corrupt files of the archive, counting them; otherwise the first one is an error. */
  readonly skipCorrupt: boolean;
  readonly signal: AbortSignal;
  /** How many answers were read. */
  readonly onRead: (progress: Progress) => void;
  /** How many of the archive's records were replayed. */
  readonly onReplay: (progress: Progress) => void;
}

/** Where an answer stands. Lines count from 1; of a topic it is the folder of the partition, and the offset. */
export interface AnswerPlace {
  readonly file: string;
  readonly line: number;
}

export interface ProofSummary {
  readonly answers: number;
  /** Nothing is different, beyond the end of the archive, or of another definition. */
  readonly isProven: boolean;
  readonly groups: readonly ProvenGroup[];
  /** What other definitions answered: nothing of it was judged. */
  readonly others: readonly OtherDefinition[];
  /** The first of the answers that are different, in the order of their versions. */
  readonly differences: readonly JudgedAnswer[];
  /** The only answer, where one was named. */
  readonly answer: JudgedAnswer | null;
  /** Last lines without an end, which were passed over. */
  readonly torn: readonly Place[];
  /** Damaged places of the archive that were passed over. */
  readonly corruptPlaces: number;
}

/**
 * What became of an answer. `proven`: the log makes its row, to the bit; `withoutRow`: it is of no row, and there may have
 * been none; `beyondEnd`: its version may lie after the end of the archive, or does; `different`: it is a bug.
 */
export const OUTCOMES = ['proven', 'withoutRow', 'beyondEnd', 'different'] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** The answers of a group: each is one of these. */
export interface ProvenGroup extends Readonly<Record<Outcome, number>> {
  readonly group: string;
  readonly version: number;
  readonly answers: number;
  readonly features: readonly ProvenFeature[];
}

export interface ProvenFeature {
  readonly feature: string;
  /** Values that were held against those of the same revision. */
  readonly compared: number;
  readonly different: number;
}

export interface OtherDefinition {
  readonly group: string;
  readonly version: number;
  readonly fingerprint: string;
  /** That of the group in the definitions; null when they have no such group. */
  readonly defined: string | null;
  readonly answers: number;
  readonly first: AnswerPlace;
}

/** An answer beside what the log makes of its entity at the place that it claims. */
export interface JudgedAnswer extends AnswerPlace {
  readonly group: string;
  readonly groupVersion: number;
  readonly entity: Readonly<Record<string, unknown>>;
  readonly at: EventTimeMs;
  readonly outcome: Outcome;
  /** What is wrong; null where nothing is. */
  readonly problem: string | null;
  /** The features whose values differ. */
  readonly differing: readonly string[];
  readonly served: ShownRow | null;
  /** The row of the window that was served, else the latest row; null when there is none. */
  readonly replayed: ShownRow | null;
}

/** A row in JSON: numbers, texts, booleans, lists and maps as they are. */
export interface ShownRow {
  readonly windowEnd: EventTimeMs;
  readonly version: Version;
  readonly knownAt: EventTimeMs;
  readonly values: Readonly<Record<string, unknown>>;
}
