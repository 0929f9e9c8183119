import { createReadStream, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Place } from '../errors.ts';
import { parseServedLine, type ServedEntry, ServedLogError } from './served-log.ts';
import { SERVED_LOG_SUFFIX } from './served-log-files.ts';

const CHUNK_BYTES = 256 * 1024;

/** A served log that is read back. */
export interface ServedLogSource {
  /** What it consists of: the files that places name. */
  readonly files: readonly string[];
  /** Last lines without an end: the server was killed, or writes still. They are passed over. */
  readonly torn: readonly Place[];
  /** @throws ServedLogError at the first line that is none of the log's, with its place */
  entries(): AsyncGenerator<PlacedEntry>;
}

export interface PlacedEntry {
  readonly place: { readonly file: string; readonly line: number };
  /** The line. */
  readonly text: string;
  readonly entry: ServedEntry;
}

/** A served log in files, read back in the order of their names: that of time, for each server. */
export class ServedLogReader implements ServedLogSource {
  readonly files: readonly string[];
  readonly torn: Place[] = [];

  /**
   * @param path a file, or a folder of them
   * @throws ServedLogError when there is none
   */
  constructor(path: string) {
    this.files = filesOf(path);
  }

  async *entries(): AsyncGenerator<PlacedEntry> {
    for (const file of this.files) yield* this.#entriesOf(file);
  }

  async *#entriesOf(file: string): AsyncGenerator<PlacedEntry> {
    let line = 0;
    let rest = '';
    for await (const chunk of createReadStream(file, { encoding: 'utf8', highWaterMark: CHUNK_BYTES })) {
      // Not `readline`: that ends lines at characters, too, which JSON leaves as they are within texts.
      const lines = (rest + (chunk as string)).split('\n');
      rest = lines.pop()!;
      for (const text of lines) {
        const place = { file, line: ++line };
        yield { place, text, entry: readLine(place, () => parseServedLine(text)) };
      }
    }
    if (rest !== '') this.torn.push({ file, line: line + 1 });
  }
}

/** What is read of a line; where it cannot be, the error says which line it is. */
export function readLine<T>(place: Place, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ServedLogError)) throw error;
    const { code, message, remedy } = error;
    throw new ServedLogError(message, {
      code,
      place,
      cause: error,
      ...(remedy === undefined ? {} : { remedy }),
    });
  }
}

function filesOf(path: string): readonly string[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() === true) return [path];
  const names = stat?.isDirectory() === true ? readdirSync(path) : [];
  const files = names.filter((name) => name.endsWith(SERVED_LOG_SUFFIX)).sort();
  if (files.length > 0) return files.map((name) => join(path, name));
  throw new ServedLogError(
    stat === undefined ? 'there is no such file or folder' : 'the folder holds no served log',
    {
      code: 'SERVED_LOG_MISSING',
      place: { file: path },
      remedy: `Name what \`tidemark serve --served-log\` wrote: a folder of *${SERVED_LOG_SUFFIX} files, or one of them.`,
    },
  );
}
