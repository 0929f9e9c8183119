import type { DuckDBConnection } from '@duckdb/node-api';
import type { FeatureGroup } from '../definitions/definition.ts';
import {
  entityColumn,
  featureColumn,
  isText,
  type OutputColumn,
  quoteIdentifier,
  textColumn,
} from './offline-columns.ts';

/** A run of entities in output order, both ends included: what one file holds. */
export interface RankRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Gives every entity its place in the output order. Ranks are integers, so that sorting the rows compares no
 * strings; DuckDB orders VARCHAR by UTF-8 bytes, as semantics.md does.
 */
export async function rankEntities(connection: DuckDBConnection, group: FeatureGroup): Promise<void> {
  const fields = group.entity.map((_, index) => entityColumn(index)).join(', ');
  await connection.run(
    `CREATE TABLE ranks AS SELECT number, dense_rank() OVER (ORDER BY ${fields})::INTEGER AS rank, ${fields} FROM entities`,
  );
}

/**
 * The rows in files of about `maxRows` each; the rows of an entity stay together. Empty when there are no rows.
 */
export async function splitByRank(connection: DuckDBConnection, maxRows: number): Promise<RankRange[]> {
  const result = await connection.runAndReadAll(`
    SELECT min(rank), max(rank) FROM (
      SELECT rank, (sum(n) OVER (ORDER BY rank) - n) // ${maxRows} AS file
      FROM (SELECT rank, count(*) AS n FROM revisions JOIN ranks ON entity = number GROUP BY rank)
    ) GROUP BY file ORDER BY file`);
  return result.getRows().map(([first, last]) => ({ first: Number(first), last: Number(last) }));
}

/**
 * Keeps of each (entity, window_end) the last revision only. Nearly every row has one, which is on time: only
 * those that also have an early or a late one need a comparison.
 */
export async function findLastRevisions(connection: DuckDBConnection): Promise<void> {
  await connection.run(`
    CREATE TABLE last_revisions AS
    WITH ranked AS (SELECT rank, window_end, version::BIGINT * 4 + timing AS revision, timing
                    FROM revisions JOIN ranks ON entity = number),
         several AS (SELECT DISTINCT rank, window_end FROM ranked WHERE timing <> 1)
    SELECT rank, window_end, max(revision) AS revision
    FROM ranked SEMI JOIN several USING (rank, window_end) GROUP BY rank, window_end`);
}

/** SQL for the rows in output order; `lastOnly` needs {@link findLastRevisions}, `range` null means all. */
export function sortedRows(
  group: FeatureGroup,
  columns: readonly OutputColumn[],
  range: RankRange | null,
  lastOnly: boolean,
): string {
  const fields = group.entity.map((_, index) => entityColumn(index));
  const features: string[] = [];
  let texts = '';
  for (const [index, { valueType }] of group.features.entries()) {
    features.push(featureColumn(index));
    if (!isText(valueType)) continue;
    features.push(`t${index}.text AS ${textColumn(index)}`);
    texts += ` LEFT JOIN texts t${index} ON t${index}.number = ${featureColumn(index)}`;
  }
  const conditions: string[] = [];
  if (range !== null) conditions.push(`rank BETWEEN ${range.first} AND ${range.last}`);
  if (lastOnly) conditions.push('(l.revision IS NULL OR l.revision = r.revision)');
  const where = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  const last = lastOnly ? ' LEFT JOIN last_revisions l USING (rank, window_end)' : '';
  const output = columns.map(({ name, sql }) => `${sql} AS ${quoteIdentifier(name)}`).join(', ');
  return `
    SELECT ${output} FROM (
      SELECT rank, ${fields.join(', ')}, window_end::BIGINT AS window_end, r.revision, known_at, deleted, ${features.join(', ')}
      FROM (SELECT * EXCLUDE (known_at), known_at::BIGINT AS known_at, version::BIGINT * 4 + timing AS revision
            FROM revisions) r
      JOIN ranks ON entity = number${last}${texts}${where}
      ORDER BY rank, window_end, revision)`;
}
