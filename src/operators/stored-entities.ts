import { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import type { Scalar } from '../definitions/definition.ts';
import { type EntityState, keysFrom } from '../state/state-store.ts';
import { type EntityTable, FEW_ENTITIES } from './entity-table.ts';
import type { EntityTimers } from './entity-timers.ts';
import type { TaskState } from './task-state.ts';
import type { ChunkLabel, Windows } from './windows.ts';

/** Between two batches at least so many entities may be forgotten; no more than twice those that were used. */
const FORGOTTEN_AT_LEAST = 256;
/** For each entity to forget so many are looked at before it is left for later. */
const LOOKS = 16;

/** What the task holds of its entities in memory. */
interface HeldEntities {
  readonly windows: Windows;
  readonly timers: EntityTimers;
}

/**
 * The entities of a task whose state is stored: which of them changed, and which are held in memory. An entity that is
 * not held is read when a record of it comes or its timer fires; one that the store has as it is may be forgotten,
 * those first that were not used for long (the clock algorithm: Corbató, A Paging Experiment with the Multics
 * System, 1968).
 */
export class StoredEntities {
  readonly #state: TaskState;
  readonly #entities: EntityTable;
  readonly #held: HeldEntities;
  readonly #writer = new ByteWriter();

  /** The number of the commit that will take the next changes, and of the last one that is stored. */
  #commit = 1;
  #storedCommit = 0;
  /** By entity number: the commit that takes its last change. */
  #changedIn = new Float64Array(FEW_ENTITIES);
  /** Entities that changed since the last commit; some twice, some are no more. */
  readonly #changed: number[] = [];
  /** Keys of chunks that are no more. */
  #gone: Uint8Array[] = [];
  /** Entities that are no more, and the commit that takes their chunks away: until it is stored, chunks may be read. */
  readonly #removed = new Map<string | number, number>();

  /** How many entities are stored and not held. */
  #others = 0;
  /** By entity number: 1 when a record of it came since {@link #hand} passed. */
  #isUsed = new Uint8Array(FEW_ENTITIES);
  /** Records since {@link makeRoom}. */
  #uses = 0;
  /** The entity number to be looked at next for one to forget. */
  #hand = 0;

  constructor(state: TaskState, entities: EntityTable, held: HeldEntities) {
    this.#state = state;
    this.#entities = entities;
    this.#held = held;
  }

  /** Held or not. */
  get count(): number {
    return this.#entities.size + this.#others;
  }

  get commit(): number {
    return this.#commit;
  }

  /** Continues behind a commit, with what is stored. */
  restore(commit: number, entities: number): void {
    this.#commit = commit + 1;
    this.#storedCommit = commit;
    this.#others = entities;
  }

  /** Reads an entity that is not held; undefined when there is nothing of it. */
  load(key: string | number, values: readonly Scalar[]): number | undefined {
    if (this.#others === 0 || this.#removed.has(key)) return undefined;
    const { windows } = this.#held;
    for (const value of values) this.#writer.scalar(value);
    let entity: number | undefined;
    for (const { state } of this.#state.read(keysFrom(this.#writer.take()))) {
      entity ??= this.#add(key, values);
      windows.decode(entity, new ByteReader(state!));
    }
    if (entity === undefined) return undefined;
    this.#others--;
    windows.resume(entity);
    return entity;
  }

  /** Sees to it that the arrays have room for a new entity. */
  #add(key: string | number, values: readonly Scalar[]): number {
    const entity = this.#entities.add(key, values);
    this.#makeRoomFor(entity);
    this.#isUsed[entity] = 0;
    return entity;
  }

  /** An entity that a timer names, read when it is not held; undefined when there is nothing of it. */
  wake(values: readonly Scalar[]): number | undefined {
    this.#forget(1);
    const key = this.#entities.keyOfValues(values);
    return this.#entities.idOf(key) ?? this.load(key, values);
  }

  encode(entity: number, out: ByteWriter): void {
    this.#entities.encode(entity, out);
  }

  /** The values of the entity that {@link encode} wrote. */
  decode(from: ByteReader): readonly Scalar[] {
    return this.#entities.decode(from);
  }

  /** A record of the entity came, and changes it. */
  use(entity: number): void {
    this.#markChanged(entity);
    this.#isUsed[entity] = 1;
    this.#uses++;
  }

  chunkGone(entity: number, chunk: ChunkLabel): void {
    this.#markChanged(entity);
    this.#gone.push(this.#chunkKey(entity, chunk));
  }

  /** The entity has nothing any more. */
  remove(entity: number): void {
    const key = this.#entities.keyOfId(entity)!;
    this.#removed.delete(key);
    this.#removed.set(key, this.#commit);
    this.#changedIn[entity] = 0;
    this.#entities.remove(entity);
  }

  /** What changed since the last call, in chunks, those that are no more first. */
  takeChanges(): EntityState[] {
    const changes: EntityState[] = this.#gone.map((key) => ({ key, state: null }));
    this.#gone = [];
    const { windows } = this.#held;
    const writer = this.#writer;
    for (const entity of this.#changed) {
      if (this.#changedIn[entity] !== this.#commit) continue;
      windows.encodeChanges(entity, writer, (chunk) => {
        const state = writer.take();
        changes.push({ key: this.#chunkKey(entity, chunk), state });
      });
    }
    this.#changed.length = 0;
    this.#commit++;
    return changes;
  }

  /** What was taken is stored. */
  stored(): void {
    this.#storedCommit = this.#commit - 1;
    for (const [key, commit] of this.#removed) {
      if (commit > this.#storedCommit) break;
      this.#removed.delete(key);
    }
  }

  /** Between two batches: forgets what is too much, faster than it comes, but not all at once: nobody should wait. */
  makeRoom(): void {
    this.#forget(Math.max(FORGOTTEN_AT_LEAST, 2 * this.#uses));
    this.#uses = 0;
  }

  #forget(most: number): void {
    const entities = this.#entities;
    const { windows, timers } = this.#held;
    const count = Math.min(most, entities.size - this.#state.maxEntities);
    let left = count;
    for (let looks = count * LOOKS; left > 0 && looks > 0; looks--) {
      const entity = this.#hand;
      this.#hand = entity + 1 < entities.numbers ? entity + 1 : 0;
      if (entities.keyOfId(entity) === undefined || this.#changedIn[entity]! > this.#storedCommit) continue;
      if (this.#isUsed[entity] === 1) {
        this.#isUsed[entity] = 0;
        continue;
      }
      timers.forget(entity);
      windows.forget(entity);
      entities.remove(entity);
      this.#others++;
      left--;
    }
  }

  #markChanged(entity: number): void {
    this.#makeRoomFor(entity);
    if (this.#changedIn[entity] === this.#commit) return;
    this.#changedIn[entity] = this.#commit;
    this.#changed.push(entity);
  }

  #makeRoomFor(entity: number): void {
    if (entity < this.#changedIn.length) return;
    const size = Math.max(this.#changedIn.length * 2, entity + 1);
    const changedIn = new Float64Array(size);
    changedIn.set(this.#changedIn);
    this.#changedIn = changedIn;
    const isUsed = new Uint8Array(size);
    isUsed.set(this.#isUsed);
    this.#isUsed = isUsed;
  }

  /** The entity, then the chunk's label. */
  #chunkKey(entity: number, chunk: ChunkLabel): Uint8Array {
    this.#entities.encode(entity, this.#writer);
    if (chunk !== null) this.#writer.signed(chunk);
    return this.#writer.take();
  }
}
