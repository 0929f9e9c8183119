import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { FeatureGroup, Source } from '../definitions/definition.ts';
import type { Timing } from '../operators/revision.ts';
import type { PartitionOutput, ReplayOutput, WrittenGroup } from '../replay/replay-output.ts';
import { groupFolder } from '../sinks/group-folder.ts';
import { OfflineStoreError, offlineFailure } from '../sinks/offline-error.ts';
import { type OfflineGroup, type OfflineRows, OfflineStore } from '../sinks/offline-store.ts';
import { ScratchDatabase } from '../sinks/scratch-database.ts';
import { DirectoryLock } from '../state/directory-lock.ts';
import { acceptedSpans, type Coverage, cover, type Slice } from './coverage.ts';
import {
  listStates,
  MANIFEST_FORMAT,
  type Manifest,
  readState,
  refuseOtherDefinition,
  type StoredFile,
  type StoredState,
} from './manifest.ts';
import { mergeSlice } from './merge-slice.ts';
import { isForeign, NextState } from './publish.ts';

export interface StoreOptions {
  readonly directory: string;
  /** Which revisions to keep; null: those that the store keeps, all of a new one. */
  readonly rows: OfflineRows | null;
  /** In how many buckets the entities of a partition lie; null: as many as the store has. */
  readonly buckets: number | null;
}

/** What all additions to a store have in common. */
interface StoreSettings {
  readonly rows: OfflineRows;
  readonly buckets: number;
}

const DEFAULTS: StoreSettings = { rows: 'all', buckets: 16 };

/** Holds the lock, and what is being made. */
const WORK_FOLDER = '.adding';

/** What one replay adds to a store. Rows of the log that it read take the place of those that were there. */
export class StoreAddition implements ReplayOutput {
  readonly #directory: string;
  readonly #lock: DirectoryLock;
  readonly #database: ScratchDatabase;
  readonly #settings: StoreSettings;
  readonly #groups: readonly GroupAddition[];
  #partition: OfflineStore | null = null;
  #ended = false;

  private constructor(
    directory: string,
    lock: DirectoryLock,
    database: ScratchDatabase,
    settings: StoreSettings,
    groups: readonly GroupAddition[],
  ) {
    this.#directory = directory;
    this.#lock = lock;
    this.#database = database;
    this.#settings = settings;
    this.#groups = groups;
  }

  /** @throws OfflineStoreError when the store is of other definitions or other rows, or is being added to */
  static async open(options: StoreOptions, groups: readonly FeatureGroup[]): Promise<StoreAddition> {
    const { directory } = options;
    const work = join(directory, WORK_FOLDER);
    let lock: DirectoryLock;
    try {
      mkdirSync(work, { recursive: true });
      lock = DirectoryLock.acquire(work, (holder) => storeInUse(directory, holder));
    } catch (error) {
      throw offlineFailure('cannot open the store', directory, error);
    }
    try {
      rmSync(newFolder(directory), { recursive: true, force: true });
      mkdirSync(newFolder(directory));
      const settings = settingsOf(options);
      const additions = groups.map((group) => new GroupAddition(directory, settings, group));
      const database = await ScratchDatabase.create(newFolder(directory));
      return new StoreAddition(directory, lock, database, settings, additions);
    } catch (error) {
      lock.release();
      throw offlineFailure('cannot open the store', directory, error);
    }
  }

