import FlatQueue from 'flatqueue';
import { ByteWriter } from '../aggregates/byte-codec.ts';
import { type EntityState, keysFrom } from '../state/state-store.ts';
import { DueEntities, DueList } from './due-entities.ts';
import type { StoredEntities } from './stored-entities.ts';
import type { TaskState } from './task-state.ts';
import type { Timers } from './timers.ts';

/** What keys of timers begin with: no entity's key does, for that begins with the kind of a value. */
const TIMER = 0xff;
/** More than what the number of a commit takes. */
const FEW_BYTES = 16;

/** The position whose timers are being taken. */
interface Taking {
  readonly position: number;
  readonly entities: DueEntities;
  /** Of its chunks, which are there until the last entity is told. */
  readonly keys: Uint8Array[];
  /** Those of its timers that no commit has taken. */
  pending: Uint8Array | null;
}

/**
 * Timers of a task whose state is stored. They are stored as the chunks of its entities are, and those that are
 * stored take no memory: the timers that a commit brings at a position are one chunk, a list of entities. Keys are in
 * order of position, so that the next one is found and nothing else is read.
 *
 * At a position entities are told in the order in which the state has them, each once: neighbours in the state are
 * read together, and a task that is stored half way goes on behind the entity that was told last.
 */
export class StoredTimers implements Timers {
  readonly #state: TaskState;
  readonly #entities: StoredEntities;
  /** By position: those that no commit has taken. */
  readonly #pending = new Map<number, DueList>();
  /** By position: those that a commit has taken which is not stored yet. */
  readonly #onTheWay = new Map<number, EntityState[]>();
  /** The positions of both, at least. */
  readonly #positions = new FlatQueue<null>();
  /** The earliest position of those that are stored; Infinity when there is none. */
  #nextStored = Number.POSITIVE_INFINITY;
  /** Keys of chunks that are no more. */
  #gone: Uint8Array[] = [];
  #taking: Taking | null = null;
  /** Of the earliest position those up to this one were told before the task was restored; empty: none was. */
  #restoredAfter = '';

  constructor(state: TaskState, entities: StoredEntities) {
    this.#state = state;
    this.#entities = entities;
  }

  get next(): number {
    if (this.#taking !== null) return this.#taking.position;
    return Math.min(this.#positions.peekValue() ?? Number.POSITIVE_INFINITY, this.#nextStored);
  }

  /** The last entity that was told at a position that has more of them, in the encoding of this class; else empty. */
  get toldUpTo(): string {
    return this.#taking?.entities.last ?? this.#restoredAfter;
  }

  add(position: number, entity: number): void {
    let entities = this.#pending.get(position);
    if (entities === undefined) {
      entities = new DueList();
      this.#pending.set(position, entities);
      this.#positions.push(null, position);
    }
    entities.add((out) => this.#entities.encode(entity, out));
  }

  take(most: number, tell: (entity: number) => void): number {
    this.#taking ??= this.#begin(this.next);
    const { entities, keys } = this.#taking;
    let taken = 0;
    for (; taken < most && !entities.done; taken++) {
      const entity = this.#entities.wake(entities.next());
      if (entity !== undefined) tell(entity);
    }
    if (entities.done) {
      for (const key of keys) this.#gone.push(key);
      this.#taking = null;
    }
    return taken;
  }

  /** What changed since the last call, under the number of the commit that takes it. */
  takeChanges(commit: number): EntityState[] {
    const changes: EntityState[] = this.#gone.map((key) => ({ key, state: null }));
    this.#gone = [];
    for (const [position, entities] of this.#pending) {
      const chunk = { key: chunkKey(position, commit), state: entities.encode() };
      changes.push(chunk);
      const others = this.#onTheWay.get(position);
      if (others === undefined) this.#onTheWay.set(position, [chunk]);
      else others.push(chunk);
    }
    this.#pending.clear();
    if (this.#taking !== null && this.#taking.pending !== null) {
      const { position, pending, keys } = this.#taking;
      const key = chunkKey(position, commit);
      changes.push({ key, state: pending });
      keys.push(key);
      this.#taking.pending = null;
    }
    return changes;
  }

  /** What was taken is stored. */
  stored(): void {
    for (const position of this.#onTheWay.keys()) this.#nextStored = Math.min(this.#nextStored, position);
    this.#onTheWay.clear();
    this.#positions.clear();
    for (const position of this.#pending.keys()) this.#positions.push(null, position);
  }

  /** Continues with what is stored, at the earliest position behind what {@link toldUpTo} said. */
  restore(toldUpTo: string): void {
    this.#nextStored = this.#findStored(Uint8Array.of(TIMER));
    this.#restoredAfter = toldUpTo;
  }

  #begin(position: number): Taking {
    while (this.#positions.peekValue() === position) this.#positions.pop();
    const chunks = this.#onTheWay.get(position) ?? [];
    this.#onTheWay.delete(position);
    if (position === this.#nextStored) {
      const range = keysFrom(positionKey(position));
      chunks.push(...this.#state.read(range));
      this.#nextStored = this.#findStored(range.to!);
    }
    const pending = this.#pending.get(position)?.encode() ?? null;
    this.#pending.delete(position);
    const lists = chunks.map(({ state }) => state!);
    if (pending !== null) lists.push(pending);
    const decode = this.#entities.decode.bind(this.#entities);
    const entities = new DueEntities(lists, decode, this.#restoredAfter);
    this.#restoredAfter = '';
    return { position, entities, keys: chunks.map(({ key }) => key), pending };
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
