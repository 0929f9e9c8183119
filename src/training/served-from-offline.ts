import { DOUBLE, INTEGER } from '@duckdb/node-api';
import type { FeatureGroup } from '../definitions/definition.ts';
import { entityValueSql, featureSqlType, quoteIdentifier, timingOrder } from '../sinks/offline-columns.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import type { EventTimeMs } from '../time.ts';
import { LatestRows, type Outcome, outcomeOf } from './latest-rows.ts';
import { type AskedGroup, questions } from './questions.ts';
import { findRevisionFiles, unreadableRows } from './revision-files.ts';
import { RowAppender } from './row-appender.ts';

/**
 * S(e, t) out of the revisions that `tidemark replay --rows all` wrote, as files or into a store: those of each entity and its questions are
 * walked side by side, in order of log and time. Makes the relation `answers_INDEX`, as `FeatureRows` would.
 */
export class ServedFromOffline {
  readonly #database: ScratchDatabase;
  readonly #asked: AskedGroup;
  readonly #servingDelayMs: number;
  /** Log time where the log of the revisions ends. */
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
    const { table, end } = await findRevisionFiles(database, asked, folder, servingDelayMs);
    const types = group.features.map(({ valueType }, place) => `, f${place} ${featureSqlType(valueType)}`);
    await database.run(`
      CREATE TABLE revisions_${index} (number INTEGER, window_end BIGINT, version BIGINT, known_at BIGINT,
                                       timing VARCHAR, deleted BOOLEAN${types.join('')});
      CREATE TABLE picks_${index} (spine_row INTEGER, revision DOUBLE)`);
    try {
      if (table !== null) await loadRevisions(database, asked, table);
    } catch (error) {
      throw unreadableRows(folder, error);
    }
    return new ServedFromOffline(database, asked, servingDelayMs, end);
  }

  /** Makes the relation `witnesses_INDEX` of `checkServed`: the revisions as the files hold them. */
  async witness(): Promise<void> {
    const { index, group } = this.#asked;
    const features = group.features.map((_, place) => `, f${place}`);
    await this.#database.run(`
      CREATE VIEW witnesses_${index} AS
      SELECT number AS entity, window_end, version, known_at${features.join('')} FROM revisions_${index}`);
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
      ORDER BY number, version, known_at, window_end, ${timingOrder('timing')}`);
    for await (const row of rows) {
      const [entity, windowEnd, version, knownAt, deleted, values] = row as Revision;
      yield { entity, windowEnd, version, knownAt, deleted, values };
    }
  }
}

type Revision = [number, number, number, number, boolean, number];

const ONLY = 0;

function newLatest(group: FeatureGroup): LatestRows<number> {
  return new LatestRows(group);
}

/** The revisions of the spine's entities. */
async function loadRevisions(
  database: ScratchDatabase,
  { index, group }: AskedGroup,
  table: string,
): Promise<void> {
  const same = group.entity.map((field, place) => {
    const kind = group.source.fields.get(field)!.kind;
    return `${entityValueSql(`r.${quoteIdentifier(field)}`, kind)} = e.e${place}`;
  });
  const features = group.features.map(({ name }) => `, r.${quoteIdentifier(name)}`);
  await database.run(`
    INSERT INTO revisions_${index}
    SELECT e.number, epoch_ms(r.window_end), r."version", epoch_ms(r.known_at), r.timing, r.deleted${features.join('')}
    FROM ${table} r JOIN entities_${index} e ON ${same.join(' AND ')}`);
}
