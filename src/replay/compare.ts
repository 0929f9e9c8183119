import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { loadDefinitions } from '../definitions/load.ts';
import { selectGroups } from '../definitions/select-groups.ts';
import { TidemarkError } from '../errors.ts';
import { groupFolder } from '../sinks/group-folder.ts';
import { type OnlineStoreOptions, openOnlineStore } from '../sinks/open-online-store.ts';
import { type Comparison, compareOnline } from './compare-online.ts';

export interface CompareOptions {
  readonly definitionsFile: string;
  /** The groups to compare, by name; null: all of the definitions. */
  readonly groups: readonly string[] | null;
  /** What `tidemark replay --rows all --format parquet` wrote, absolute. */
  readonly rows: string;
  readonly store: OnlineStoreOptions;
  readonly signal: AbortSignal;
}

export interface GroupComparison extends Comparison {
  readonly group: string;
  readonly version: number;
}

/**
 * `tidemark compare`: holds what the online store answers against a replay of the same log.
 *
 * @throws TidemarkError when the definitions, the rows or the store are not usable
 */
export async function compare(options: CompareOptions): Promise<readonly GroupComparison[]> {
  const definitions = await loadDefinitions(options.definitionsFile);
  const groups = selectGroups(definitions, options.groups);
  const store = await openOnlineStore(options.store, 'tidemark:compare');
  try {
    const comparisons: GroupComparison[] = [];
    for (const group of groups) {
      options.signal.throwIfAborted();
      const directory = join(options.rows, groupFolder(group));
      if (!existsSync(join(directory, '00000.parquet'))) {
        throw new TidemarkError(`there are no rows of ${group.name}:${group.version} in Parquet`, {
          code: 'ROWS_MISSING',
          place: { file: directory },
          remedy: 'Replay the archived topic first: tidemark replay … --rows all --format parquet.',
        });
      }
      const comparison = await compareOnline(group, directory, store);
      comparisons.push({ group: group.name, version: group.version, ...comparison });
    }
    return comparisons;
  } finally {
    await store.close();
  }
}
