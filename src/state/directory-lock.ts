import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { TidemarkError } from '../errors.ts';

/**
 * Keeps other processes out of a directory. The lock is one that the operating system holds for an open file
 * (by way of SQLite, for Node has no call of its own), so it ends with its process, however that ends: there is
 * no stale lock to judge, not even after a restart that gives the same process number to another program.
 */
export class DirectoryLock {
  readonly #database: DatabaseSync;

  private constructor(database: DatabaseSync) {
    this.#database = database;
  }

  /**
   * Throws what `inUse` makes when another process holds the directory, or another part of this one; `holder` is
   * ` by process 123` where that is known.
   */
  static acquire(directory: string, inUse: (holder: string) => TidemarkError): DirectoryLock {
    const database = new DatabaseSync(join(directory, 'lock'));
    try {
      database.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode !== SQLITE_BUSY) throw error;
      throw inUse(holder(directory));
    }
    writeFileSync(join(directory, 'lock.pid'), `${process.pid}\n`);
    return new DirectoryLock(database);
  }

  release(): void {
    this.#database.close();
  }
}

const SQLITE_BUSY = 5;

/** For a person only: who holds the lock is not judged by it. */
function holder(directory: string): string {
  try {
    return ` by process ${readFileSync(join(directory, 'lock.pid'), 'utf8').trim()}`;
  } catch {
    // The holder is about to write it.
    return '';
  }
}
