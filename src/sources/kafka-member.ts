import { readFileSync, rmSync, writeFileSync } from 'node:fs';

/**
 * Who this reader is in its consumer group, kept in a file: one that was killed said no farewell, and the group
 * would keep its partitions for it until its session is over. Whoever comes after it says the farewell for it.
 */
export class KafkaMember {
  readonly #group: string;
  readonly #file: string | null;
  #id: string | null;

  /** @param file of which no other living process makes use; null: remembered only as long as the reader lives */
  constructor(group: string, file: string | null) {
    this.#group = group;
    this.#file = file;
    this.#id = file === null ? null : read(file, group);
  }

  /** Of this reader or its predecessor; null when the group knows of neither. */
  get id(): string | null {
    return this.#id;
  }

  joined(id: string): void {
    if (id === this.#id) return;
    this.#id = id;
    if (this.#file === null) return;
    try {
      writeFileSync(this.#file, JSON.stringify({ group: this.#group, member: id }));
    } catch {
      // Without it the successor of a reader that is killed waits for the session's end, and loses nothing.
    }
  }

  left(): void {
    this.#id = null;
    if (this.#file !== null) rmSync(this.#file, { force: true });
  }
}

/** Null too when the file is of another group, or a crash has left half of it. */
function read(file: string, group: string): string | null {
  try {
    const stored = JSON.parse(readFileSync(file, 'utf8')) as { group?: unknown; member?: unknown } | null;
    return stored?.group === group && typeof stored.member === 'string' ? stored.member : null;
  } catch {
    return null;
  }
}
