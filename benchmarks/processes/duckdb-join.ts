import { DuckDBInstance } from '@duckdb/node-api';
import { parameters, tell } from './parameters.ts';

/**
 * The two features, for ranges that end exactly at each row of the spine, as SQL; then their values are held against
 * those of `tidemark join --as event-time`. Times are whole milliseconds: arithmetic of instants with a zone is slower.
 */
const { how, spine, rows, table, out, expected } = parameters<{
  how: Query;
  spine: string;
  /** How many of the spine's first rows. */
  rows: number;
  table: string;
  out: string;
  expected: string;
}>();

type Query = 'range join' | 'window functions' | 'running counts';

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const INPUT = `
  asked AS (SELECT *, epoch_ms(ts) AS t, row_number() OVER () AS row FROM (FROM '${spine}' LIMIT ${rows})),
  events AS (SELECT card_id, epoch_ms(event_ts) AS t, status = 'failed' AS failed FROM '${table}')`;

const QUERIES: Readonly<Record<Query, string>> = {
  /** Each row with all events of its card in the day before. */
  'range join': `
    WITH ${INPUT}
    SELECT s.card_id, s.ts, s.label, count(e.t) AS count_24h,
           count(*) FILTER (e.failed AND e.t >= s.t - ${HOUR_MS})
             / nullif(count(*) FILTER (e.t >= s.t - ${HOUR_MS}), 0) AS rate_1h
    FROM asked s LEFT JOIN events e ON e.card_id = s.card_id AND e.t < s.t AND e.t >= s.t - ${DAY_MS}
    GROUP BY s.row, s.card_id, s.ts, s.label ORDER BY s.row`,
  /** Events and rows in one table, in order of time; takes any aggregate. */
  'window functions': `
    WITH ${INPUT}, both_kinds AS (
      SELECT card_id, t, failed, NULL AS row FROM events UNION ALL SELECT card_id, t, NULL, row FROM asked
    ), answers AS (
      SELECT row, count(failed) OVER day AS count_24h,
             count(*) FILTER (failed) OVER hour / nullif(count(failed) OVER hour, 0) AS rate_1h
      FROM both_kinds
      WINDOW day AS (PARTITION BY card_id ORDER BY t RANGE BETWEEN ${DAY_MS} PRECEDING AND 1 PRECEDING),
             hour AS (PARTITION BY card_id ORDER BY t RANGE BETWEEN ${HOUR_MS} PRECEDING AND 1 PRECEDING)
      QUALIFY row IS NOT NULL
    )
    SELECT s.card_id, s.ts, s.label, a.count_24h, a.rate_1h FROM asked s JOIN answers a USING (row) ORDER BY s.row`,
  /** Differences of running counts: takes only what can be subtracted. */
  'running counts': `
    WITH ${INPUT}, counts AS (
      SELECT card_id, t, sum(n) OVER run AS n, sum(failures) OVER run AS failures
      FROM (SELECT card_id, t, count(*) AS n, count(*) FILTER (failed) AS failures FROM events GROUP BY card_id, t)
      WINDOW run AS (PARTITION BY card_id ORDER BY t ROWS UNBOUNDED PRECEDING)
    )
    SELECT s.card_id, s.ts, s.label, coalesce(c.n, 0) - coalesce(d.n, 0) AS count_24h,
           (c.failures - coalesce(h.failures, 0)) / nullif(c.n - coalesce(h.n, 0), 0) AS rate_1h
    FROM asked s
    ASOF LEFT JOIN counts c ON c.card_id = s.card_id AND c.t < s.t
    ASOF LEFT JOIN counts d ON d.card_id = s.card_id AND d.t < s.t - ${DAY_MS}
    ASOF LEFT JOIN counts h ON h.card_id = s.card_id AND h.t < s.t - ${HOUR_MS}
    ORDER BY s.row`,
};

const start = performance.now();
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run(`COPY (${QUERIES[how]}) TO '${out}' (FORMAT parquet)`);
const seconds = (performance.now() - start) / 1000;
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();

const same = await connection.runAndReadAll(`
  SELECT count(*)::INTEGER
  FROM '${out}' a POSITIONAL JOIN (FROM '${expected}' LIMIT ${rows}) b
  WHERE a.card_id = b.card_id AND a.ts = b.ts AND a.count_24h = b.card_txn_count_24h
        AND a.rate_1h IS NOT DISTINCT FROM b.card_failed_txn_rate_1h`);
const [[count] = []] = same.getRows();
if (count !== rows) throw new Error(`${how}: ${String(count)} of ${rows} rows are as by event time`);
tell({ seconds, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, maxRssMb: maxRSS / 1024 });
