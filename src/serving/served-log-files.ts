import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import type { DurationMs } from '../time.ts';
import type { ServedLogSink } from './served-log.ts';

export const SERVED_LOG_SUFFIX = '.jsonl';

export interface ServedLogFilesOptions {
  /** Made when absent. Several servers may share it. */
  readonly folder: string;
  /** A file that has so many bytes is followed by another. */
  readonly maxBytes: number;
  /** So is one that was begun so long ago. */
  readonly maxAgeMs: DurationMs;
  /** Milliseconds since 1970. Default: the machine's clock. */
  readonly now?: () => number;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly begun: number;
  bytes: number;
}

/** Files of lines, named by when they were begun: the order of the names is that of time. */
export class ServedLogFiles implements ServedLogSink {
  readonly #options: ServedLogFilesOptions;
  readonly #now: () => number;
  /** Tells the files of servers apart that began one in the same millisecond. */
  readonly #server = randomBytes(4).toString('hex');
  #files = 0;
  #current: OpenFile | null = null;

  constructor(options: ServedLogFilesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  async write(lines: readonly string[]): Promise<void> {
    const file = await this.#fileFor();
    const bytes = Buffer.from(`${lines.join('\n')}\n`);
    try {
      await file.handle.appendFile(bytes);
    } catch (error) {
      // What was written of them would be written twice. Where that fails too, the file ends in a torn line.
      await file.handle.truncate(file.bytes).catch(() => {});
      await this.close();
      throw error;
    }
    file.bytes += bytes.length;
  }

  async close(): Promise<void> {
    const file = this.#current;
    this.#current = null;
    await file?.handle.close();
  }

  async #fileFor(): Promise<OpenFile> {
    const { maxBytes, maxAgeMs } = this.#options;
    const current = this.#current;
    const now = this.#now();
    if (current !== null && current.bytes < maxBytes && now - current.begun < maxAgeMs) return current;
    await this.close();
    await mkdir(this.#options.folder, { recursive: true });
    const file = {
      handle: await open(join(this.#options.folder, this.#nameAt(now)), 'ax'),
      begun: now,
      bytes: 0,
    };
    this.#current = file;
    return file;
  }

  #nameAt(now: number): string {
    const time = new Date(now).toISOString().replaceAll(/[-:.]/g, '');
    const number = String(this.#files++).padStart(6, '0');
    return `served-${time}-${number}-${this.#server}${SERVED_LOG_SUFFIX}`;
  }
}
