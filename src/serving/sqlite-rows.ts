import { existsSync } from 'node:fs';
import { TidemarkError } from '../errors.ts';
import type { LatestRow } from '../sinks/sink.ts';
import { SqliteOnlineStore } from '../sinks/sqlite-store.ts';
import type { OnlineRows, RowKey } from './online-rows.ts';

/** Rows in the SQLite file that a worker on this machine writes. */
export class SqliteRows implements OnlineRows {
  readonly #file: string;
  readonly #store: SqliteOnlineStore;

  /** @throws TidemarkError when there is no such file: a reader that made one would answer null for ever */
  constructor(file: string) {
    if (!existsSync(file)) {
      throw new TidemarkError('there is no such online store', {
        code: 'SQLITE_MISSING',
        place: { file },
        remedy: 'Name the file that `tidemark run --sqlite` writes, and start the worker first.',
      });
    }
    this.#file = file;
    this.#store = new SqliteOnlineStore({ file });
  }

  async latest(keys: readonly RowKey[]): Promise<readonly (LatestRow | null)[]> {
    try {
      return await Promise.all(keys.map(({ group, entity }) => this.#store.latest(group, entity)));
    } catch (cause) {
      throw new TidemarkError(`the online store cannot be read: ${(cause as Error).message}`, {
        code: 'SQLITE_READ',
        place: { file: this.#file },
        remedy: 'Look whether the file is whole and its disk answers.',
        cause,
      });
    }
  }

  /** What is open answers. */
  async ping(): Promise<void> {}

  close(): Promise<void> {
    return this.#store.close();
  }
}
