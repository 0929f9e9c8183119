/** Takes the columns of one revision, `deleted` as 0 or 1. `at` is where its features start in `values`. */
export type TakeRow = (
  entity: number,
  windowEnd: number,
  version: number,
  knownAt: number,
  deleted: number,
  values: Float64Array,
  at: number,
) => void;

const EMPTY = -1;
const FIRST_CAPACITY = 1024;

/**
 * The newest early revision of each row that no on-time revision has replaced yet, keyed by (entity number,
 * window_end): an open-addressing hash table over typed arrays, because it takes an insert and a delete for
 * almost every row of a replay.
 */
export class OpenRows {
  readonly #width: number;
  #size = 0;
  #mask = FIRST_CAPACITY - 1;
  #entity = new Int32Array(FIRST_CAPACITY).fill(EMPTY);
  #windowEnd = new Float64Array(FIRST_CAPACITY);
  #version = new Float64Array(FIRST_CAPACITY);
  #knownAt = new Float64Array(FIRST_CAPACITY);
  #deleted = new Uint8Array(FIRST_CAPACITY);
  #values: Float64Array;

  /** `width` numbers a row. */
  constructor(width: number) {
    this.#width = width;
    this.#values = new Float64Array(FIRST_CAPACITY * width);
  }

  get size(): number {
    return this.#size;
  }

  /** Puts the row in place of the one with its key. */
  set(
    entity: number,
    windowEnd: number,
    version: number,
    knownAt: number,
    deleted: number,
    values: Float64Array,
    at: number,
  ): void {
    if (this.#size * 2 > this.#mask) this.#grow();
    const slot = this.#find(entity, windowEnd);
    if (this.#entity[slot] === EMPTY) {
      this.#entity[slot] = entity;
      this.#windowEnd[slot] = windowEnd;
      this.#size++;
    }
    this.#version[slot] = version;
    this.#knownAt[slot] = knownAt;
    this.#deleted[slot] = deleted;
    const width = this.#width;
    for (let i = 0, to = slot * width; i < width; i++) this.#values[to + i] = values[at + i]!;
  }

  delete(entity: number, windowEnd: number): void {
    let hole = this.#find(entity, windowEnd);
    if (this.#entity[hole] === EMPTY) return;
    this.#size--;
    // Rows behind the hole move up unless that would put them before their home slot.
    for (let slot = (hole + 1) & this.#mask; this.#entity[slot] !== EMPTY; slot = (slot + 1) & this.#mask) {
      const home = this.#home(this.#entity[slot]!, this.#windowEnd[slot]!);
      if (((slot - home) & this.#mask) < ((slot - hole) & this.#mask)) continue;
      this.#move(slot, hole);
      hole = slot;
    }
    this.#entity[hole] = EMPTY;
  }

  /** Gives every row to `take`, in no particular order, and is empty then. */
  drain(take: TakeRow): void {
    for (let slot = 0; slot <= this.#mask; slot++) {
      const entity = this.#entity[slot]!;
      if (entity === EMPTY) continue;
      const at = slot * this.#width;
      take(
        entity,
        this.#windowEnd[slot]!,
        this.#version[slot]!,
        this.#knownAt[slot]!,
        this.#deleted[slot]!,
        this.#values,
        at,
      );
    }
    this.#entity.fill(EMPTY);
    this.#size = 0;
  }

  /** The slot that holds the key, or the empty one where it belongs. */
  #find(entity: number, windowEnd: number): number {
    let slot = this.#home(entity, windowEnd);
    while (
      this.#entity[slot] !== EMPTY &&
      (this.#entity[slot] !== entity || this.#windowEnd[slot] !== windowEnd)
    ) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }

  /** Mixes both halves of the key; `| 0` keeps the low 32 bits of a window end of any size. */
  #home(entity: number, windowEnd: number): number {
    let hash = Math.imul(entity ^ Math.imul(windowEnd | 0, 0x85ebca6b), 0xc2b2ae35);
    hash ^= hash >>> 15;
    hash = Math.imul(hash, 0x27d4eb2f);
    return (hash ^ (hash >>> 16)) & this.#mask;
  }

  #move(from: number, to: number): void {
    this.#entity[to] = this.#entity[from]!;
    this.#windowEnd[to] = this.#windowEnd[from]!;
    this.#version[to] = this.#version[from]!;
    this.#knownAt[to] = this.#knownAt[from]!;
    this.#deleted[to] = this.#deleted[from]!;
    const width = this.#width;
    this.#values.copyWithin(to * width, from * width, (from + 1) * width);
  }

  #grow(): void {
    const old = {
      entity: this.#entity,
      windowEnd: this.#windowEnd,
      version: this.#version,
      knownAt: this.#knownAt,
      deleted: this.#deleted,
      values: this.#values,
    };
    const capacity = old.entity.length * 2;
    this.#mask = capacity - 1;
    this.#size = 0;
    this.#entity = new Int32Array(capacity).fill(EMPTY);
    this.#windowEnd = new Float64Array(capacity);
    this.#version = new Float64Array(capacity);
    this.#knownAt = new Float64Array(capacity);
    this.#deleted = new Uint8Array(capacity);
    this.#values = new Float64Array(capacity * this.#width);
    for (let slot = 0; slot < old.entity.length; slot++) {
      const entity = old.entity[slot]!;
      if (entity === EMPTY) continue;
      const { windowEnd, version, knownAt, deleted, values } = old;
      this.set(
        entity,
        windowEnd[slot]!,
        version[slot]!,
        knownAt[slot]!,
        deleted[slot]!,
        values,
        slot * this.#width,
      );
    }
  }
}
