import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OfflineStoreError, offlineFailure } from './offline-error.ts';

const PREFIX = '.partial-';
/** Of this process, still being filled. */
const active = new Set<string>();
let serial = 0;

/**
 * Everything is written under a hidden folder of the output directory and moved to its place, folder by folder,
 * when all of it is complete: whoever reads the output never sees a half-written file, and a run that was
 * killed leaves the output as it was. What killed runs left hidden is removed by the next one.
 */
export class Staging {
  readonly root: string;
  readonly #output: string;
  readonly #overwrite: boolean;
  readonly #folders: string[] = [];

  /** Throws an OfflineStoreError when `output` cannot be made. */
  constructor(output: string, overwrite: boolean) {
    this.#output = output;
    this.#overwrite = overwrite;
    this.root = join(output, `${PREFIX}${process.pid}-${serial++}`);
    try {
      mkdirSync(output, { recursive: true });
      removeLeftovers(output);
      mkdirSync(this.root);
    } catch (error) {
      throw offlineFailure('cannot make the output directory', output, error);
    }
    active.add(this.root);
  }

  /**
   * Where to write the files that will stand in `folder` of the output. Refused when files stand there, unless
   * this run may overwrite: a folder is replaced as a whole, old and new files never mix.
   */
  folder(folder: string): string {
    const target = join(this.#output, folder);
    if (!this.#overwrite && holdsFiles(target)) throw exists(target);
    const staged = join(this.root, 'new', folder);
    try {
      mkdirSync(staged, { recursive: true });
    } catch (error) {
      throw offlineFailure('cannot make the directory', staged, error);
    }
    this.#folders.push(folder);
    return staged;
  }

  /** A folder for files that are gone at the end. */
  scratch(): string {
    return join(this.root, 'scratch');
  }

  /** Moves every folder to its place. */
  publish(): void {
    for (const [index, folder] of this.#folders.entries()) {
      const target = join(this.#output, folder);
      try {
        mkdirSync(dirname(target), { recursive: true });
        if (holdsFiles(target)) {
          if (!this.#overwrite) throw exists(target);
          renameSync(target, join(this.root, `old-${index}`));
        }
        renameSync(join(this.root, 'new', folder), target);
      } catch (error) {
        throw offlineFailure('cannot put the output in place', target, error);
      }
    }
    this.remove();
  }

  /** Removes whatever is not published. */
  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
    active.delete(this.root);
  }
}

function exists(target: string): OfflineStoreError {
  return new OfflineStoreError('the output directory already holds files', {
    code: 'OFFLINE_OUTPUT_EXISTS',
    place: { file: target },
    remedy: 'Choose another --out, or replace what is there with --overwrite.',
  });
}

function holdsFiles(directory: string): boolean {
  try {
    return readdirSync(directory).length > 0;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw offlineFailure('cannot read the output directory', directory, error);
  }
}

function removeLeftovers(output: string): void {
  for (const name of readdirSync(output)) {
    if (!name.startsWith(PREFIX)) continue;
    const path = join(output, name);
    const pid = Number.parseInt(name.slice(PREFIX.length), 10);
    if (!active.has(path) && (pid === process.pid || !isAlive(pid))) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
