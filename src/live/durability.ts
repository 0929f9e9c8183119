import type { FeatureGroup, Source } from '../definitions/definition.ts';
import type { RevisionBatch } from '../operators/revision.ts';
import type { DroppedRecord } from '../operators/task.ts';
import type { Upsert } from '../sinks/sink.ts';
import type { TopicPartition } from '../sources/log-reader.ts';
import type { LogRecord, Rejection } from '../sources/record.ts';
import type { EntityState, KeyRange, TaskChanges, TaskId, TaskProgress } from '../state/state-store.ts';
import type { Offset } from '../time.ts';
import type { JournalEntry } from '../watermark/mark.ts';

/**
 * The contract between a worker and what makes its work survive: `LocalDurability` on one machine's disk,
 * `KafkaDurability` for a group of workers that take over each other's partitions.
 *
 * A step is what happened in a partition between two commits. It becomes durable as a whole, after its rows are in
 * the online store; what came after the last step of a partition is repeated by whoever owns the partition next.
 */
export interface Durability {
  /**
   * Becomes the owner of a partition, and makes the states of its tasks as of the last step readable. May take as long
   * as restoring takes.
   *
   * @throws the signal's reason when it is aborted
   */
  acquire(partition: TopicPartition, options: AcquireOptions): Promise<PartitionStore>;
  /**
   * Takes a step of each partition and makes it durable. What the partition has output when its step is taken belongs to
   * it. When all are taken, `flush` is called, and no step is durable before it has resolved. Resolves to the partitions
   * whose step failed: they must be acquired again.
   *
   * @throws what waiting cannot mend, and what `flush` rejects with; then none of the steps is durable
   */
  commit(partitions: readonly StepSource[], flush: () => Promise<void>): Promise<readonly LostPartition[]>;
  /** Whether partitions are still the worker's own, as of after the call; resolves to those that are not. */
  confirm(positions: readonly CommittedPosition[]): Promise<readonly LostPartition[]>;
  close(): Promise<void>;
}

/** A partition and how far its last step came. */
export interface CommittedPosition extends TopicPartition {
  readonly position: Offset;
}

export interface AcquireOptions {
  readonly signal: AbortSignal;
  /** Hears how far restoring is, in records of the changelog. */
  readonly onProgress?: (progress: { readonly done: number; readonly total: number }) => void;
}

/** What a partition's tasks are restored from, and where they put what is no row. */
export interface PartitionStore extends PartitionOutputs {
  progress(task: TaskId): TaskProgress | null;
  /** The chunks of its state whose keys are in the range, in their order, as of the last step. */
  entities(task: TaskId, range: KeyRange): Iterable<EntityState>;
  /** The rows that the online store holds of a task, as of the last step, entity by entity, in batches. */
  copies(task: TaskId, group: FeatureGroup): Iterable<readonly Upsert[]>;
  /** Null: marks are not kept, and none are made. */
  readonly journal: PartitionJournal | null;
  /** The partition is somebody else's now, or the worker ends: no step follows. */
  release(): Promise<void>;
}

/** The marks of a partition (semantics.md, "Idle"): each is here before it is applied. */
export interface PartitionJournal {
  /** From a position on, which {@link write} answered. */
  read(from: Offset): AsyncIterable<{ readonly entry: JournalEntry; readonly next: Offset }>;
  /**
   * Resolves to the journal's position after them when they are durable. They have consecutive positions.
   *
   * @throws LostPartitionError when they are not, or nobody knows
   */
  write(entries: readonly JournalEntry[]): Promise<Offset>;
}

/** The partition must be acquired again. */
export class LostPartitionError extends Error {
  readonly lost: LostPartition;

  constructor(lost: LostPartition) {
    super(lost.error.message, { cause: lost.error });
    this.lost = lost;
  }
}

export interface PartitionOutputs {
  rejectedBySource(source: Source, record: LogRecord, rejection: Rejection): void;
  rejectedByGroup(group: FeatureGroup, record: LogRecord, rejection: Rejection): void;
  dropped(group: FeatureGroup, dropped: DroppedRecord, record: LogRecord): void;
  /** Every revision, before the batch is cleared. */
  revised(group: FeatureGroup, batch: RevisionBatch): void;
  /** Bytes that were output since the last step and are held in memory: what a commit frees. */
  readonly pendingBytes: number;
}

/** A partition with something to commit. */
export interface StepSource {
  /** What happened since the last step, as it stands between two batches. */
  takeStep(): Step;
}

/** `position`: where the partition is read on. */
export interface Step extends CommittedPosition {
  readonly changes: readonly TaskChanges[];
  /** What was sent to the online store; copies of it are kept with the states. */
  readonly sent: readonly SentRows[];
}

export interface SentRows {
  readonly task: TaskId;
  readonly group: FeatureGroup;
  /** In the order in which they were sent. */
  readonly rows: readonly Upsert[];
}

export interface LostPartition extends TopicPartition {
  /** `fenced`: somebody else owns it. `unknown`: whether the step is durable shows when it is acquired again. */
  readonly reason: 'fenced' | 'unknown';
  readonly error: Error;
}
