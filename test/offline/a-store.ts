import { globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { Slice } from '../../src/offline/coverage.ts';
import { StoreAddition, type StoreOptions } from '../../src/offline/store-addition.ts';
import type { WrittenGroup } from '../../src/replay/replay-output.ts';
import { type PlainRevision, TaskBatch } from '../sinks/offline-model.ts';

/** What a replay reads of one partition, and what it makes of it. */
export interface PartitionSlice {
  readonly partition: number;
  readonly slice: Slice;
  readonly revisions: readonly PlainRevision[];
}

/** A folder for a store, which goes with the test. */
export function storeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-store-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, 'store');
}

export async function addTo(
  directory: string,
  group: FeatureGroup,
  slices: readonly PartitionSlice[],
  options: Partial<StoreOptions> = {},
): Promise<WrittenGroup> {
  const addition = await StoreAddition.open({ rows: null, buckets: null, ...options, directory }, [group]);
  try {
    for (const { partition, slice, revisions } of slices) {
      const opened = await addition.openPartition(group.source, partition);
      opened.group(group).revisions.append(new TaskBatch(group).fill(revisions));
      await opened.close(slice);
    }
    return (await addition.finish())[0]!;
  } finally {
    addition.abort();
  }
}

/** The files of rows of a group of version 1, as any reader of folders finds them. */
export function filesOf(directory: string, group: FeatureGroup): string[] {
  const link = join(directory, group.name, 'v=1');
  return globSync('*/*/*/*.parquet', { cwd: link })
    .sort()
    .map((file) => join(link, file));
}
