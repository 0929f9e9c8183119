import { ON_TIME, type RevisionBatch } from '../operators/revision.ts';

const EMPTY = -1;

/**
 * Picks the revisions of a batch that an online store needs (semantics.md, "Revisions": coalesce): of several of one
 * row the last, and none that repeats what an earlier one said of the row already. A deletion is needed even when the
 * batch made the row, too: before a crash the two may have been in different batches, and the row was sent.
 */
export class NewestRows {
  /** The first {@link pick} answered are the rows' indexes, from the last to the first. */
  picked = new Int32Array(1024);
  /** Room for a table by (entity, windowEnd), open addressing: the index of the row that was picked. */
  #slots = new Int32Array(2048);

  /** How many rows are needed: their indexes are in {@link picked} until the next call. */
  pick(batch: RevisionBatch): number {
    const { length, entity, windowEnd, timing, replaces } = batch;
    const slots = this.#tableFor(length);
    const { picked } = this;
    const mask = slots.length - 1;
    let count = 0;
    for (let row = length - 1; row >= 0; row--) {
      // Its early revision has the same values, and was sent or is found further on.
      if (timing[row] === ON_TIME && replaces[row] === 1) continue;
      let slot = hash(entity[row]!, windowEnd[row]!) & mask;
      let other = slots[slot]!;
      while (other !== EMPTY && (entity[other] !== entity[row] || windowEnd[other] !== windowEnd[row])) {
        slot = (slot + 1) & mask;
        other = slots[slot]!;
      }
      if (other !== EMPTY) continue;
      slots[slot] = row;
      picked[count++] = row;
    }
    return count;
  }

  /** An empty table that the batch fills at most half: a small batch clears a small one. */
  #tableFor(length: number): Int32Array {
    if (this.picked.length < length) this.picked = new Int32Array(length * 2);
    let size = 64;
    while (size < length * 2) size *= 2;
    if (this.#slots.length < size) this.#slots = new Int32Array(size);
    return this.#slots.subarray(0, size).fill(EMPTY);
  }
}

function hash(entity: number, windowEnd: number): number {
  const mixed = Math.imul(entity, 0x9e3779b1) + Math.imul(windowEnd | 0, 0x85ebca6b);
  return mixed ^ (mixed >>> 15);
}
