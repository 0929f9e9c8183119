import { DOUBLE, VARCHAR } from '@duckdb/node-api';
import { ScratchDatabase } from '../../src/sinks/scratch-database.ts';
import { RowAppender } from '../../src/training/row-appender.ts';
import { archivedTransactions } from '../card-archive.ts';
import { parameters, tell } from './parameters.ts';

/**
 * Writes the transactions of an archive as a table that DuckDB can join, and a spine of rows that happen up to an hour
 * after some of them.
 */
const { events, rows, spine, table } = parameters<{
  events: number;
  rows: number;
  spine: string;
  table: string;
}>();

const database = await ScratchDatabase.create();
await database.run('CREATE TABLE events (card_id VARCHAR, event_ts DOUBLE, status VARCHAR)');
const appender = await RowAppender.open(database, 'events', [VARCHAR, DOUBLE, VARCHAR]);
for (const { row } of archivedTransactions(events)) appender.append([row.card_id, row.event_ts, row.status]);
appender.close();
const time = (milliseconds: string) => `make_timestamptz((${milliseconds})::BIGINT * 1000)`;
await database.run(
  `COPY (SELECT card_id, ${time('event_ts')} AS event_ts, status FROM events) TO '${table}' (FORMAT parquet)`,
);
await database.run(`SELECT setseed(0.5)`);
await database.run(`
  COPY (SELECT card_id, ${time('event_ts + random() * 3600000')} AS ts, (random() < 0.01)::INTEGER AS label
        FROM events USING SAMPLE ${rows} ROWS (reservoir, 1)) TO '${spine}' (FORMAT parquet)`);
database.close();
tell({ rows });
