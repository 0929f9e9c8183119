import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DOUBLE, INTEGER } from '@duckdb/node-api';
import type { FeatureGroup } from '../definitions/definition.ts';
import { TidemarkError } from '../errors.ts';
import { groupFolder } from '../sinks/group-folder.ts';
import { entityValueSql, quoteIdentifier, quoteText } from '../sinks/offline-columns.ts';
import { ROWS_METADATA } from '../sinks/offline-writer.ts';
import type { EventTimeMs } from '../time.ts';
import { LatestRows, type Outcome, outcomeOf } from './latest-rows.ts';
import { type AskedGroup, questions } from './questions.ts';
import { RowAppender } from './row-appender.ts';
import type { ScratchDatabase } from './scratch-database.ts';

/** The folder of a group's rows in what `tidemark replay` wrote; null when there is none. */
export function rowsFolder(directory: string, group: FeatureGroup): string | null {
  const folder = join(directory, groupFolder(group));
  return existsSync(folder) ? folder : null;
}

/**
 * S(e, t) out of the revisions that `tidemark replay --rows all` wrote: those of each entity and its questions are
 * walked side by side, in order of log and time. Makes the same relation as `Answers`.
 */
export class ServedFromOffline {
  readonly #database: ScratchDatabase;
  readonly #asked: AskedGroup;
  readonly #servingDelayMs: number;
  /** The last known_at of the group's rows. */
  readonly end: EventTimeMs;

  private constructor(
    database: ScratchDatabase,
    asked: AskedGroup,
    servingDelayMs: number,
    end: EventTimeMs,
  ) {
    this.#database = database;
    this.#asked = asked;
    this.#servingDelayMs = servingDelayMs;
    this.end = end;
  }

  /** @throws TidemarkError when the folder holds other rows than all revisions of this definition */
  static async open(
    database: ScratchDatabase,
    asked: AskedGroup,
    folder: string,
    servingDelayMs: number,
  ): Promise<ServedFromOffline> {
    const { index, group } = asked;
    await checkRows(database, asked.selected.group, folder);
    const files = quoteText(join(folder, '*.parquet'));
    const same = group.entity.map((field, place) => {
      const kind = group.source.fields.get(field)!.kind;
      return `${entityValueSql(`r.${quoteIdentifier(field)}`, kind)} = e.e${place}`;
    });
    const features = group.features.map(({ name }, place) => `r.${quoteIdentifier(name)} AS f${place}`);
    await database.run(`
      CREATE TABLE revisions_${index} AS
      SELECT e.number, epoch_ms(r.window_end) AS window_end, r."version" AS version,
             epoch_ms(r.known_at) AS known_at, r.timing, r.deleted, ${features.join(', ')}
      FROM read_parquet(${files}, hive_partitioning = false) r
      JOIN entities_${index} e ON ${same.join(' AND ')}`);
    await database.run(`CREATE TABLE picks_${index} (spine_row INTEGER, revision DOUBLE)`);
    const [[last]] = (await database.rows(
      `SELECT max(epoch_ms(known_at))::DOUBLE FROM read_parquet(${files}, hive_partitioning = false)`,
    )) as [[number | null]];
    const end = last ?? Number.NEGATIVE_INFINITY;
    return new ServedFromOffline(database, asked, servingDelayMs, end);
  }

  /** Answers every question; `onAnswer` hears what became of each, and when it was asked for. */
  async answer(onAnswer: (outcome: Outcome, known: EventTimeMs) => void): Promise<void> {
    const { index, group } = this.#asked;
    const picks = await RowAppender.open(this.#database, `picks_${index}`, [INTEGER, DOUBLE]);
    const revisions = this.#revisions();
    let revision = await revisions.next();
    let current = -1;
    let latest = newLatest(group);
    for await (const { spineRow, time, entities } of questions(this.#database, [this.#asked], 'entity')) {
      const entity = entities[0]!;
      const known = time - this.#servingDelayMs;
      if (entity !== current) {
        current = entity;
        latest = newLatest(group);
      }
      for (; revision.done !== true && revision.value.entity <= entity; revision = await revisions.next()) {
        if (revision.value.entity < entity) continue;
        if (revision.value.knownAt > known) break;
        latest.add(ONLY, revision.value, Number.NEGATIVE_INFINITY);
      }
      const outcome = outcomeOf(group, latest, ONLY, known);
      if (outcome === 'answered') picks.append([spineRow, latest.latest(ONLY)!.values]);
      onAnswer(outcome, known);
    }
    picks.close();
    const features = group.features.map((_, place) => `r.f${place}`);
    await this.#database.run(`
      CREATE VIEW answers_${index} AS
      SELECT p.spine_row, r.window_end, r.version, r.known_at, ${features.join(', ')}
      FROM picks_${index} p JOIN revisions_${index} r ON r.rowid = p.revision::BIGINT`);
  }

  /** By entity, and in the order in which they were made; their values are their row numbers. */
  async *#revisions() {
    const rows = this.#database.stream(`
      SELECT number, window_end::DOUBLE, version::DOUBLE, known_at::DOUBLE, deleted, rowid::DOUBLE
      FROM revisions_${this.#asked.index}
      ORDER BY number, version, known_at, window_end, CASE timing WHEN 'early' THEN 0 WHEN 'on-time' THEN 1 ELSE 2 END`);
    for await (const row of rows) {
      const [entity, windowEnd, version, knownAt, deleted, values] = row as Revision;
      yield { entity, windowEnd, version, knownAt, deleted, values };
    }
  }
}

type Revision = [number, number, number, number, boolean, number];

const ONLY = 0;

function newLatest(group: FeatureGroup): LatestRows<number> {
  return new LatestRows({ areRowsDeleted: group.grid.kind === 'session' });
}

/** Each file says which rows it holds, and of which definition. */
async function checkRows(database: ScratchDatabase, group: FeatureGroup, folder: string): Promise<void> {
  const refuse = (message: string, remedy: string): never => {
    throw new TidemarkError(message, { code: 'OFFLINE_ROWS', place: { file: folder }, remedy });
  };
  const again = 'Replay again: tidemark replay … --rows all --format parquet.';
  if (!existsSync(join(folder, '00000.parquet'))) {
    refuse(`there are no rows of ${group.name}:${group.version} in Parquet`, again);
  }
  const metadata = await database.rows(
    `SELECT DISTINCT decode("key"), decode("value") FROM parquet_kv_metadata(${quoteText(join(folder, '*.parquet'))})`,
  );
  const found = new Map(metadata.map(([key, value]) => [String(key), String(value)]));
  const rows = found.get(ROWS_METADATA.rows) ?? 'unknown';
  if (rows !== 'all') {
    refuse(`these are the rows of --rows ${rows}; what was served when shows in all revisions only`, again);
  }
  if (found.get(ROWS_METADATA.fingerprint) !== group.fingerprint) {
    refuse(`these rows are of another definition of ${group.name}:${group.version}`, again);
  }
}
