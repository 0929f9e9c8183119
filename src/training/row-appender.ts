import {
  type DuckDBAppender,
  type DuckDBConnection,
  DuckDBDataChunk,
  type DuckDBType,
  type DuckDBValue,
} from '@duckdb/node-api';

/** Rows of one data chunk: DuckDB's vector size. */
const CHUNK_ROWS = 2048;

/** Fills a table row by row. */
export class RowAppender {
  readonly #appender: DuckDBAppender;
  readonly #types: readonly DuckDBType[];
  readonly #columns: DuckDBValue[][];

  private constructor(appender: DuckDBAppender, types: readonly DuckDBType[]) {
    this.#appender = appender;
    this.#types = types;
    this.#columns = types.map(() => []);
  }

  /** `types` are those of the table's columns. */
  static async open(
    connection: DuckDBConnection,
    table: string,
    types: readonly DuckDBType[],
  ): Promise<RowAppender> {
    return new RowAppender(await connection.createAppender(table), types);
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
  }

  #send(): void {
    const chunk = DuckDBDataChunk.create(this.#types);
    chunk.setColumns(this.#columns);
    this.#appender.appendDataChunk(chunk);
    for (const column of this.#columns) column.length = 0;
  }
}
