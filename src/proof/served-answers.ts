import { DOUBLE, INTEGER, VARCHAR } from '@duckdb/node-api';
import type { FeatureGroup } from '../definitions/definition.ts';
import { TidemarkError } from '../errors.ts';
import { compileEntryReader, type ServedEntry, type TypedEntry } from '../serving/served-log.ts';
import { readLine, type ServedLogSource } from '../serving/served-log-reader.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';
import type { EventTimeMs, Version } from '../time.ts';
import { EntityNumbers } from '../training/entity-numbers.ts';
import { RowAppender } from '../training/row-appender.ts';
import type { AnswerPlace } from './options.ts';
import { OtherDefinitions } from './other-definitions.ts';

/** A group of the definitions, and its entities that the log has answers of. */
export interface AnsweredGroup {
  readonly index: number;
  readonly group: FeatureGroup;
  readonly entities: EntityNumbers;
  readonly readEntry: (entry: ServedEntry) => TypedEntry;
}

/** An answer by its line in the log. */
export interface ServedAnswer extends AnswerPlace {
  readonly text: string;
  readonly entity: number;
}

/** An answer of a row. */
export interface RowAnswer extends ServedAnswer {
  readonly group: number;
  readonly version: Version;
  readonly knownAt: EventTimeMs;
}

/** An answer of no row. */
interface NoRowAnswer extends ServedAnswer {
  /** The last answer before it that was of a row which cannot be gone; null when there is none. */
  readonly before: AnswerPlace | null;
}

/**
 * Requests that come closer together may be answered in the other order: a server may wait for its store, and the
 * clocks of servers differ.
 */
const CONCURRENT_MS = 10_000;

/** The answers of a served log in a database, by which they are put into other orders. */
export class ServedAnswers {
  /** Of the definitions, in their order. */
  readonly groups: readonly AnsweredGroup[];
  readonly others = new OtherDefinitions();
  readonly #database: ScratchDatabase;
  readonly #files: readonly string[];
  /** SQL: whether the answer `m` is one to be judged. */
  readonly #isWanted: string;

  private constructor(
    database: ScratchDatabase,
    groups: readonly AnsweredGroup[],
    files: readonly string[],
    only: AnswerPlace | null,
  ) {
    this.#database = database;
    this.groups = groups;
    this.#files = files;
    this.#isWanted =
      only === null ? 'true' : `m.file = ${files.indexOf(only.file)} AND m.line = ${only.line}`;
  }

  /**
   * @param only the only answer that is to be judged; null: all are
   * @throws TidemarkError at the first line that is none of the log's, or not of its group; when `only` is not there
   */
  static async load(
    database: ScratchDatabase,
    log: ServedLogSource,
    definitions: readonly FeatureGroup[],
    { only, onAnswer }: { readonly only: AnswerPlace | null; readonly onAnswer: () => void },
  ): Promise<ServedAnswers> {
    const groups = definitions.map((group, index) => ({
      index,
      group,
      entities: new EntityNumbers(group),
      readEntry: compileEntryReader(group),
    }));
    const answers = new ServedAnswers(database, groups, log.files, only);
    await database.run(`
      CREATE TABLE served (grp INTEGER, entity INTEGER, asked_at DOUBLE, version DOUBLE, known_at DOUBLE,
                           file INTEGER, line DOUBLE, text VARCHAR)`);
    const types = [INTEGER, INTEGER, DOUBLE, DOUBLE, DOUBLE, INTEGER, DOUBLE, VARCHAR];
    const rows = await RowAppender.open(database, 'served', types);
    const files = new Map(log.files.map((file, index) => [file, index]));
    let isThere = only === null;
    for await (const { place, text, entry } of log.entries()) {
      onAnswer();
      const isWanted = only === null || (only.file === place.file && only.line === place.line);
      isThere ||= isWanted;
      const found = answers.#groupOf(entry);
      if (found?.group.fingerprint !== entry.fingerprint) {
        if (isWanted) answers.others.add(entry, place, found?.group ?? null);
        continue;
      }
      const { entity } = readLine(place, () => found.readEntry(entry));
      const { version = null, knownAt = null } = entry.row ?? {};
      const number = found.entities.add(entity);
      rows.append([
        found.index,
        number,
        entry.at,
        version,
        knownAt,
        files.get(place.file)!,
        place.line,
        text,
      ]);
    }
    rows.close();
    if (!isThere) throw noSuchAnswer(only!);
    return answers;
  }

  /** The groups that have answers to be judged. */
  async judgedGroups(): Promise<readonly AnsweredGroup[]> {
    const rows = await this.#database.rows(
      `SELECT DISTINCT m.grp FROM served m WHERE ${this.#isWanted} ORDER BY m.grp`,
    );
    return rows.map(([group]) => this.groups[group as number]!);
  }

  /** Those of some groups that are of a row, in the order of the log positions that they claim. */
  async *ofRows(groups: readonly AnsweredGroup[]): AsyncGenerator<RowAnswer> {
    const rows = this.#database.stream(`
      SELECT m.file, m.line, m.text, m.entity, m.grp, m.version, m.known_at FROM served m
      WHERE m.grp IN (${groups.map(({ index }) => index).join(', ')}) AND m.version IS NOT NULL AND ${this.#isWanted}
      ORDER BY m.version, m.known_at`);
    for await (const row of rows) {
      const [file, line, text, entity, group, version, knownAt] = row as [
        ...[number, number, string, number],
        ...[number, number, number],
      ];
      yield { file: this.#files[file]!, line, text, entity, group, version, knownAt };
    }
  }

  /**
   * Those of a group that are of no row, in the order of time. A store may be behind the log by any time, so that an
   * entity may have no row yet; but what was there stays until it expires.
   */
  async *ofNoRow({ index, group }: AnsweredGroup): AsyncGenerator<NoRowAnswer> {
    const stays = group.ttlMs === null ? 'true' : `m.asked_at < a.known_at + ${group.ttlMs}`;
    const rows = this.#database.stream(`
      SELECT m.file, m.line, m.text, m.entity, CASE WHEN ${stays} THEN a.file END, a.line
      FROM (SELECT * FROM served WHERE grp = ${index} AND version IS NULL) m
      ASOF LEFT JOIN (
        SELECT *, asked_at + ${CONCURRENT_MS} AS settled FROM served WHERE grp = ${index} AND version IS NOT NULL
      ) a ON a.entity = m.entity AND m.asked_at >= a.settled
      WHERE ${this.#isWanted}
      ORDER BY m.asked_at, m.file, m.line`);
    for await (const row of rows) {
      const [file, line, text, entity, fileBefore, lineBefore] = row as [
        ...[number, number, string, number],
        ...[number | null, number],
      ];
      const before = fileBefore === null ? null : { file: this.#files[fileBefore]!, line: lineBefore };
      yield { file: this.#files[file]!, line, text, entity, before };
    }
  }

  #groupOf({ group, groupVersion }: ServedEntry): AnsweredGroup | undefined {
    return this.groups.find(({ group: { name, version } }) => name === group && version === groupVersion);
  }
}

function noSuchAnswer({ file, line }: AnswerPlace): TidemarkError {
  return new TidemarkError('the served log has no such answer', {
    code: 'SERVED_LOG_ANSWER',
    place: { file, line },
    remedy:
      'Name a file of --served and a line of it, counted from 1, or the folder of a partition and an offset.',
    exitCode: 2,
  });
}
