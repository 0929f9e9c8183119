/**
 * An entity's panes are stored in chunks, so that a commit writes what changed and not the whole of a long history.
 * A chunk is labelled with the number of the pane that begins it; {@link HEAD_CHUNK} holds those in front of the first
 * such pane.
 */
export const HEAD_CHUNK = null;

/**
 * Whether a pane begins a chunk: about every sixteenth does. That the number alone decides it makes chunks as long
 * where panes are sparse as where they are dense, and a pane that comes late splits one chunk and moves no other.
 * (Multiplicative hashing, Knuth, The Art of Computer Programming 3, 6.4.)
 */
export function beginsChunk(pane: number): boolean {
  return Math.imul(pane, 0x9e3779b1) >>> 28 === 0;
}
