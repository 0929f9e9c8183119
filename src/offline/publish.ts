import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Cell, cellFile, MANIFEST_FILE, type Manifest, type StoredState } from './manifest.ts';

/** The next state of a group's rows while it is made: nothing of it is seen before {@link NextState.publish}. */
export class NextState {
  readonly #link: string;
  readonly #before: StoredState | null;
  readonly #folder: string;

  /** @param folder where it is made: empty, and on the store's own disk */
  constructor(link: string, before: StoredState | null, folder: string) {
    this.#link = link;
    this.#before = before;
    this.#folder = folder;
  }

  /** Where to write the rows of a cell. */
  file(cell: Cell): string {
    const file = join(this.#folder, cellFile(cell));
    mkdirSync(dirname(file), { recursive: true });
    return file;
  }

  /** The rows of the cell stay as they are. */
  keep(cell: Cell): void {
    linkSync(join(this.#before!.folder, cellFile(cell)), this.file(cell));
  }

  /** Puts the state in the place of the one before, at once, and removes all others. */
  publish(manifest: Manifest): void {
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, MANIFEST_FILE), `${JSON.stringify(manifest, null, 1)}\n`);
    const parent = dirname(this.#link);
    mkdirSync(parent, { recursive: true });
    const prefix = `.${basename(this.#link)}.`;
    const present = this.#before === null ? null : readlinkSync(this.#link);
    const number = present === null ? 1 : Number(present.slice(prefix.length)) + 1;
    const name = prefix + String(number).padStart(6, '0');
    // Of a run that was killed just before it turned the link.
    rmSync(join(parent, name), { recursive: true, force: true });
    renameSync(this.#folder, join(parent, name));
    const turned = join(parent, `${prefix}link`);
    rmSync(turned, { force: true });
    symlinkSync(name, turned);
    renameSync(turned, this.#link);
    for (const other of readdirSync(parent)) {
      if (!other.startsWith(prefix) || other === name || other === present) continue;
      rmSync(join(parent, other), { recursive: true });
    }
  }
}

/** Whether something stands there that no addition wrote, such as the rows of a replay `--out`. */
export function isForeign(link: string, before: StoredState | null): boolean {
  return before === null && existsSync(link);
}
