import FlatQueue from 'flatqueue';

const LANES = 8;

/**
 * Which entities are due at which grid position, so that advancing the watermark costs the entities that have a
 * row there and not all entities. An entity may stand in a bucket twice or without need; whoever is told checks.
 */
export class Timers {
  readonly #buckets = new Map<number, number[]>();
  readonly #positions = new FlatQueue<number[]>();
  /** The bucket last used in each lane: successive events enter and leave at the same few positions. */
  readonly #lanePosition = new Float64Array(LANES).fill(Number.NaN);
  readonly #laneBucket: number[][] = Array.from({ length: LANES }, () => []);

  /** The earliest position with a timer; Infinity when there is none. */
  get next(): number {
    return this.#positions.peekValue() ?? Number.POSITIVE_INFINITY;
  }

  /** `lane` names a stream of nearby positions, to find their bucket without a search. */
  add(position: number, entity: number, lane: number): void {
    const slot = lane % LANES;
    if (this.#lanePosition[slot] !== position) {
      this.#lanePosition[slot] = position;
      this.#laneBucket[slot] = this.#bucket(position);
    }
    this.#laneBucket[slot]!.push(entity);
  }

  /** Removes the earliest bucket and gives its entities. */
  take(): readonly number[] {
    const position = this.next;
    const bucket = this.#positions.pop()!;
    this.#buckets.delete(position);
    for (let slot = 0; slot < LANES; slot++) {
      if (this.#lanePosition[slot] === position) this.#lanePosition[slot] = Number.NaN;
    }
    return bucket;
  }

  #bucket(position: number): number[] {
    let bucket = this.#buckets.get(position);
    if (bucket === undefined) {
      bucket = [];
      this.#buckets.set(position, bucket);
      this.#positions.push(bucket, position);
    }
    return bucket;
  }
}
