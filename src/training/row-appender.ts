import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';

/** Rows of one data chunk: DuckDB's vector size. */
const CHUNK_ROWS = 2048;

/** Fills a table row by row. */
export class RowAppender {
  readonly #connection: DuckDBConnection;
  readonly #appender: DuckDBAppender;
  readonly #types: readonly DuckDBType[];
  readonly #columns: DuckDBValue[][];

  private constructor(connection: DuckDBConnection, appender: DuckDBAppender, types: readonly DuckDBType[]) {
    this.#connection = connection;
    this.#appender = appender;
    this.#types = types;
    this.#columns = types.map(() => []);
  }

  /** `types` are those of the table's columns. */
  static async open(
    database: ScratchDatabase,
    table: string,
    types: readonly DuckDBType[],
  ): Promise<RowAppender> {
    const connection = await database.connect();
    return new RowAppender(connection, await connection.createAppender(table), types);
  }

  append(row: readonly DuckDBValue[]): void {
    const columns = this.#columns;
    for (let i = 0; i < columns.length; i++) columns[i]!.push(row[i]!);
    if (columns[0]!.length === CHUNK_ROWS) this.#send();
  }

  /** Nothing can be appended afterwards. */
  close(): void {
    if (this.#columns[0]!.length > 0) this.#send();
    this.#appender.closeSync();
    this.#connection.disconnectSync();
  }

  #send(): void {
    const chunk = DuckDBDataChunk.create(this.#types);
    chunk.setColumns(this.#columns);
    this.#appender.appendDataChunk(chunk);
    for (const column of this.#columns) column.length = 0;
  }
}
