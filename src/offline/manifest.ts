import { globSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { TidemarkError } from '../errors.ts';
import { OfflineStoreError } from '../sinks/offline-error.ts';
import type { OfflineRows } from '../sinks/offline-store.ts';
import type { EventTimeMs, Version } from '../time.ts';
import type { Coverage } from './coverage.ts';

/**
 * The contract of this folder: a store of rows that replays add to.
 *
 * `STORE/GROUP/v=VERSION` is a link to the present state of a group's rows, a folder beside it that is complete and
 * never changes. An addition makes the next state, of new files and of links to those that stay as they are, and then
 * turns the link: a reader sees one state or the other. The state before is kept for who still reads it, until the next
 * addition.
 */
export interface Manifest {
  readonly format: typeof MANIFEST_FORMAT;
  readonly group: string;
  readonly version: number;
  /** Of the definition that made the rows. */
  readonly fingerprint: string;
  /** Which revisions are kept: the same for every addition. */
  readonly rows: OfflineRows;
  /** In how many buckets the entities of a partition lie. */
  readonly buckets: number;
  /** By partition. */
  readonly coverage: Readonly<Record<string, Coverage>>;
  readonly files: readonly StoredFile[];
}

/** The rows of one partition's entities in one bucket whose windows end in one month, in one file. */
export interface StoredFile extends Cell {
  readonly rows: number;
  readonly bytes: number;
  /** Changes with any of the rows. */
  readonly content: string;
  readonly version: Extent<Version>;
  readonly windowEnd: Extent<EventTimeMs>;
  readonly knownAt: Extent<EventTimeMs>;
  /** The days, UTC and counted from 1970-01-01, in which windows end. */
  readonly days: readonly number[];
}

export interface Cell {
  readonly partition: number;
  readonly bucket: number;
  /** `2026-03`, UTC. */
  readonly month: string;
}

/** The least and the greatest. */
export interface Extent<T> {
  readonly first: T;
  readonly last: T;
}

/** A state of a group's rows, complete, and where it stands. */
export interface StoredState {
  readonly folder: string;
  readonly manifest: Manifest;
}

export const MANIFEST_FORMAT = 1;
/** Readers of folders of Parquet pass over names like this. */
export const MANIFEST_FILE = '_manifest.json';

/** The present state behind a link. Null when there is none. @throws OfflineStoreError when it cannot be used */
export function readState(link: string): StoredState | null {
  if (!isLink(link)) return null;
  const { folder, manifest } = parseState(link);
  if (manifest.format !== MANIFEST_FORMAT) {
    throw new OfflineStoreError(`the store is of format ${String(manifest.format)}`, {
      code: 'STORE_FORMAT',
      place: { file: folder },
      remedy: `This version of tidemark reads format ${MANIFEST_FORMAT}: make the store anew, or use the version that wrote it.`,
    });
  }
  return { folder, manifest };
}

/** The present state of every group of a store, by name and version. */
export function listStates(store: string): StoredState[] {
  const links = globSync('*/v=*', { cwd: store }).map((link) => join(store, link));
  const states = links.map(readState).filter((state) => state !== null);
  const key = ({ manifest }: StoredState) => [manifest.group, manifest.version] as const;
  return states.sort((a, b) => {
    const [[group, version], [otherGroup, otherVersion]] = [key(a), key(b)];
    return group === otherGroup ? version - otherVersion : group < otherGroup ? -1 : 1;
  });
}

/** @throws TidemarkError when the rows are of another definition */
export function refuseOtherDefinition(
  { folder, manifest }: StoredState,
  fingerprint: string,
  remedy: string,
): void {
  if (manifest.fingerprint === fingerprint) return;
  throw new TidemarkError(
    `the store's rows are of another definition of ${manifest.group}:${manifest.version}`,
    {
      code: 'STORE_DEFINITION',
      place: { file: folder },
      remedy,
    },
  );
}

function parseState(link: string): StoredState {
  try {
    const folder = realpathSync(link);
    return { folder, manifest: JSON.parse(readFileSync(join(folder, MANIFEST_FILE), 'utf8')) as Manifest };
  } catch (cause) {
    throw new OfflineStoreError(`the state of the store cannot be read: ${(cause as Error).message}`, {
      code: 'STORE_DAMAGED',
      place: { file: link },
      remedy:
        'Copy the store with what the link points to, or remove it and replay the archive into it anew.',
      cause,
    });
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/** Where the rows of a cell stand in a state's folder. */
export function cellFile({ partition, bucket, month }: Cell): string {
  const number = String(bucket).padStart(4, '0');
  return join(
    `source_partition=${partition}`,
    `entity_bucket=${number}`,
    `window_month=${month}`,
    '00000.parquet',
  );
}
