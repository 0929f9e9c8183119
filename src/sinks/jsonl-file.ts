import { closeSync, fdatasync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { promisify } from 'node:util';
import { assert } from '../errors.ts';
import { OfflineStoreError, offlineFailure } from './offline-error.ts';

const syncData = promisify(fdatasync);
/** Written through when this many bytes wait: large enough that a system call costs nothing per line. */
const BUFFER_BYTES = 256 * 1024;

/**
 * A file of lines that only grows. Lines wait in a buffer; {@link flush} makes them durable. A writer that was
 * killed opens it again at the length it had committed: what was written after that is cut off and written anew.
 */
export class JsonlFile {
  readonly path: string;
  readonly #descriptor: number;
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #buffered = 0;
  #written: number;
  #closed = false;

  private constructor(path: string, descriptor: number, written: number) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#written = written;
  }

  /** The file with its first `committedBytes` bytes; with 0 a new one, or one that is emptied. */
  static openAppend(path: string, committedBytes: number): JsonlFile {
    let descriptor: number;
    let size: number;
    try {
      descriptor = openSync(path, 'a');
      size = fstatSync(descriptor).size;
      if (size > committedBytes) ftruncateSync(descriptor, committedBytes);
    } catch (error) {
      throw offlineFailure('cannot open the file', path, error);
    }
    if (size < committedBytes) {
      closeSync(descriptor);
      throw new OfflineStoreError(`the file has ${size} bytes, but ${committedBytes} were committed`, {
        code: 'OFFLINE_FILE_SHORT',
        place: { file: path },
        remedy: 'Put back the file that belongs to this state directory, or remove both and start over.',
      });
    }
    return new JsonlFile(path, descriptor, committedBytes);
  }

  /** Length in bytes with everything appended so far: what to commit after the next {@link flush}. */
  position(): number {
    return this.#written + this.#buffered;
  }

  /** Adds `text` and a line feed. */
  append(text: string): void {
    assert(!this.#closed, 'append to a closed file');
    // A UTF-16 unit takes at most three bytes.
    const most = text.length * 3 + 1;
    if (this.#buffered + most > BUFFER_BYTES) this.#writeThrough();
    if (most > BUFFER_BYTES) {
      this.#write(Buffer.from(`${text}\n`));
      return;
    }
    this.#buffered += this.#buffer.write(text, this.#buffered);
    this.#buffer[this.#buffered++] = 0x0a;
  }

  /** Resolves when everything appended before the call is on the disk. */
  async flush(): Promise<void> {
    this.#writeThrough();
    try {
      await syncData(this.#descriptor);
    } catch (error) {
      throw offlineFailure('cannot write', this.path, error);
    }
  }

  /** Flushes and closes. Closing twice is harmless. */
  async close(): Promise<void> {
    if (this.#closed) return;
    await this.flush();
    this.discard();
  }

  /** Closes without writing what still waits, for a run that is given up. */
  discard(): void {
    if (this.#closed) return;
    this.#closed = true;
    closeSync(this.#descriptor);
  }

  #writeThrough(): void {
    if (this.#buffered === 0) return;
    const bytes = this.#buffer.subarray(0, this.#buffered);
    this.#buffered = 0;
    this.#write(bytes);
  }

  #write(bytes: Uint8Array): void {
    try {
      let at = 0;
      while (at < bytes.length) at += writeSync(this.#descriptor, bytes, at);
    } catch (error) {
      throw offlineFailure('cannot write', this.path, error);
    }
    this.#written += bytes.length;
  }
}
