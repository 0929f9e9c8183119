import { DuckDBInstance } from '@duckdb/node-api';
import { parameters, tell } from './parameters.ts';

/** The two features, for ranges that end exactly at each row of the spine, as SQL. */
const { spine, table, out } = parameters<{ spine: string; table: string; out: string }>();

const start = performance.now();
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run(`
  COPY (
    SELECT s.card_id, s.ts, s.label,
           count(e.card_id) AS card_txn_count_24h,
           count(*) FILTER (e.status = 'failed' AND e.event_ts >= s.ts - INTERVAL 1 HOUR)
             / nullif(count(*) FILTER (e.event_ts >= s.ts - INTERVAL 1 HOUR), 0) AS card_failed_txn_rate_1h
    FROM (SELECT *, row_number() OVER () AS row FROM '${spine}') s
    LEFT JOIN '${table}' e
      ON e.card_id = s.card_id AND e.event_ts < s.ts AND e.event_ts >= s.ts - INTERVAL 24 HOUR
    GROUP BY s.row, s.card_id, s.ts, s.label ORDER BY s.row
  ) TO '${out}' (FORMAT parquet)`);
const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
tell({
  seconds: (performance.now() - start) / 1000,
  cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
  maxRssMb: maxRSS / 1024,
});
