import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import type { FeatureGroup, Source } from '../definitions/definition.ts';
import { assert } from '../errors.ts';
import type { RevisionBatch, Timing } from '../operators/revision.ts';

import { type DroppedWriter, openDropped, openRejected, type RejectedWriter } from './dead-letters.ts';
import { groupFolder } from './group-folder.ts';
import { offlineFailure } from './offline-error.ts';
import { Staging } from './offline-staging.ts';
import { DuckDbRevisionWriter, type WriterLimits } from './offline-writer.ts';
import { sortingMemory } from './sorting-memory.ts';

/**
 * The contract of the offline store: the revision log as files (semantics.md, "Offline store"; interface.md,
 * "Rows"). Nothing stands in its place before {@link OfflineStore.finish} has written everything.
 */

/** `final`: the last revision of each row; `revisions`: on-time and late ones; `all`: early ones too. */
export type OfflineRows = 'final' | 'revisions' | 'all';
export type OfflineFormat = 'parquet' | 'jsonl';

/** Takes the revisions of one group. */
export interface RevisionWriter {
  /**
   * Takes over every row of the batch, which may be cleared afterwards. Batches of different tasks may follow
   * each other in any order; no two tasks have an entity in common.
   */
  append(batch: RevisionBatch): void;
}

export interface RevisionSummary {
  /** Rows written. */
  readonly rows: number;
  /** Revisions taken, whichever of them were written. */
  readonly revisions: Readonly<Record<Timing, number>>;
  /** Names of the files, in the order of their rows. */
  readonly files: readonly string[];
  readonly bytes: number;
}

export interface OfflineGroup {
  readonly revisions: RevisionWriter;
  readonly dropped: DroppedWriter;
  readonly rejected: RejectedWriter;
}

export interface OfflineSource {
  readonly rejected: RejectedWriter;
}

export interface OfflineGroupSummary extends RevisionSummary {
  readonly group: FeatureGroup;
  /** Where the files stand. */
  readonly directory: string;
}

export interface OfflineOptions {
  /** OUT: groups stand in it as `GROUP/v=VERSION`, sources as `_sources/SOURCE`. */
  readonly directory: string;
  readonly rows: OfflineRows;
  readonly format: OfflineFormat;
  /** Replaces the folders of the groups and sources opened; otherwise one that holds files is an error. */
  readonly overwrite: boolean;
  /** What sorting may take of the memory; what does not fit waits on the disk. By default a quarter of it. */
  readonly memoryLimitBytes?: number;
  /** By default one per processor. */
  readonly threads?: number;
  readonly limits?: Partial<WriterLimits>;
}

const DEFAULT_LIMITS: WriterLimits = {
  maxRowsPerFile: 20_000_000,
  maxOpenRows: 1_000_000,
  maxEntities: 4_000_000,
};

interface GroupState extends OfflineGroup {
  readonly group: FeatureGroup;
  readonly folder: string;
  readonly connection: DuckDBConnection;
  readonly revisions: DuckDbRevisionWriter;
}

/** The output of one replay. Every failure of the disk is an OfflineStoreError. */
export class OfflineStore {
  readonly #options: OfflineOptions;
  readonly #staging: Staging;
  readonly #instance: DuckDBInstance;
  readonly #groups: GroupState[] = [];
  readonly #sources: OfflineSource[] = [];
  #ended = false;

  private constructor(options: OfflineOptions, staging: Staging, instance: DuckDBInstance) {
    this.#options = options;
    this.#staging = staging;
    this.#instance = instance;
  }

  static async open(options: OfflineOptions): Promise<OfflineStore> {
    const staging = new Staging(options.directory, options.overwrite);
    try {
      const instance = await DuckDBInstance.create(':memory:', {
        temp_directory: staging.scratch(),
        memory_limit: sortingMemory(options.memoryLimitBytes),
        ...(options.threads === undefined ? {} : { threads: String(options.threads) }),
      });
      return new OfflineStore(options, staging, instance);
    } catch (error) {
      staging.remove();
      throw offlineFailure('cannot open the offline store', options.directory, error);
    }
  }

  /** Refused when rows of this group's version stand there and `overwrite` is not set. */
  async openGroup(group: FeatureGroup): Promise<OfflineGroup> {
    assert(!this.#ended, 'the store is open');
    const folder = groupFolder(group);
    const directory = this.#staging.folder(folder);
    const connection = await this.#instance.connect();
    const schema = `group_${this.#groups.length}`;
    await connection.run(`CREATE SCHEMA ${schema}; USE ${schema}`);
    const revisions = await DuckDbRevisionWriter.create(connection, group, {
      directory,
      rows: this.#options.rows,
      format: this.#options.format,
      limits: { ...DEFAULT_LIMITS, ...this.#options.limits },
    });
    const dropped = openDropped(join(directory, 'dropped.jsonl'), 0);
    const rejected = openRejected(join(directory, 'rejected.jsonl'), 0);
    const state: GroupState = { group, folder, connection, revisions, dropped, rejected };
    this.#groups.push(state);
    return state;
  }

  /** Refused as {@link openGroup} is. */
  openSource(source: Source): OfflineSource {
    assert(!this.#ended, 'the store is open');
    const directory = this.#staging.folder(join('_sources', source.name));
    const state: OfflineSource = { rejected: openRejected(join(directory, 'rejected.jsonl'), 0) };
    this.#sources.push(state);
    return state;
  }

  /** Sorts and writes everything, then puts it in place. After a failure nothing has changed there. */
  async finish(): Promise<OfflineGroupSummary[]> {
    assert(!this.#ended, 'the store is open');
    try {
      const summaries: OfflineGroupSummary[] = [];
      for (const { group, folder, revisions, dropped, rejected } of this.#groups) {
        await dropped.close();
        await rejected.close();
        const directory = join(this.#options.directory, folder);
        summaries.push({ ...(await revisions.close()), group, directory });
      }
      for (const { rejected } of this.#sources) await rejected.close();
      this.#staging.publish();
      return summaries;
    } catch (error) {
      throw offlineFailure('cannot write the rows', this.#options.directory, error);
    } finally {
      this.abort();
    }
  }

  /** Gives the run up and removes what it wrote. Harmless after {@link finish}. */
  abort(): void {
    if (this.#ended) return;
    this.#ended = true;
    for (const { connection, dropped, rejected } of this.#groups) {
      dropped.discard();
      rejected.discard();
      connection.disconnectSync();
    }
    for (const { rejected } of this.#sources) rejected.discard();
    this.#instance.closeSync();
    this.#staging.remove();
  }
}
