import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What a reader's file holds. */
interface StoredMember {
  readonly group: string;
  readonly member: string;
  /** The process of the reader. */
  readonly pid: number;
}

/**
 * Who this reader is in its consumer group, kept in a file: one that was killed said no farewell, and the group
 * would keep its partitions for it until its session is over. Whoever comes after it says the farewell for it, or
 * who started its process.
 */
export class KafkaMember {
  readonly #group: string;
  readonly #file: string | null;
  #id: string | null;

  /** @param file of which no other living process makes use; null: remembered only as long as the reader lives */
  constructor(group: string, file: string | null) {
    this.#group = group;
    this.#file = file;
    this.#id = file === null ? null : (read(file, group)?.member ?? null);
  }

  /** Of this reader or its predecessor; null when the group knows of neither. */
  get id(): string | null {
    return this.#id;
  }

  joined(id: string): void {
    if (id === this.#id) return;
    this.#id = id;
    if (this.#file === null) return;
    const stored: StoredMember = { group: this.#group, member: id, pid: process.pid };
    try {
      writeFileSync(this.#file, JSON.stringify(stored));
    } catch {
      // Without it whoever waits for the partitions of a reader that is killed waits for the session's end.
    }
  }

  left(): void {
    this.#id = null;
    if (this.#file !== null) rmSync(this.#file, { force: true });
  }
}

/** The file of the one reader that works in a directory. */
export function memberFileIn(directory: string): string {
  return join(directory, 'kafka-member.json');
}

/** The member that the reader of a process was last; null when the file knows of none, or of another process's. */
export function memberOfProcess(pid: number, group: string, file: string): string | null {
  const stored = read(file, group);
  return stored?.pid === pid ? stored.member : null;
}

/** Null too when the file is of another group, or a crash has left half of it. */
function read(file: string, group: string): StoredMember | null {
  try {
    const stored = JSON.parse(readFileSync(file, 'utf8')) as Partial<StoredMember> | null;
    if (stored?.group !== group || typeof stored.member !== 'string') return null;
    return typeof stored.pid === 'number' ? (stored as StoredMember) : null;
  } catch {
    return null;
  }
}
