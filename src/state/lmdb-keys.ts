import { createHash } from 'node:crypto';

/**
 * How the LMDB store lays out its keys. The first byte tells the kind: progress and facts by name, entity states
 * by the task's number (four bytes, big-endian) and the entity's key.
 */
export const FORMAT_KEY = Buffer.from([0]);
const PROGRESS = 1;
const FACT = 2;
const ENTITY = 3;
/** An entity whose key is too long for LMDB: by the SHA-256 of the key, which stands before the state. */
const LONG_ENTITY = 4;

/** LMDB's limit with pages of 4,096 bytes. */
const MAX_KEY_BYTES = 1978;
const ENTITY_PREFIX_BYTES = 5;

export const progressKey = (task: string): Buffer => named(PROGRESS, task);
export const factKey = (name: string): Buffer => named(FACT, name);

/** All progress keys, for a scan; the end is not in it. */
export const PROGRESS_RANGE = { start: Buffer.from([PROGRESS]), end: Buffer.from([PROGRESS + 1]) };

/** Names too long for a key are told apart by their hash. */
function named(kind: number, name: string): Buffer {
  const text = Buffer.from(name);
  return Buffer.concat([Buffer.from([kind]), text.length < MAX_KEY_BYTES ? text : sha256(text)]);
}

export function isLongEntity(key: Uint8Array): boolean {
  return key.length > MAX_KEY_BYTES - ENTITY_PREFIX_BYTES;
}

/** Writes the store's key into `scratch`, which has room for the longest, and returns the part that it takes. */
export function entityKey(task: number, key: Uint8Array, scratch: Buffer): Buffer {
  const long = isLongEntity(key);
  const tail = long ? sha256(key) : key;
  scratch[0] = long ? LONG_ENTITY : ENTITY;
  scratch.writeUInt32BE(task, 1);
  scratch.set(tail, ENTITY_PREFIX_BYTES);
  return scratch.subarray(0, ENTITY_PREFIX_BYTES + tail.length);
}

export function newScratch(): Buffer {
  return Buffer.alloc(MAX_KEY_BYTES);
}

/** The ranges that hold a task's entities: those with short keys and those with long ones. */
export function entityRanges(task: number): { short: KeyRange; long: KeyRange } {
  return { short: entityRange(ENTITY, task), long: entityRange(LONG_ENTITY, task) };
}

export interface KeyRange {
  readonly start: Buffer;
  readonly end: Buffer;
}

function entityRange(kind: number, task: number): KeyRange {
  const bound = (number: number): Buffer => {
    const key = Buffer.alloc(ENTITY_PREFIX_BYTES);
    key[0] = kind;
    key.writeUInt32BE(number, 1);
    return key;
  };
  return { start: bound(task), end: bound(task + 1) };
}

/** The entity's own key of an entry in the short range. */
export function shortEntityKey(key: Buffer): Uint8Array {
  return key.subarray(ENTITY_PREFIX_BYTES);
}

/** The value of a long entity: length of the key in four bytes, the key, the state. */
export function packLongEntity(key: Uint8Array, state: Uint8Array): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(key.length);
  return Buffer.concat([length, key, state]);
}

export function unpackLongEntity(value: Buffer): { key: Uint8Array; state: Uint8Array } {
  const end = 4 + value.readUInt32BE(0);
  return { key: value.subarray(4, end), state: value.subarray(end) };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}
