import type { TopicPartition } from '../sources/log-reader.ts';
import type { Offset } from '../time.ts';

/**
 * The contract between a worker's commits and the log that makes them durable for every machine. Of each source
 * partition there is a changelog (packed changes of its tasks' states) and a journal (its marks). A commit appends to the
 * changelog and the outputs and moves the partition's position, all at once or not at all.
 */
export interface CommitLogs {
  /**
   * Becomes the owner of a partition: whoever owned it before can commit no more, and what it has not finished is
   * undone. Waits while the brokers are away.
   *
   * @throws TidemarkError what waiting cannot mend; the signal's reason when it is aborted
   */
  acquire(partition: TopicPartition, signal: AbortSignal): Promise<CommitLog>;
  /** The changelogs of all partitions, to be followed by those that do not own them. */
  changelogs(signal: AbortSignal): Promise<ReadonlyMap<TopicPartition, Changelog>>;
  /** No commit is under way any more. */
  close(): Promise<void>;
}

/** The changelog of one partition, for whoever wants to read it. Reading waits while the brokers are away. */
export interface Changelog {
  /** The offsets that the changelog holds: [low, high). */
  changelogEnds(): Promise<{ readonly low: Offset; readonly high: Offset }>;
  /**
   * The changelog's committed records in [from, to), in batches.
   *
   * @throws ChangelogTruncatedError when they are not there any more
   */
  changelog(from: Offset, to: Offset): AsyncIterable<readonly ChangelogRecord[]>;
}

/** Of one partition, for as long as nobody else acquires it. */
export interface CommitLog extends Changelog {
  /** The journal's committed records from an offset on. */
  journal(from: Offset): AsyncIterable<JournalRecord>;
  /**
   * Appends to the journal, by itself. Resolves to the journal's offset after it.
   *
   * @throws as {@link commit} does
   */
  appendJournal(records: readonly OutputRecord[]): Promise<Offset>;
  /**
   * Resolves to the changelog's offset after the commit's last record, when all of it is durable.
   *
   * @throws FencedError when somebody else owns the partition now: nothing of the commit is there
   * @throws CommitLostError when nobody knows whether it is there: to find out, acquire the partition again
   */
  commit(commit: Commit): Promise<Offset>;
  /** Forgets the changelog's records before an offset, now or later. */
  truncate(before: Offset): Promise<void>;
  close(): Promise<void>;
}

export interface ChangelogRecord {
  readonly offset: Offset;
  readonly value: Uint8Array;
}

export interface JournalRecord {
  readonly offset: Offset;
  readonly text: string;
}

export interface Commit {
  /** Where the source partition is read on. */
  readonly position: Offset;
  readonly changelog: readonly Uint8Array[];
  /** By topic. */
  readonly outputs: ReadonlyMap<string, readonly OutputRecord[]>;
}

/** A record for a topic of the user's: its key says which partition it goes to. */
export interface OutputRecord {
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Whoever owns the changelog, or did, has truncated it beyond what is to be read: ask for its ends again. */
export class ChangelogTruncatedError extends Error {}

/** Another worker owns the partition. */
export class FencedError extends Error {}

/** The outcome of a commit is not known. */
export class CommitLostError extends Error {}
