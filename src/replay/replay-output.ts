import type { FeatureGroup, Source } from '../definitions/definition.ts';
import type { Slice } from '../offline/coverage.ts';
import type { RejectedWriter } from '../sinks/dead-letters.ts';
import type { OfflineGroup, RevisionSummary } from '../sinks/offline-store.ts';

/** Where a replay puts what it makes. Nothing stands in its place before {@link ReplayOutput.finish}. */
export interface ReplayOutput {
  /** For the records of one partition; partitions come one after the other. */
  openPartition(source: Source, partition: number): Promise<PartitionOutput>;
  /** Puts everything in its place. After a failure nothing has changed there. */
  finish(): Promise<readonly WrittenGroup[]>;
  /** Gives the replay up and removes what it wrote. Harmless after {@link finish}. */
  abort(): void;
}

export interface PartitionOutput {
  /** Of the source. */
  readonly rejected: RejectedWriter;
  group(group: FeatureGroup): OfflineGroup;
  /** The partition was read to its end; `slice` is null when it has no record. */
  close(slice: Slice | null): Promise<void>;
}

export interface WrittenGroup extends Pick<RevisionSummary, 'rows' | 'revisions'> {
  readonly group: FeatureGroup;
  /** Where the rows stand. */
  readonly directory: string;
  /** How many files of rows were written, and how many stayed as they were. */
  readonly files: { readonly written: number; readonly kept: number };
}
