import type { FeatureGroup, Source } from '../definitions/definition.ts';
import {
  type OfflineGroup,
  type OfflineOptions,
  type OfflineSource,
  OfflineStore,
} from '../sinks/offline-store.ts';
import type { PartitionOutput, ReplayOutput, WrittenGroup } from './replay-output.ts';

/** The rows of one replay as files of their own: those of all partitions together. */
export class FilesOutput implements ReplayOutput {
  readonly #store: OfflineStore;
  readonly #groups: ReadonlyMap<FeatureGroup, OfflineGroup>;
  readonly #sources = new Map<Source, OfflineSource>();

  private constructor(store: OfflineStore, groups: ReadonlyMap<FeatureGroup, OfflineGroup>) {
    this.#store = store;
    this.#groups = groups;
  }

  /** @throws OfflineStoreError when rows of a group stand there and may not be replaced */
  static async open(options: OfflineOptions, groups: readonly FeatureGroup[]): Promise<FilesOutput> {
    const store = await OfflineStore.open(options);
    try {
      const opened = new Map<FeatureGroup, OfflineGroup>();
      for (const group of groups) opened.set(group, await store.openGroup(group));
      return new FilesOutput(store, opened);
    } catch (error) {
      store.abort();
      throw error;
    }
  }

  openPartition(source: Source): Promise<PartitionOutput> {
    const opened = this.#sources.get(source) ?? this.#store.openSource(source);
    this.#sources.set(source, opened);
    return Promise.resolve({
      rejected: opened.rejected,
      group: (group) => this.#groups.get(group)!,
      close: () => Promise.resolve(),
    });
  }

  async finish(): Promise<WrittenGroup[]> {
    const summaries = await this.#store.finish();
    return summaries.map(({ group, rows, revisions, directory, files }) => ({
      ...{ group, rows, revisions, directory },
      files: { written: files.length, kept: 0 },
    }));
  }

  abort(): void {
    this.#store.abort();
  }
}
