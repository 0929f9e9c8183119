import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { FeatureGroup, Scalar } from '../definitions/definition.ts';
import { TidemarkError } from '../errors.ts';
import { entityText } from './entity-text.ts';
import { type EntityUpserts, groupByEntity } from './entity-upserts.ts';
import { jsonRow, parseJsonRow } from './json-row.ts';
import type {
  LatestRow,
  OnlineRow,
  ReachableStore,
  RememberedPosition,
  Upsert,
  UpsertCounts,
} from './sink.ts';

/**
 * `floor`: the newest final window_end that was seen; what is not stored up to it was dropped, or deleted, and is not
 * taken in again. `json` is empty when the row was deleted: its version keeps older ones away until it is final.
 * `expires_at`: wall-clock milliseconds, null for never.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS entities (
    id INTEGER PRIMARY KEY,
    feature_group TEXT NOT NULL,
    group_version INTEGER NOT NULL,
    entity TEXT NOT NULL,
    floor INTEGER,
    expires_at INTEGER,
    UNIQUE (feature_group, group_version, entity)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS entities_by_expiry ON entities (expires_at) WHERE expires_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS windows (
    entity_id INTEGER NOT NULL REFERENCES entities (id),
    window_end INTEGER NOT NULL,
    version INTEGER NOT NULL,
    json TEXT NOT NULL,
    leave INTEGER,
    PRIMARY KEY (entity_id, window_end)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS positions (
    name TEXT PRIMARY KEY,
    position INTEGER NOT NULL,
    writer TEXT NOT NULL DEFAULT ''
  ) STRICT, WITHOUT ROWID;
`;

/** What files of older versions lack. */
const ADDED_COLUMNS = [
  { table: 'windows', column: 'leave', type: 'INTEGER' },
  { table: 'positions', column: 'writer', type: "TEXT NOT NULL DEFAULT ''" },
];

export interface SqliteStoreOptions {
  /** Path of the database, made when absent; `:memory:` keeps nothing. */
  readonly file: string;
  /** Milliseconds since 1970, for the rows' time to live. Default: the machine's clock. */
  readonly now?: () => number;
}

/** The online store of a machine without services: one SQLite database, the contract and rules of Redis's. */
export class SqliteOnlineStore implements ReachableStore {
  readonly #file: string;
  readonly #database: DatabaseSync;
  readonly #now: () => number;
  readonly #statements: Statements;

  constructor(options: SqliteStoreOptions) {
    this.#file = options.file;
    this.#now = options.now ?? Date.now;
    this.#database = open(options.file);
    this.#statements = prepare(this.#database);
  }

  async write(group: FeatureGroup, rows: readonly Upsert[]): Promise<UpsertCounts> {
    const counts: UpsertCounts = { accepted: 0, equal: 0, stale: 0 };
    const now = this.#now();
    try {
      this.#database.exec('BEGIN IMMEDIATE');
      this.#removeExpired(now);
      for (const entity of groupByEntity(rows)) this.#writeEntity(group, entity, now, counts);
      this.#database.exec('COMMIT');
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw new TidemarkError(`the online store cannot be written: ${(error as Error).message}`, {
        code: 'SQLITE_WRITE',
        place: { file: this.#file },
        remedy: 'Look at the free space of its disk, and whether another program holds it.',
        cause: error,
      });
    }
    return counts;
  }

  async remember(positions: readonly RememberedPosition[]): Promise<readonly string[]> {
    const { position: read, remember } = this.#statements;
    return positions.flatMap(({ name, position, writer, expected }) => {
      if (expected !== null && read.get(name, expected.position, expected.writer) === undefined)
        return [name];
      remember.run(name, position, writer);
      return [];
    });
  }

  /** A few at a time, so that no write pays for many. */
  #removeExpired(now: number): void {
    for (const { id } of this.#statements.expired.all(now, 256)) {
      this.#statements.drop.run(id as number, Number.MAX_SAFE_INTEGER);
      this.#statements.removeEntity.run(id as number);
    }
  }

