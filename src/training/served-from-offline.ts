import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import type { EventTimeMs } from '../time.ts';
import type { AskedGroup } from './questions.ts';
import { createRevisions, findRevisionFiles, unreadableRows } from './revision-files.ts';
import { entityJoin, sameEntity } from './spine.ts';

/** What became of the rows of a spine that name an entity of the group. */
export interface ServedCounts {
  readonly answered: number;
  readonly withoutRow: number;
  readonly expired: number;
  readonly afterEnd: number;
}

/** Above all places in the files: of two ranks the one of the later window is the greater. */
const WINDOW_RANK = 2n ** 64n;

/**
 * S(e, t) out of the revisions that `tidemark replay --rows all` wrote, as files or into a store: as-of joins in the
 * database, which sorts entities, times and places of revisions; the values are read of those that answer. Makes the
 * relation `answers_INDEX`, as `FeatureRows` would.
 */
export class ServedFromOffline {
  readonly #database: ScratchDatabase;
  readonly #asked: AskedGroup;
  readonly #folder: string;
  /** Log time where the log of the revisions ends. */
  readonly #end: EventTimeMs;

  private constructor(database: ScratchDatabase, asked: AskedGroup, folder: string, end: EventTimeMs) {
    this.#database = database;
    this.#asked = asked;
    this.#folder = folder;
    this.#end = end;
  }

  /** @throws TidemarkError when the folder holds other rows than all revisions of this definition */
  static async open(
    database: ScratchDatabase,
    asked: AskedGroup,
    folder: string,
    servingDelayMs: number,
  ): Promise<ServedFromOffline> {
    const { index, group } = asked;
    await database.run(`
      CREATE TABLE questions_${index} AS
      SELECT s.spine_row, n.number, (s.t - ${servingDelayMs})::BIGINT AS known
      FROM times s JOIN (SELECT k.spine_row, e.number FROM ${entityJoin(group, index)}) n USING (spine_row)
      WHERE n.number IS NOT NULL`);
    const { files, end } = await findRevisionFiles(database, asked, folder);
    try {
      await createRevisions(database, asked, files);
    } catch (error) {
      throw unreadableRows(folder, error);
    }
    return new ServedFromOffline(database, asked, folder, end);
  }

  /** Makes the relation `witnesses_INDEX` of `checkServed`: the revisions as the files hold them. */
  async witness(): Promise<void> {
    const { index } = this.#asked;
    await this.#database.run(`
      CREATE VIEW witnesses_${index} AS
      SELECT e.number AS entity, ${this.#answerColumns()} FROM ${this.#revisionsOfEntities()}`);
  }

  /** Answers every question. */
  async answer(): Promise<ServedCounts> {
    try {
      await this.#pick();
      if (this.#asked.group.grid.kind === 'session') await this.#stepBack();
      await this.#readAnswers();
    } catch (error) {
      throw unreadableRows(this.#folder, error);
    }
    return this.#count();
  }

  /**
   * Makes the table `picks_INDEX`: for each question the place of the last revision of the greatest window_end known by
   * then, and when the entity was last written; null where there is none. Each revision goes to the first question
   * that knows it; what a question knows is the best of its own and of those before.
   */
  async #pick(): Promise<void> {
    const { index } = this.#asked;
    await this.#database.run(`
      CREATE TABLE picks_${index} AS
      WITH made AS (
        SELECT e.number, r.known_at, r.window_end * ${WINDOW_RANK}::HUGEINT + r.place AS rank
        FROM ${this.#revisionsOfEntities()}
        WHERE r.known_at <= (SELECT max(known) FROM questions_${index})
      ), news AS (
        SELECT q.number, q.known, max(m.rank) AS rank, max(m.known_at) AS written
        FROM made m ASOF JOIN questions_${index} q ON q.number = m.number AND q.known >= m.known_at
        GROUP BY q.number, q.known
      ), best AS (
        SELECT number, known, written, max(rank) OVER (PARTITION BY number ORDER BY known) AS rank FROM news
      )
      SELECT q.*, (b.rank & ${WINDOW_RANK - 1n}::HUGEINT)::BIGINT AS place, b.written
      FROM questions_${index} q ASOF LEFT JOIN best b ON b.number = q.number AND b.known <= q.known`);
  }

  /**
   * A session that grew after it closed is no row until it closes again, where only closed rows are emitted: then an
   * older row is the latest. Questions of such times are few, and each is held against all rows of its entity.
   */
  async #stepBack(): Promise<void> {
    const { index } = this.#asked;
    await this.#database.run(`
      CREATE TABLE retracted_${index} AS
      SELECT p.* FROM picks_${index} p JOIN revisions_${index} r USING (place) WHERE r.deleted;
      CREATE TABLE standing_${index} AS
      WITH lives AS (
        SELECT e.number, r.place, r.window_end, r.deleted, r.known_at,
               lead(r.known_at) OVER (PARTITION BY e.number, r.window_end ORDER BY r.place) AS replaced_at
        FROM ${this.#revisionsOfEntities()}
        WHERE e.number IN (SELECT number FROM retracted_${index})
      )
      SELECT p.spine_row, arg_max(l.place, l.window_end) AS place
      FROM retracted_${index} p LEFT JOIN lives l
        ON l.number = p.number AND NOT l.deleted AND l.known_at <= p.known
           AND (l.replaced_at IS NULL OR l.replaced_at > p.known)
      GROUP BY p.spine_row;
      UPDATE picks_${index} p SET place = s.place FROM standing_${index} s WHERE s.spine_row = p.spine_row`);
  }

  async #readAnswers(): Promise<void> {
    const { index } = this.#asked;
    await this.#database.run(`
      CREATE TABLE answers_${index} AS
      SELECT p.spine_row, ${this.#answerColumns()}
      FROM picks_${index} p JOIN revisions_${index} r USING (place) WHERE NOT ${this.#isExpired()}`);
  }

  async #count(): Promise<ServedCounts> {
    const [[answered, withoutRow, expired, afterEnd] = []] = await this.#database.rows(`
      SELECT count(*) FILTER (place IS NOT NULL AND NOT ${this.#isExpired()})::DOUBLE,
             count(*) FILTER (place IS NULL)::DOUBLE,
             count(*) FILTER (place IS NOT NULL AND ${this.#isExpired()})::DOUBLE,
             count(*) FILTER (known > '${this.#end}'::DOUBLE)::DOUBLE
      FROM picks_${this.#asked.index}`);
    return { answered, withoutRow, expired, afterEnd } as ServedCounts;
  }

  /** SQL of whether the store has forgotten the entity of a pick. */
  #isExpired(): string {
    const { ttlMs } = this.#asked.group;
    return ttlMs === null ? 'false' : `(known >= written + ${ttlMs})`;
  }

  /** SQL of the revisions (as r) of the spine's entities (as e). */
  #revisionsOfEntities(): string {
    const { index, group } = this.#asked;
    return `revisions_${index} r JOIN entities_${index} e ON ${sameEntity(group, 'r', 'e')}`;
  }

  /** SQL of what an answer has of its revision (r). */
  #answerColumns(): string {
    const features = this.#asked.group.features.map((_, place) => `f${place}`);
    return ['window_end', 'version', 'known_at', ...features].map((column) => `r.${column}`).join(', ');
  }
}
