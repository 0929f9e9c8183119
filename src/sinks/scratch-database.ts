import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  DOUBLE,
  type DuckDBConnection,
  type DuckDBDataChunk,
  DuckDBInstance,
  DuckDBScalarFunction,
  type DuckDBValue,
  type DuckDBVector,
  VARCHAR,
} from '@duckdb/node-api';
import { sortingMemory } from './sorting-memory.ts';

/**
 * A database on disk for the length of some work: what is too large for memory is sorted there. A connection does one thing
 * at a time, and a query that it streams ends without a word when it begins another; so every stream and every appender
 * has one of its own.
 */
export class ScratchDatabase {
  readonly #directory: string;
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;

  private constructor(directory: string, instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#directory = directory;
    this.#instance = instance;
    this.#connection = connection;
  }

  /** @param parent exists; on a disk with room for what is sorted */
  static async create(parent = tmpdir()): Promise<ScratchDatabase> {
    const directory = mkdtempSync(join(parent, 'tidemark-scratch-'));
    const instance = await DuckDBInstance.create(join(directory, 'scratch.db'), {
      memory_limit: sortingMemory(),
    });
    return new ScratchDatabase(directory, instance, await connect(instance));
  }

  /** Runs a statement to its end. */
  async run(sql: string): Promise<void> {
    await this.#connection.run(sql);
  }

  /** All rows of a small result. */
  async rows(sql: string): Promise<DuckDBValue[][]> {
    return (await this.#connection.runAndReadAll(sql)).getRows();
  }

  /** The rows of a result of any size, one after the other. */
  async *stream(sql: string): AsyncGenerator<DuckDBValue[]> {
    for await (const rows of this.batches(sql)) yield* rows;
  }

  /** The same for results of millions of rows, which are waited for some thousand at a time. */
  async *batches(sql: string): AsyncGenerator<DuckDBValue[][]> {
    const connection = await connect(this.#instance);
    try {
      const result = await connection.stream(sql);
      for await (const chunk of result) yield rowsOf(chunk);
    } finally {
      connection.disconnectSync();
    }
  }

  /** A connection for an appender, whose owner disconnects it. */
  connect(): Promise<DuckDBConnection> {
    return connect(this.#instance);
  }

  /** Ends the statement that `run` is at, if any, with an error. */
  interrupt(): void {
    this.#connection.interrupt();
  }

  /** Removes everything. */
  close(): void {
    this.#connection.disconnectSync();
    this.#instance.closeSync();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Several times as fast as the chunk's own `getRows`, which asks for each value's vector and type. */
function rowsOf(chunk: DuckDBDataChunk): DuckDBValue[][] {
  const vectors = Array.from({ length: chunk.columnCount }, (_, column) => chunk.getColumnVector(column));
  return Array.from({ length: chunk.rowCount }, (_, row) => vectors.map((vector) => vector.getItem(row)));
}

/** `number_text(x)`: a double as JSON has it, which is not how DuckDB casts it to a text (`1` and not `1.0`). */
const NUMBER_TEXT = {
  name: 'number_text',
  parameterTypes: [DOUBLE],
  returnType: VARCHAR,
  mainFunction: (_info: unknown, input: DuckDBDataChunk, output: DuckDBVector) => {
    const numbers = input.getColumnVector(0);
    for (let row = 0; row < input.rowCount; row++) output.setItem(row, String(numbers.getItem(row)));
    output.flush();
  },
};

async function connect(instance: DuckDBInstance): Promise<DuckDBConnection> {
  const connection = await instance.connect();
  await connection.run("SET TimeZone = 'UTC'");
  connection.registerScalarFunction(DuckDBScalarFunction.create(NUMBER_TEXT));
  return connection;
}
