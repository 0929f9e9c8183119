import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { RedisWatcher } from './redis-watcher.ts';

/**
 * Of the rows that a reader saw, those that are no revision of a replay, by entity, window_end and version.
 *
 * @param group of one entity field, without features that are lists or maps
 * @param directory where a replay wrote all of the group's revisions as Parquet
 */
export async function rowsOfNoReplay(
  seen: RedisWatcher['seen'],
  group: FeatureGroup,
  directory: string,
): Promise<string[]> {
  const strange = new Set(seen.keys());
  const columns = [
    group.entity[0]!,
    'epoch_ms(window_end)',
    'version',
    'epoch_ms(known_at)',
    ...group.features.map(({ name }) => name),
  ];
  const entities = new Set(Array.from(seen.values(), ({ entity }) => `'${entity}'`));
  if (entities.size === 0) return [];
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const result = await connection.stream(
      `SELECT ${columns.join(', ')} FROM read_parquet('${join(directory, '*.parquet')}', hive_partitioning = false)
       WHERE ${group.entity[0]} IN (${[...entities].join(', ')})`,
    );
    for await (const chunk of result) {
      for (const row of chunk.getRows()) {
        const [entity, windowEnd, version, ...rest] = row.map((cell) =>
          typeof cell === 'bigint' ? Number(cell) : cell,
        );
        const name = `${entity} ${windowEnd} ${version}`;
        const found = seen.get(name)?.row;
        if (found !== undefined && sameCells([found.knownAt, ...found.values], rest)) strange.delete(name);
      }
    }
  } finally {
    connection.disconnectSync();
    instance.closeSync();
  }
  return [...strange];
}

function sameCells(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((cell, index) => Object.is(cell, others[index]));
}
