import { spawnSync } from 'node:child_process';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

export const DATA_FILE = 'data.mdb';

/** Two meta pages begin the file; the one of the later transaction holds (mdb.c: MDB_page, MDB_meta, MDB_db). */
const MAGIC = 0xbeefc0de;
const MAGIC_AT = 24;
const PAGE_SIZE_AT = 48;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;
const META_BYTES = 160;

/**
 * Says what is wrong with the data file of a directory that nobody has open; null: nothing, or there is no file.
 * LMDB reads by memory map and trusts what it reads: a look behind the end of a file that was cut short would
 * end the process without a word.
 */
export function findDamage(directory: string): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(join(directory, DATA_FILE), 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const size = fstatSync(descriptor).size;
    if (size === 0) return null;
    const first = readMeta(descriptor, 0);
    const second = first === null ? null : readMeta(descriptor, first.pageSize);
    if (first === null || second === null) return 'it does not begin like an LMDB file';
    const meta = first.transaction > second.transaction ? first : second;
    // The last pages of a whole file may be missing, if they are free: only a reader can tell.
    if (size >= (meta.lastPage + 1) * meta.pageSize || canReadAll(directory)) return null;
    return `${size} bytes are left of ${(meta.lastPage + 1) * meta.pageSize}`;
  } finally {
    closeSync(descriptor);
  }
}

/** Of address space, no memory and no disk: more than a worker's states take. */
const MAP_BYTES = 64 * 2 ** 30;
/** What the library begins with by itself. */
const SMALL_MAP_BYTES = 128 * 1024;

/**
 * With how many bytes to map the data file. The library maps a file that outgrows its mapping anew, twice as large,
 * and keeps all former mappings until it closes, each with its pages resident: so the first one is to be the last.
 * A process whose address space is limited has to grow as the library does: where no mapping can be had, LMDB's
 * binding ends the process without a word.
 */
export function mapBytes(): number {
  return isAddressSpaceLimited() ? SMALL_MAP_BYTES : MAP_BYTES;
}

function isAddressSpaceLimited(): boolean {
  try {
    return !/^Max address space +unlimited/m.test(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    // Only Linux tells, and there such limits are set.
    return false;
  }
}

/** More than LMDB wants at once when it opens a directory. */
const ROOM_TO_OPEN = 64 * 1024;
const ZEROS = Buffer.alloc(1 << 20);

/**
 * Throws what the system says when the directory's disk is full. LMDB writes its lock file by memory map: where no
 * page can be had for it, the process would end without a word.
 */
export function requireRoomToOpen(directory: string): void {
  takeRoom(directory, ROOM_TO_OPEN, fsyncSync);
}

/**
 * Throws what the system says when there is no room, or no right, to write so many bytes more. A write that fails
 * within LMDB's binding damages the memory of the process, which then may abort at any time.
 */
export function requireRoomToWrite(directory: string, bytes: number): void {
  // Memory is enough to know: file systems reserve room when they take the bytes.
  takeRoom(directory, bytes, () => {});
}

/** Writes a file of that size, and gives the room back. */
function takeRoom(directory: string, bytes: number, settle: (descriptor: number) => void): void {
  const file = join(directory, 'room');
  const descriptor = openSync(file, 'w');
  try {
    for (let left = bytes; left > 0; ) left -= writeSync(descriptor, ZEROS, 0, Math.min(left, ZEROS.length));
    settle(descriptor);
  } finally {
    closeSync(descriptor);
    rmSync(file, { force: true });
  }
}

interface Meta {
  readonly pageSize: number;
  readonly lastPage: number;
  readonly transaction: bigint;
}

function readMeta(descriptor: number, at: number): Meta | null {
  const bytes = Buffer.alloc(META_BYTES);
  if (readSync(descriptor, bytes, 0, META_BYTES, at) < META_BYTES) return null;
  if (bytes.readUInt32LE(MAGIC_AT) !== MAGIC) return null;
  return {
    pageSize: bytes.readUInt32LE(PAGE_SIZE_AT),
    lastPage: Number(bytes.readBigUInt64LE(LAST_PAGE_AT)),
    transaction: bytes.readBigUInt64LE(TRANSACTION_AT),
  };
}

/** In a process of its own, which a damaged file may end. */
function canReadAll(directory: string): boolean {
  const scan = `
    const { open } = require(process.argv[1]);
    const database = open({ path: process.argv[2], noSubdir: false, encoding: 'binary', keyEncoding: 'binary' });
    for (const { value } of database.getRange()) value.at(-1);
    database.getStats();
    process.exit(0);`;
  const lmdb = createRequire(import.meta.url).resolve('lmdb');
  return spawnSync(process.execPath, ['-e', scan, lmdb, directory], { stdio: 'ignore' }).status === 0;
}
