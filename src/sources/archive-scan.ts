import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readAvroFile } from './archive-avro.ts';
import {
  ArchiveError,
  type ArchiveFile,
  type ArchiveFileReader,
  type ArchiveFormat,
} from './archive-file.ts';
import { readJsonLines } from './archive-jsonl.ts';

/** Finds the files of an archive (interface.md, "Archive"). */

export interface Topic {
  /** Rising. */
  readonly partitions: ReadonlyMap<number, readonly ArchiveFile[]>;
  readonly progress: { totalBytes: number; readBytes: number };
}

export const READERS: Readonly<Record<ArchiveFormat, ArchiveFileReader>> = {
  avro: readAvroFile,
  jsonl: readJsonLines,
  'jsonl.gz': readJsonLines,
  'jsonl.zst': readJsonLines,
};

const LAYOUT_REMEDY =
  'An archive is a directory with files TOPIC/PARTITION/START.avro, .jsonl, .jsonl.gz or .jsonl.zst.';

/**
 * The topics by name; in place of one that cannot be used its error, since others may be fine.
 * @throws ArchiveError when there is no such directory, or no topic in it
 */
export async function scanArchive(dir: string): Promise<ReadonlyMap<string, Topic | ArchiveError>> {
  const entries = await list(dir, 'the archive');
  const topics = new Map<string, Topic | ArchiveError>();
  for (const entry of entries) {
    if (isHidden(entry.name) || !(await isDirectory(dir, entry))) continue;
    topics.set(entry.name, await scanTopic(dir, entry.name));
  }
  if (topics.size > 0) return topics;
  throw new ArchiveError(`the archive holds no topic: ${describeEntries(entries)}`, {
    code: 'ARCHIVE_EMPTY',
    place: { file: dir },
    remedy: LAYOUT_REMEDY,
  });
}

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

/** The files of a partition's directory in the order of their first offsets. */
export async function scanPartition(dir: string): Promise<ArchiveFile[]> {
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
