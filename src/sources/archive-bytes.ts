import { type FileHandle, open } from 'node:fs/promises';

/** How much of a file is read at a time, in bytes. */
const CHUNK_BYTES = 1 << 20;

/**
 * A file read from front to end with a look ahead of any length: only the bytes between the cursor and the
 * furthest byte asked for are held. Buffers are never reused, so views of them stay valid.
 */
export class FileBytes implements AsyncDisposable {
  /** The file's length when it was opened. */
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #onRead: (bytes: number) => void;
  #buffer: Buffer = Buffer.alloc(0);
  #cursor = 0;
  #bufferStart = 0;

  private constructor(handle: FileHandle, size: number, onRead: (bytes: number) => void) {
    this.#handle = handle;
    this.size = size;
    this.#onRead = onRead;
  }

  static async open(path: string, onRead: (bytes: number) => void): Promise<FileBytes> {
    const handle = await open(path, 'r');
    try {
      return new FileBytes(handle, (await handle.stat()).size, onRead);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Where the cursor stands in the file. */
  get position(): number {
    return this.#bufferStart + this.#cursor;
  }

  get remaining(): number {
    return this.size - this.position;
  }

  /** What is held from the cursor on. */
  get ahead(): Buffer {
    return this.#buffer.subarray(this.#cursor);
  }

  /** Makes {@link ahead} at least `length` bytes long; false when the file ends before. */
  async ensure(length: number): Promise<boolean> {
    const held = this.#buffer.length - this.#cursor;
    if (held >= length) return true;
    if (this.remaining < length) return false;
    const wanted = Math.min(Math.max(length, CHUNK_BYTES), this.remaining);
    const next = Buffer.allocUnsafeSlow(wanted);
    this.#buffer.copy(next, 0, this.#cursor);
    this.#bufferStart += this.#cursor;
    this.#cursor = 0;
    let filled = held;
    while (filled < wanted) {
      const { bytesRead } = await this.#handle.read(
        next,
        filled,
        wanted - filled,
        this.#bufferStart + filled,
      );
      if (bytesRead === 0) break;
      filled += bytesRead;
      this.#onRead(bytesRead);
    }
    this.#buffer = next.subarray(0, filled);
    return filled >= length;
  }

  /** Takes `length` bytes that {@link ensure} has promised. */
  take(length: number): Buffer {
    const taken = this.#buffer.subarray(this.#cursor, this.#cursor + length);
    this.#cursor += length;
    return taken;
  }

  /** Moves the cursor, before anything has been read. */
  skipTo(position: number): void {
    this.#bufferStart = position;
  }

  /** Moves behind the next `marker`; false, with the cursor at the end, when there is none. */
  async skipBehind(marker: Buffer): Promise<boolean> {
    while (await this.ensure(marker.length)) {
      const found = this.ahead.indexOf(marker);
      if (found >= 0) {
        this.take(found + marker.length);
        return true;
      }
      this.take(this.ahead.length - marker.length + 1);
    }
    this.take(this.ahead.length);
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
  }
}
