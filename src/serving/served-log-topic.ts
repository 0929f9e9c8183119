import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Archive, openArchive } from '../sources/archive-reader.ts';
import type { LogRecord } from '../sources/record.ts';
import { parseServedLine } from './served-log.ts';
import { type PlacedEntry, readLine, type ServedLogSource } from './served-log-reader.ts';

/** Whether it is a folder of partitions, as an archive has one for each topic. */
export function isArchivedTopic(path: string): boolean {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return false;
  return readdirSync(path, { withFileTypes: true }).some(
    (entry) => entry.isDirectory() && /^\d+$/.test(entry.name),
  );
}

/** A served log that was a topic, and is archived. A record stands in its partition's folder, at its offset as the line. */
export class ServedTopicReader implements ServedLogSource {
  readonly files: readonly string[];
  readonly torn = [];
  readonly #archive: Archive;
  readonly #topic: string;
  readonly #partitions: readonly number[];

  private constructor(path: string, archive: Archive) {
    this.#archive = archive;
    this.#topic = basename(path);
    this.#partitions = archive.partitions(this.#topic);
    this.files = this.#partitions.map((partition) => join(path, String(partition)));
  }

  /**
   * @param path the topic's folder in the archive
   * @throws ArchiveError when it cannot be read
   */
  static async open(path: string): Promise<ServedTopicReader> {
    return new ServedTopicReader(path, await openArchive(dirname(path)));
  }

  async *entries(): AsyncGenerator<PlacedEntry> {
    for (const [index, partition] of this.#partitions.entries()) {
      const file = this.files[index]!;
      for await (const { records } of this.#archive.read(this.#topic, partition)) {
        for (const { offset, value } of records) {
          const place = { file, line: offset };
          const text = textOf(value);
          yield { place, text, entry: readLine(place, () => parseServedLine(text)) };
        }
      }
    }
  }
}

function textOf(value: LogRecord['value']): string {
  if (value === null) return '';
  return Buffer.from('json' in value ? value.bytes() : value).toString();
}
