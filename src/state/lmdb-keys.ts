import { createHash } from 'node:crypto';
import type { KeyRange, StateTable } from './state-store.ts';

/**
 * How the LMDB store lays out its keys. The first byte tells the kind: progress and facts by name, entries of a task's
 * tables by the task's number (four bytes, big-endian) and their own key, in whose order they lie.
 */
export const FORMAT_KEY = Buffer.from([0]);
const PROGRESS = 1;
const FACT = 2;
const KINDS: Readonly<Record<StateTable, number>> = { chunks: 3, rows: 4 };

/** LMDB's limit with pages of 4,096 bytes. */
const MAX_KEY_BYTES = 1978;
const PREFIX_BYTES = 5;
/**
 * What an entry's key too long for LMDB is stored under: its first bytes, then its SHA-256. The whole key stands before
 * the state. Only such a key fills LMDB's limit.
 */
const HASH_BYTES = 32;
const LONG_HEAD_BYTES = MAX_KEY_BYTES - PREFIX_BYTES - HASH_BYTES;

export const progressKey = (task: string): Buffer => named(PROGRESS, task);
export const factKey = (name: string): Buffer => named(FACT, name);

/** All progress keys, for a scan; the end is not in it. */
export const PROGRESS_RANGE = { start: Buffer.from([PROGRESS]), end: Buffer.from([PROGRESS + 1]) };

/** Names too long for a key are told apart by their hash. */
function named(kind: number, name: string): Buffer {
  const text = Buffer.from(name);
  return Buffer.concat([Buffer.from([kind]), text.length < MAX_KEY_BYTES ? text : sha256(text)]);
}

function isLong(key: Uint8Array): boolean {
  return PREFIX_BYTES + key.length >= MAX_KEY_BYTES;
}

/** Writes the store's key of an entry into `scratch`, which has room for the longest, and returns the part that it takes. */
export function entryKey(table: StateTable, task: number, key: Uint8Array, scratch: Buffer): Buffer {
  scratch[0] = KINDS[table];
  scratch.writeUInt32BE(task, 1);
  if (!isLong(key)) {
    scratch.set(key, PREFIX_BYTES);
    return scratch.subarray(0, PREFIX_BYTES + key.length);
  }
  scratch.set(key.subarray(0, LONG_HEAD_BYTES), PREFIX_BYTES);
  scratch.set(sha256(key), PREFIX_BYTES + LONG_HEAD_BYTES);
  return scratch;
}

export function newScratch(): Buffer {
  return Buffer.alloc(MAX_KEY_BYTES);
}

/** The store's keys among which are those of a task's entries in the range, and no others if it {@link isExact}. */
export function storeRange(
  table: StateTable,
  task: number,
  { from, to }: KeyRange,
): { start: Buffer; end: Buffer } {
  return {
    start: bound(table, task, from.subarray(0, LONG_HEAD_BYTES)),
    end:
      to === null
        ? bound(table, task + 1)
        : // Behind every long key that begins like it.
          bound(table, task, to.length > LONG_HEAD_BYTES ? keyAfterAll(to.subarray(0, LONG_HEAD_BYTES)) : to),
  };
}

/** Whether the heads of long keys tell if they are in the range. */
export function isExact({ from, to }: KeyRange): boolean {
  return from.length <= LONG_HEAD_BYTES && (to === null || to.length <= LONG_HEAD_BYTES);
}

function bound(table: StateTable, task: number, key: Uint8Array = new Uint8Array()): Buffer {
  const bytes = Buffer.alloc(PREFIX_BYTES + key.length);
  bytes[0] = KINDS[table];
  bytes.writeUInt32BE(task, 1);
  bytes.set(key, PREFIX_BYTES);
  return bytes;
}

function keyAfterAll(head: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(head.length + HASH_BYTES).fill(0xff);
  bytes.set(head);
  return bytes;
}

/** What is stored under a key: the state; before it, when the key is long, its length in four bytes and the key. */
export function packEntry(key: Uint8Array, state: Uint8Array): Uint8Array {
  if (!isLong(key)) return state;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(key.length);
  return Buffer.concat([length, key, state]);
}

export function unpackEntry(storeKey: Buffer, value: Buffer): { key: Uint8Array; state: Uint8Array } {
  if (storeKey.length < MAX_KEY_BYTES) return { key: storeKey.subarray(PREFIX_BYTES), state: value };
  const end = 4 + value.readUInt32BE(0);
  return { key: value.subarray(4, end), state: value.subarray(end) };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
