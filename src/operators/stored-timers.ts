import FlatQueue from 'flatqueue';
import { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import { assert } from '../errors.ts';
import { type EntityState, keysFrom } from '../state/state-store.ts';
import type { StoredEntities } from './stored-entities.ts';
import type { TaskState } from './task-state.ts';
import type { Timers } from './timers.ts';

/** What keys of timers begin with: no entity's key does, for that begins with the kind of a value. */
const TIMER = 0xff;
/** The version of the encoding of timers; one of another version is not read. */
const FORMAT = 1;
/** Most positions have few timers between two commits. */
const FEW_BYTES = 64;

/**
 * Timers of a task whose state is stored. They are stored as the chunks of its entities are, and those that are
 * stored take no memory: the timers that a commit brings at a position are one chunk, which holds the keys of the
 * entities, one after the other. Keys are in order of position, so that the next one is found and nothing else is read.
 */
export class StoredTimers implements Timers {
  readonly #state: TaskState;
  readonly #entities: StoredEntities;
  /** By position: those that no commit has taken. */
  readonly #pending = new Map<number, ByteWriter>();
  /** By position: those that a commit has taken which is not stored yet. */
  readonly #onTheWay = new Map<number, EntityState[]>();
  /** The positions of both, at least. */
  readonly #positions = new FlatQueue<null>();
  /** The earliest position of those that are stored; Infinity when there is none. */
  #nextStored = Number.POSITIVE_INFINITY;
  /** Keys of chunks that are no more. */
  #gone: Uint8Array[] = [];

  constructor(state: TaskState, entities: StoredEntities) {
    this.#state = state;
    this.#entities = entities;
  }

  get next(): number {
    return Math.min(this.#positions.peekValue() ?? Number.POSITIVE_INFINITY, this.#nextStored);
  }

  add(position: number, entity: number): void {
    let entities = this.#pending.get(position);
    if (entities === undefined) {
      entities = new ByteWriter(FEW_BYTES);
      entities.byte(FORMAT);
      this.#pending.set(position, entities);
      this.#positions.push(null, position);
    }
    this.#entities.encode(entity, entities);
  }

  take(tell: (entity: number) => void): void {
    const position = this.next;
    for (const state of this.#takeChunks(position)) {
      const reader = new ByteReader(state);
      const format = reader.byte();
      assert(format === FORMAT, `timers of format ${format}, this version reads ${FORMAT}`);
      while (!reader.done) {
        const entity = this.#entities.wake(reader, position);
        if (entity !== undefined) tell(entity);
      }
    }
  }

  /** What changed since the last call, under the number of the commit that takes it. */
  takeChanges(commit: number): EntityState[] {
    const changes: EntityState[] = this.#gone.map((key) => ({ key, state: null }));
    this.#gone = [];
    for (const [position, entities] of this.#pending) {
      const chunk = { key: chunkKey(position, commit), state: entities.take() };
      changes.push(chunk);
      const others = this.#onTheWay.get(position);
      if (others === undefined) this.#onTheWay.set(position, [chunk]);
      else others.push(chunk);
    }
    this.#pending.clear();
    return changes;
  }

  /** What was taken is stored. */
  stored(): void {
    for (const position of this.#onTheWay.keys()) this.#nextStored = Math.min(this.#nextStored, position);
    this.#onTheWay.clear();
    this.#positions.clear();
    for (const position of this.#pending.keys()) this.#positions.push(null, position);
  }

  /** Continues with what is stored. */
  restore(): void {
    this.#nextStored = this.#findStored(Uint8Array.of(TIMER));
  }

  #takeChunks(position: number): Uint8Array[] {
    while (this.#positions.peekValue() === position) this.#positions.pop();
    const pending = this.#pending.get(position);
    this.#pending.delete(position);
    const chunks = this.#onTheWay.get(position) ?? [];
    this.#onTheWay.delete(position);
    if (position === this.#nextStored) {
      const range = keysFrom(positionKey(position));
      chunks.push(...this.#state.read(range));
      this.#nextStored = this.#findStored(range.to!);
    }
    for (const { key } of chunks) this.#gone.push(key);
    const states = chunks.map(({ state }) => state!);
    if (pending !== undefined) states.push(pending.take());
    return states;
  }

  /** The first position whose key is at or after `from`. */
  #findStored(from: Uint8Array): number {
    for (const { key } of this.#state.read({ from, to: null })) return positionOf(key);
    return Number.POSITIVE_INFINITY;
  }
}

const TWO_32 = 2 ** 32;
const SIGN = 2 ** 31;

/** Eight bytes behind the first, the high ones first and the sign reversed, are in the order of the numbers. */
function positionKey(position: number): Buffer {
  const key = Buffer.alloc(9);
  key[0] = TIMER;
  const high = Math.floor(position / TWO_32);
  key.writeUInt32BE(high + SIGN, 1);
  key.writeUInt32BE(position - high * TWO_32, 5);
  return key;
}

function positionOf(key: Uint8Array): number {
  const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
  return (bytes.readUInt32BE(1) - SIGN) * TWO_32 + bytes.readUInt32BE(5);
}

function chunkKey(position: number, commit: number): Uint8Array {
  const number = new ByteWriter(FEW_BYTES);
  number.unsigned(commit);
  return Buffer.concat([positionKey(position), number.take()]);
}
