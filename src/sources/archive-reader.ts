import { assert } from '../errors.ts';
import { ArchiveError, type ArchiveReading } from './archive-file.ts';
import { READERS, scanArchive, type Topic } from './archive-scan.ts';
import type { LogRecord, RecordBatch } from './record.ts';

export interface ArchiveOptions {
  /** Leaves out what is damaged, and counts it, instead of failing. */
  readonly skipCorrupt?: boolean;
}

/** How far the reading of a topic is; the numbers move as its partitions are read. */
export interface ArchiveProgress {
  /** Length of all the topic's files, as they stand. */
  readonly totalBytes: number;
  /** How much of it has been read or passed over. */
  readonly readBytes: number;
}

/** What was left out so far, over all topics that were read. */
export interface ArchiveSkips {
  /** Records whose offset an earlier file had already reached: a part that was archived twice. */
  readonly repeatedRecords: number;
  /** Damaged places (files, blocks or lines) that `skipCorrupt` passed over. */
  readonly damagedPlaces: number;
  /** The first of these, up to a hundred, in the order they were met. */
  readonly damages: readonly ArchiveError[];
}

const MAX_DAMAGES_KEPT = 100;

/** An archive directory of layouts 1 and 2 (interface.md, "Archive"), which may be mixed. */
export interface Archive {
  readonly dir: string;
  readonly skips: ArchiveSkips;
  /** The partitions of a topic, rising. @throws ArchiveError when the topic is not there or laid out otherwise */
  partitions(topic: string): readonly number[];
  /**
   * The records of a partition from an offset on, in rising offset order across its files; offsets may have
   * gaps. A record whose offset has already been passed is left out and counted. A file is not opened when the
   * next one starts at `fromOffset` or before: that one must then hold what follows.
   * @throws ArchiveError where a file is damaged, unless damage is skipped
   */
  read(topic: string, partition: number, fromOffset?: number): AsyncIterable<RecordBatch>;
  size(topic: string): ArchiveProgress;
}

/** @throws ArchiveError when there is no such directory, or no topic in it */
export async function openArchive(dir: string, options: ArchiveOptions = {}): Promise<Archive> {
  return new DirectoryArchive(dir, await scanArchive(dir), options.skipCorrupt ?? false);
}

/** Larger runs of records are handed on in parts of this length. */
const MAX_BATCH_RECORDS = 4096;

class DirectoryArchive implements Archive {
  readonly dir: string;
  readonly skips = { repeatedRecords: 0, damagedPlaces: 0, damages: [] as ArchiveError[] };
  readonly #topics: ReadonlyMap<string, Topic | ArchiveError>;
  readonly #skipCorrupt: boolean;

  constructor(dir: string, topics: ReadonlyMap<string, Topic | ArchiveError>, skipCorrupt: boolean) {
    this.dir = dir;
    this.#topics = topics;
    this.#skipCorrupt = skipCorrupt;
  }

  partitions(topic: string): readonly number[] {
    return [...this.#topic(topic).partitions.keys()];
  }

  size(topic: string): ArchiveProgress {
    return this.#topic(topic).progress;
  }

  async *read(topic: string, partition: number, fromOffset = 0): AsyncGenerator<RecordBatch, void, void> {
    const { partitions, progress } = this.#topic(topic);
    const files = partitions.get(partition);
    assert(files !== undefined, `partition ${partition} is one of the partitions of topic ${topic}`);
    const reading: ArchiveReading = {
      skipCorrupt: this.#skipCorrupt,
      read: (bytes) => {
        progress.readBytes += bytes;
      },
      damage: (error) => {
        if (!this.#skipCorrupt) throw error;
        this.skips.damagedPlaces++;
        if (this.skips.damages.length < MAX_DAMAGES_KEPT) this.skips.damages.push(error);
      },
    };
    let next = fromOffset;
    for (const [index, file] of files.entries()) {
      const following = files[index + 1];
      if (following !== undefined && following.start <= fromOffset) {
        progress.readBytes += file.bytes;
        continue;
      }
      for await (const run of READERS[file.format](file, reading)) {
        const records = this.#from(run, next, fromOffset);
        if (records.length === 0) continue;
        next = records.at(-1)!.offset + 1;
        for (let start = 0; start < records.length; start += MAX_BATCH_RECORDS) {
          yield { partition, records: records.slice(start, start + MAX_BATCH_RECORDS) };
        }
      }
    }
  }

  /** The part of a rising run that begins at `next`. */
  #from(run: readonly LogRecord[], next: number, fromOffset: number): readonly LogRecord[] {
    if (run[0]!.offset >= next) return run;
    const kept = run.filter((record) => record.offset >= next);
    for (const record of run) {
      if (record.offset >= fromOffset && record.offset < next) this.skips.repeatedRecords++;
    }
    return kept;
  }

  #topic(name: string): Topic {
    const topic = this.#topics.get(name);
    if (topic instanceof ArchiveError) throw topic;
    if (topic === undefined) {
      throw new ArchiveError(
        `the archive holds no topic '${name}', but ${[...this.#topics.keys()].join(', ')}`,
        {
          code: 'ARCHIVE_TOPIC',
          place: { file: this.dir },
          remedy: `Name the source's topic as the archive does, or archive the topic first.`,
        },
      );
    }
    return topic;
  }
}
