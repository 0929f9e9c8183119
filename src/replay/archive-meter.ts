import type { Source } from '../definitions/definition.ts';
import type { Progress } from '../progress.ts';
import type { Archive } from '../sources/archive-reader.ts';

/**
 * Tells how far the reading of an archive is. How many records it holds shows only as it is read: the total is an
 * estimate.
 */
export class ArchiveMeter {
  #records = 0;
  readonly #archive: Archive;
  readonly #topics: readonly string[];
  readonly #signal: AbortSignal | undefined;
  readonly #onProgress: ((progress: Progress) => void) | undefined;

  constructor(
    archive: Archive,
    sources: readonly Source[],
    options: { readonly signal?: AbortSignal; readonly onProgress?: (progress: Progress) => void },
  ) {
    this.#archive = archive;
    this.#topics = [...new Set(sources.map((source) => source.topic))];
    this.#signal = options.signal;
    this.#onProgress = options.onProgress;
  }

  /** So many records more were read. Throws when the work is to stop. */
  add(records: number): void {
    this.#signal?.throwIfAborted();
    this.#records += records;
    if (this.#onProgress === undefined) return;
    let total = 0;
    let read = 0;
    for (const topic of this.#topics) {
      const size = this.#archive.size(topic);
      total += size.totalBytes;
      read += size.readBytes;
    }
    this.#onProgress({
      done: this.#records,
      total: read === 0 ? null : Math.round((this.#records * total) / read),
    });
  }
}