  async openPartition(source: Source, partition: number): Promise<PartitionOutput> {
    const mine = this.#groups.filter(({ group }) => group.source === source);
    const directory = join(newFolder(this.#directory), 'slices', source.name, String(partition));
    const store = await OfflineStore.open({
      directory,
      rows: this.#settings.rows,
      format: 'parquet',
      overwrite: false,
    });
    this.#partition = store;
    const opened = new Map<FeatureGroup, OfflineGroup>();
    for (const { group } of mine) opened.set(group, await store.openGroup(group));
    return {
      rejected: store.openSource(source).rejected,
      group: (group) => opened.get(group)!,
      close: async (slice) => {
        const written = await store.finish();
        for (const [index, { files, revisions, directory: folder }] of written.entries()) {
          if (slice === null) continue;
          const paths = files.map((file) => join(folder, file));
          await mine[index]!.add(this.#database, partition, slice, paths, revisions);
        }
        rmSync(directory, { recursive: true });
      },
    };
  }

  async finish(): Promise<WrittenGroup[]> {
    try {
      return this.#groups.map((group) => group.publish());
    } catch (error) {
      throw offlineFailure('cannot put the rows in place', this.#directory, error);
    } finally {
      this.abort();
    }
  }

  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#partition?.abort();
    this.#database.close();
    rmSync(newFolder(this.#directory), { recursive: true, force: true });
    this.#lock.release();
  }
}

/** What a replay adds to the rows of one group. */
class GroupAddition {
  readonly group: FeatureGroup;
  readonly #directory: string;
  readonly #settings: StoreSettings;
  readonly #before: StoredState | null;
  readonly #next: NextState;
  readonly #coverage: Record<string, Coverage>;
  readonly #files: StoredFile[] = [];
  readonly #merged = new Set<number>();
  readonly #revisions: Record<Timing, number> = { early: 0, 'on-time': 0, late: 0 };
  #written = 0;

  constructor(directory: string, settings: StoreSettings, group: FeatureGroup) {
    this.group = group;
    this.#directory = join(directory, groupFolder(group));
    const before = readState(this.#directory);
    if (isForeign(this.#directory, before)) {
      throw refusal(this.#directory, 'rows stand there that are no part of a store', 'Give another folder.');
    }
    const another = 'Give the definition another version, or another folder.';
    if (before !== null) refuseOtherDefinition(before, group.fingerprint, another);
    this.#before = before;
    this.#settings = settings;
    this.#coverage = { ...before?.manifest.coverage };
    this.#next = new NextState(
      this.#directory,
      before,
      join(newFolder(directory), 'groups', groupFolder(group)),
    );
  }

  /** Adds the rows of a partition's slice. */
  async add(
    database: ScratchDatabase,
    partition: number,
    slice: Slice,
    paths: readonly string[],
    revisions: Readonly<Record<Timing, number>>,
  ): Promise<void> {
    const coverage = this.#coverage[partition] ?? null;
    const { group } = this;
    const merge = { database, group, partition, ...this.#settings, before: this.#before, next: this.#next };
    const { files, written } = await mergeSlice(merge, paths, acceptedSpans(coverage, slice));
    this.#coverage[partition] = cover(coverage, slice);
    this.#files.push(...files);
    this.#merged.add(partition);
    this.#written += written;
    for (const timing of ['early', 'on-time', 'late'] as const) this.#revisions[timing] += revisions[timing];
  }

  publish(): WrittenGroup {
    const { group } = this;
    for (const file of this.#before?.manifest.files ?? []) {
      if (this.#merged.has(file.partition)) continue;
      this.#next.keep(file);
      this.#files.push(file);
    }
    const manifest: Manifest = {
      format: MANIFEST_FORMAT,
      group: group.name,
      version: group.version,
      fingerprint: group.fingerprint,
      ...this.#settings,
      coverage: this.#coverage,
      files: this.#files,
    };
    this.#next.publish(manifest);
    return {
      group,
      rows: this.#files.reduce((sum, file) => sum + file.rows, 0),
      revisions: this.#revisions,
      directory: this.#directory,
      files: { written: this.#written, kept: this.#files.length - this.#written },
    };
  }
}

/** What is being made: gone when the addition ends. */
function newFolder(directory: string): string {
  return join(directory, WORK_FOLDER, 'new');
}

/** Those of the store, whatever group is in it. @throws OfflineStoreError when others are asked for */
function settingsOf({ directory, rows, buckets }: StoreOptions): StoreSettings {
  const [present] = listStates(directory);
  if (present === undefined) return { rows: rows ?? DEFAULTS.rows, buckets: buckets ?? DEFAULTS.buckets };
  const kept = present.manifest;
  if (rows !== null && rows !== kept.rows) {
    const problem = `the store keeps --rows ${kept.rows}`;
    throw refusal(directory, problem, 'Leave --rows out, or give another folder.');
  }
  if (buckets !== null && buckets !== kept.buckets) {
    const problem = `the store has --buckets ${kept.buckets}`;
    throw refusal(directory, problem, 'Leave --buckets out, or give another folder.');
  }
  return { rows: kept.rows, buckets: kept.buckets };
}

function refusal(file: string, message: string, remedy: string): OfflineStoreError {
  return new OfflineStoreError(message, { code: 'STORE_REFUSED', place: { file }, remedy, exitCode: 2 });
}

function storeInUse(directory: string, holder: string): OfflineStoreError {
  return new OfflineStoreError(`the store is being added to${holder}`, {
    code: 'STORE_IN_USE',
    place: { file: directory },
    remedy: 'Wait until that is done.',
  });
}
