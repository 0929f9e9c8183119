import { DOUBLE, INTEGER } from '@duckdb/node-api';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import type { DurationMs } from '../time.ts';
import type { Leak, LeakReport } from './options.ts';
import type { AskedGroup } from './questions.ts';
import { RowAppender } from './row-appender.ts';
import { entityJoin } from './spine.ts';

/** How many leaks a report names. */
const LEAKS_NAMED = 10;

/** What was found of one group: how many answers were held against what is known of them, and which were not right. */
export interface Finding {
  readonly checked: number;
  readonly wrong: number;
  readonly first: readonly Leak[];
}

/**
 * Holds what each row of the spine was told as served against `witnesses_INDEX`: revisions of the entities (by their
 * numbers), each with the log time at which it was made and the values that it then had. There must be one of the
 * row's window_end and version with the same values, made when the row could know it.
 */
export function checkServed(
  database: ScratchDatabase,
  { index, group }: AskedGroup,
  servingDelayMs: DurationMs,
): Promise<Finding> {
  const same = group.features.map((_, place) => `w.f${place} IS NOT DISTINCT FROM a.f${place}`);
  const isSame = ['w.entity IS NOT NULL', ...same].join(' AND ');
  return find(
    database,
    group.name,
    `SELECT a.spine_row, any_value(s.t) AS t,
            CASE WHEN count(w.entity) = 0 THEN 'the log makes no revision ' || any_value(a.version) || ' of this window'
                 WHEN NOT bool_or(${isSame}) THEN 'revision ' || any_value(a.version) || ' has other values'
                 WHEN min(w.known_at) FILTER (${isSame}) > any_value(s.t) - ${servingDelayMs}
                 THEN 'revision ' || any_value(a.version) || ' was known '
                      || (min(w.known_at) FILTER (${isSame}) - any_value(s.t))::BIGINT || ' ms after the row, at '
                      || min(w.known_at) FILTER (${isSame})
            END AS problem
     FROM answers_${index} a
     JOIN times s ON s.spine_row = a.spine_row
     JOIN (SELECT k.spine_row, e.number FROM ${entityJoin(group, index)}) n ON n.spine_row = a.spine_row
     LEFT JOIN witnesses_${index} w
       ON w.entity = n.number AND w.window_end = a.window_end AND w.version = a.version
     GROUP BY a.spine_row`,
  );
}

/** Takes note of how many events of the entity the ranges had been given when each row was answered. */
export class EventsSeen {
  readonly #rows: RowAppender;

  private constructor(rows: RowAppender) {
    this.#rows = rows;
  }

  /** Makes the table `seen_INDEX`. */
  static async create(database: ScratchDatabase, index: number): Promise<EventsSeen> {
    await database.run(`CREATE TABLE seen_${index} (spine_row INTEGER, events DOUBLE)`);
    return new EventsSeen(await RowAppender.open(database, `seen_${index}`, [INTEGER, DOUBLE]));
  }

  add(spineRow: number, events: number): void {
    this.#rows.append([spineRow, events]);
  }

  close(): void {
    this.#rows.close();
  }
}

/**
 * Holds what each row was told by event time against a count of the entity's events before it: a range can only hold
 * what it was given, and it must have been given these and no other.
 */
export function checkEventTime(database: ScratchDatabase, { index, group }: AskedGroup): Promise<Finding> {
  return find(
    database,
    group.name,
    `WITH counted AS (
       SELECT DISTINCT entity, event_time, count(*) OVER (PARTITION BY entity ORDER BY event_time) AS events
       FROM events_${index}
     ), asked AS (
       SELECT q.spine_row, q.events, s.t, e.number
       FROM seen_${index} q JOIN times s ON s.spine_row = q.spine_row
       JOIN (SELECT k.spine_row, e.number FROM ${entityJoin(group, index)}) e ON e.spine_row = q.spine_row
     )
     SELECT a.spine_row, a.t,
            CASE WHEN a.events <> coalesce(c.events, 0)
                 THEN 'it was told of ' || a.events::BIGINT || ' events, but '
                      || coalesce(c.events, 0) || ' were before it'
            END AS problem
     FROM asked a ASOF LEFT JOIN counted c ON c.entity = a.number AND c.event_time < a.t`,
  );
}

/** @param rows SQL of a query that gives each answer's `spine_row` and `t`, and its `problem` or null */
async function find(database: ScratchDatabase, group: string, rows: string): Promise<Finding> {
  await database.run(`CREATE OR REPLACE TABLE checked AS ${rows}`);
  const [counts] = await database.rows('SELECT count(*)::DOUBLE, count(problem)::DOUBLE FROM checked');
  const first = await database.rows(
    `SELECT spine_row, t, problem FROM checked WHERE problem IS NOT NULL ORDER BY spine_row LIMIT ${LEAKS_NAMED}`,
  );
  const [checked, wrong] = counts as [number, number];
  return {
    checked,
    wrong,
    first: first.map(([row, time, problem]) => ({
      group,
      row: (row as number) + 1,
      time: time as number,
      problem: problem as string,
    })),
  };
}

export function reportLeaks(findings: readonly Finding[]): LeakReport {
  return {
    checked: findings.reduce((sum, { checked }) => sum + checked, 0),
    found: findings.reduce((sum, { wrong }) => sum + wrong, 0),
    first: findings.flatMap(({ first }) => first).slice(0, LEAKS_NAMED),
  };
}