  #writeEntity(group: FeatureGroup, upserts: EntityUpserts, now: number, counts: UpsertCounts): void {
    const sql = this.#statements;
    const { id, floor } = this.#entity(group, upserts.text, now);
    const acceptedBefore = counts.accepted;
    let added = false;
    for (const row of upserts.rows) {
      const stored = sql.version.get(id, row.windowEnd)?.['version'] as number | undefined;
      if (stored === undefined) {
        if (floor !== null && row.windowEnd <= floor) {
          counts.stale++;
          continue;
        }
        added = true;
      } else if (row.version <= stored) {
        if (row.version === stored) counts.equal++;
        else counts.stale++;
        continue;
      }
      if (row.deleted !== true) sql.put.run(id, row.windowEnd, row.version, jsonRow(row), row.leave);
      else if (floor !== null && row.windowEnd <= floor) sql.remove.run(id, row.windowEnd);
      else sql.put.run(id, row.windowEnd, row.version, '', null);
      counts.accepted++;
    }
    if (added) this.#prune(id, floor, upserts.watermark - group.allowedLatenessMs);
    if (counts.accepted > acceptedBefore && group.ttlMs !== null) sql.expire.run(now + group.ttlMs, id);
  }

  /** The entity's number and floor; one that has expired starts anew. */
  #entity(group: FeatureGroup, text: string, now: number): { id: number; floor: number | null } {
    const sql = this.#statements;
    const found = sql.entity.get(group.name, group.version, text);
    if (found === undefined) {
      const { lastInsertRowid } = sql.addEntity.run(group.name, group.version, text);
      return { id: Number(lastInsertRowid), floor: null };
    }
    const id = found['id'] as number;
    const expiresAt = found['expires_at'] as number | null;
    if (expiresAt === null || now < expiresAt) return { id, floor: found['floor'] as number | null };
    sql.drop.run(id, Number.MAX_SAFE_INTEGER);
    sql.renew.run(id);
    return { id, floor: null };
  }

  /** Drops what is final but for the newest row; the newest final window_end becomes the floor. */
  #prune(id: number, floor: number | null, horizon: number): void {
    const sql = this.#statements;
    const newest = sql.newestUpTo.get(id, Math.max(horizon, Number.MIN_SAFE_INTEGER))!;
    const finalEnd = newest['window_end'] as number | null;
    if (finalEnd === null || (floor !== null && finalEnd <= floor)) return;
    sql.dropFinal.run(id, finalEnd, newest['row_end'] as number | null);
    sql.setFloor.run(finalEnd, id);
  }

  async latest(group: FeatureGroup, entity: readonly Scalar[]): Promise<LatestRow | null> {
    return this.#read(this.#statements.latest, group, entity)[0] ?? null;
  }

  async windows(group: FeatureGroup, entity: readonly Scalar[]): Promise<readonly OnlineRow[]> {
    return this.#read(this.#statements.windows, group, entity).map(({ leave: _, ...row }) => row);
  }

  #read(statement: StatementSync, group: FeatureGroup, entity: readonly Scalar[]): LatestRow[] {
    const key: SQLInputValue[] = [group.name, group.version, entityText(entity), this.#now()];
    return statement.all(...key).map((row) => ({
      ...parseJsonRow(group, row['window_end'] as number, row['json'] as string),
      leave: row['leave'] as number | null,
    }));
  }

  async ping(): Promise<void> {
    this.#database.exec('SELECT 1');
  }

  async close(): Promise<void> {
    this.#database.close();
  }
}

function open(file: string): DatabaseSync {
  try {
    const database = new DatabaseSync(file);
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;');
    database.exec(SCHEMA);
    const columns = database.prepare('SELECT name FROM pragma_table_info(?)');
    for (const { table, column, type } of ADDED_COLUMNS) {
      const isThere = columns.all(table).some(({ name }) => name === column);
      if (!isThere) database.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${type}`);
    }
    return database;
  } catch (error) {
    throw new TidemarkError(`the online store cannot be opened: ${(error as Error).message}`, {
      code: 'SQLITE_OPEN',
      place: { file },
      remedy:
        'Name a file that can be written, in a folder that exists, and that is a SQLite database or new.',
      cause: error,
    });
  }
}

type Statements = ReturnType<typeof prepare>;

function prepare(database: DatabaseSync) {
  const select = `
    SELECT window_end, json, leave FROM windows JOIN entities ON entities.id = windows.entity_id
    WHERE feature_group = ? AND group_version = ? AND entity = ? AND coalesce(expires_at > ?, true)
      AND json <> ''
    ORDER BY window_end`;
  return {
    entity: database.prepare(
      'SELECT id, floor, expires_at FROM entities WHERE feature_group = ? AND group_version = ? AND entity = ?',
    ),
    addEntity: database.prepare(
      'INSERT INTO entities (feature_group, group_version, entity) VALUES (?, ?, ?)',
    ),
    renew: database.prepare('UPDATE entities SET floor = NULL, expires_at = NULL WHERE id = ?'),
    expired: database.prepare('SELECT id FROM entities WHERE expires_at <= ? LIMIT ?'),
    removeEntity: database.prepare('DELETE FROM entities WHERE id = ?'),
    expire: database.prepare('UPDATE entities SET expires_at = ? WHERE id = ?'),
    setFloor: database.prepare('UPDATE entities SET floor = ? WHERE id = ?'),
    version: database.prepare('SELECT version FROM windows WHERE entity_id = ? AND window_end = ?'),
    put: database.prepare('INSERT OR REPLACE INTO windows VALUES (?, ?, ?, ?, ?)'),
    remove: database.prepare('DELETE FROM windows WHERE entity_id = ? AND window_end = ?'),
    newestUpTo: database.prepare(
      `SELECT max(window_end) AS window_end, max(window_end) FILTER (WHERE json <> '') AS row_end
       FROM windows WHERE entity_id = ? AND window_end <= ?`,
    ),
    dropFinal: database.prepare(
      `DELETE FROM windows WHERE entity_id = ? AND window_end <= ? AND (json = '' OR window_end < ?)`,
    ),
    drop: database.prepare('DELETE FROM windows WHERE entity_id = ? AND window_end < ?'),
    position: database.prepare(
      'SELECT 1 FROM positions WHERE name = ? AND position >= ? AND writer = coalesce(?, writer)',
    ),
    remember: database.prepare(
      `INSERT INTO positions (name, position, writer) VALUES (?, ?, ?)
       ON CONFLICT (name) DO UPDATE SET position = max(position, excluded.position), writer = excluded.writer`,
    ),
    latest: database.prepare(`${select} DESC LIMIT 1`),
    windows: database.prepare(select),
  };
}
