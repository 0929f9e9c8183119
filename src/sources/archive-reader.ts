import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { assert } from '../errors.ts';
import { readAvroFile } from './archive-avro.ts';
import {
  ArchiveError,
  type ArchiveFile,
  type ArchiveFileReader,
  type ArchiveFormat,
  type ArchiveReading,
} from './archive-file.ts';
import { readJsonLines } from './archive-jsonl.ts';
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
  /** The first of these, up to {@link MAX_DAMAGES_KEPT}, in the order they were met. */
  readonly damages: readonly ArchiveError[];
}

export const MAX_DAMAGES_KEPT = 100;

/** An archive directory of layouts 1 and 2 (interface.md, "Archive"), which may be mixed. */
export interface Archive {
  readonly dir: string;
  readonly skips: ArchiveSkips;
  /** The partitions of a topic, rising. @throws ArchiveError when the topic is not there or laid out otherwise */
  partitions(topic: string): readonly number[];
  /**
   * The records of a partition from an offset on, in rising offset order across its files; offsets may have
   * gaps. A record whose offset has already been passed is left out and counted.
   * @throws ArchiveError where a file is damaged, unless damage is skipped
   */
  read(topic: string, partition: number, fromOffset?: number): AsyncIterable<RecordBatch>;
  size(topic: string): ArchiveProgress;
}

/** @throws ArchiveError when there is no such directory, or nothing in it */
export async function openArchive(dir: string, options: ArchiveOptions = {}): Promise<Archive> {
  const entries = await list(dir, 'the archive');
  const topics = new Map<string, Topic | ArchiveError>();
  for (const entry of entries) {
    if (isHidden(entry.name) || !(await isDirectory(dir, entry))) continue;
    topics.set(entry.name, await scanTopic(dir, entry.name));
  }
  if (topics.size === 0) {
    throw new ArchiveError(`the archive holds no topic: ${describeEntries(entries)}`, {
      code: 'ARCHIVE_EMPTY',
      place: { file: dir },
      remedy: LAYOUT_REMEDY,
    });
  }
  return new DirectoryArchive(dir, topics, options.skipCorrupt ?? false);
}

const LAYOUT_REMEDY =
  'An archive is a directory with files TOPIC/PARTITION/START.avro, .jsonl, .jsonl.gz or .jsonl.zst.';

const READERS: Readonly<Record<ArchiveFormat, ArchiveFileReader>> = {
  avro: readAvroFile,
  jsonl: readJsonLines,
  'jsonl.gz': readJsonLines,
  'jsonl.zst': readJsonLines,
};

/** Larger runs of records are handed on in parts of this length. */
const MAX_BATCH_RECORDS = 4096;

interface Topic {
  readonly partitions: ReadonlyMap<number, readonly ArchiveFile[]>;
  readonly progress: { totalBytes: number; readBytes: number };
}

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

/** An error is kept until the topic is asked for: others in the archive may be fine. */
async function scanTopic(dir: string, name: string): Promise<Topic | ArchiveError> {
  const topicDir = join(dir, name);
  const entries = await list(topicDir, `topic ${name}`);
  const connect = entries.find((entry) => /^partition=\d+$/.test(entry.name));
  if (connect !== undefined) {
    return new ArchiveError(
      `the folder ${connect.name} is of the Kafka Connect sink layout, which is not read yet`,
      {
        code: 'ARCHIVE_LAYOUT',
        place: { file: topicDir },
        remedy: LAYOUT_REMEDY,
      },
    );
  }
  const partitions: [number, ArchiveFile[]][] = [];
  try {
    for (const entry of entries) {
      if (!/^\d+$/.test(entry.name) || !(await isDirectory(topicDir, entry))) continue;
      partitions.push([Number(entry.name), await scanPartition(join(topicDir, entry.name))]);
    }
  } catch (error) {
    if (error instanceof ArchiveError) return error;
    throw error;
  }
  if (partitions.length === 0) {
    return new ArchiveError(`topic ${name} holds no partition: ${describeEntries(entries)}`, {
      code: 'ARCHIVE_EMPTY',
      place: { file: topicDir },
      remedy: LAYOUT_REMEDY,
    });
  }
  partitions.sort(([a], [b]) => a - b);
  const totalBytes = partitions.flatMap(([, files]) => files).reduce((sum, file) => sum + file.bytes, 0);
  return { partitions: new Map(partitions), progress: { totalBytes, readBytes: 0 } };
}

async function scanPartition(dir: string): Promise<ArchiveFile[]> {
  const files: ArchiveFile[] = [];
  for (const entry of await list(dir, 'the partition')) {
    if (isHidden(entry.name)) continue;
    const path = join(dir, entry.name);
    const parts = /^(\d{1,20})\.(avro|jsonl|jsonl\.gz|jsonl\.zst)$/.exec(entry.name);
    const start = Number(parts?.[1] ?? Number.NaN);
    if (parts === null || !Number.isSafeInteger(start)) {
      throw new ArchiveError('this is no file of an archive', {
        code: 'ARCHIVE_LAYOUT',
        place: { file: path },
        remedy: `${LAYOUT_REMEDY} START is the first offset, with 20 digits. Names that begin with . or _ or end in .tmp are passed over.`,
      });
    }
    files.push({ path, start, format: parts[2] as ArchiveFormat, bytes: (await stat(path)).size });
  }
  return files.sort((a, b) => a.start - b.start || (a.path < b.path ? -1 : 1));
}

/** Files of other tools (`_SUCCESS`, `.DS_Store`) and files that are still being written. */
function isHidden(name: string): boolean {
  return name.startsWith('.') || name.startsWith('_') || name.endsWith('.tmp');
}

async function isDirectory(dir: string, entry: Dirent): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return (await stat(join(dir, entry.name))).isDirectory();
}

async function list(dir: string, what: string): Promise<Dirent[]> {
  try {
    return await readdir(dir, { withFileTypes: true });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const fault =
      code === 'ENOENT'
        ? 'does not exist'
        : code === 'ENOTDIR'
          ? 'is no directory'
          : `cannot be listed (${code})`;
    throw new ArchiveError(`${what} ${fault}`, {
      code: 'ARCHIVE_NOT_FOUND',
      place: { file: dir },
      remedy: LAYOUT_REMEDY,
      cause: error,
    });
  }
}

function describeEntries(entries: readonly Dirent[]): string {
  if (entries.length === 0) return 'the directory is empty';
  const names = entries.slice(0, 5).map((entry) => entry.name);
  return `found only ${names.join(', ')}${entries.length > 5 ? ` and ${entries.length - 5} more` : ''}`;
}
