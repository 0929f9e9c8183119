import type { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import type { EventTimeMs, Offset, Version } from '../time.ts';

/**
 * How a record stands to the windows that would hold it (semantics.md, "Rows" and "Sessions"):
 * - `late`: the first window after it was closed already, but can be corrected;
 * - `partly-late`: some windows whose range holds it are final;
 * - `dropped`: all of them are.
 */
export type Lateness = 'in-time' | 'late' | 'partly-late' | 'dropped';

/** window_end of the first and the last window that a dropped record missed, and how many they are. */
export interface MissedWindows {
  readonly missedFirst: EventTimeMs;
  readonly missedLast: EventTimeMs;
  readonly missedCount: number;
}

/** What a record at a log position brings, besides its values (which the kernel has read). */
export interface Arrival {
  readonly eventTime: EventTimeMs;
  readonly offset: Offset;
  readonly version: Version;
  /** λ(o). */
  readonly knownAt: EventTimeMs;
}

/** Tells the chunks of an entity's state apart: an integer, or null for one that needs no number. */
export type ChunkLabel = number | null;

/**
 * The contract between a task and the windows of its group: which windows a record joins, which rows exist and how
 * they are revised. Entities are numbers that the task gives out. Revisions go to the task's batch.
 */
export interface Windows {
  /** Bytes held for all entities. */
  readonly bytes: number;

  /**
   * How late a record of the entity is, against the watermark as it is; undefined: of an entity that has no number
   * yet. Unless it is dropped, or its entity has no room, {@link apply} follows for this record.
   */
  judge(entity: number | undefined, eventTime: EventTimeMs): Lateness;
  /** The windows that the record last judged missed; meaningful when it was dropped. */
  missed(eventTime: EventTimeMs): MissedWindows;
  /**
   * Whether the state of an entity is below its limit, so that the record last judged may be taken in: a function of
   * the log only.
   */
  hasRoom(entity: number): boolean;
  /** Takes in the record that was judged last. */
  apply(entity: number, arrival: Arrival): void;

  /** The watermark from which on {@link advance} has something to do. */
  readonly nextAdvance: EventTimeMs;
  /**
   * The least watermark at which some entity has something to do: a row closes, or what is final is forgotten. Infinity
   * when no watermark would change anything. It may come too early, never too late.
   */
  readonly nextDue: EventTimeMs;
  /** Moves the watermark. {@link close} follows, until it has closed everything, before any record. */
  advance(watermark: EventTimeMs): void;
  /**
   * Closes rows up to the watermark, in order of window_end, until everything is closed or so many entities have been
   * looked at; answers whether everything is. Changes may be encoded in between.
   */
  close(version: Version, knownAt: EventTimeMs, most: number): boolean;

  /**
   * Encodes what changed of the entity since the last call: its state is stored in chunks, each under a label of its
   * own, so that a commit costs what changed and not what there is. `write` takes each chunk from `out`; windows with
   * little state have the chunk null only.
   */
  encodeChanges(entity: number, out: ByteWriter, write: (chunk: ChunkLabel) => void): void;
  /** Continues at a watermark. To be called before {@link decode} and any record. */
  restoreWatermark(watermark: EventTimeMs): void;
  /** Gives the entity one of the chunks that {@link encodeChanges} wrote; they come in any order. */
  decode(entity: number, from: ByteReader): void;
  /** The entity has all its chunks, and a timer at the position where it is due next or before. */
  resume(entity: number): void;
  /**
   * Gives up what is held of an entity that did not change since {@link encodeChanges}; it may come back by
   * {@link decode}. Its timers are left as they are.
   */
  forget(entity: number): void;
}

/** What windows tell their task. */
export interface WindowsOwner {
  /** A chunk that may be stored is no more. It may come again, before the next commit too. */
  onChunkGone(entity: number, chunk: ChunkLabel): void;
  /** The entity has nothing any more, and its chunks were said to be gone: its number may be given back. */
  onEmpty(entity: number): void;
}
