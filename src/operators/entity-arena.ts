import type { Cells } from '../aggregates/aggregate.ts';
import { FEW_ENTITIES } from './entity-table.ts';

const SMALLEST_PANES = 2;
const NO_CLASS = 255;

/**
 * One block of cells per entity: a header, the cells of its window, then its panes in order. Everything that an
 * event touches lies together, and the garbage collector sees a few large arrays and no objects per entity.
 *
 * Blocks come in size classes of 2, 4, 8, … panes; each class is one array of equal blocks. A block that is full
 * moves to the next class; handles in cells survive the move.
 */
export class EntityArena {
  readonly paneWidth: number;
  /** Where the panes begin within a block. */
  readonly panesAt: number;

  readonly #blockSize: number[] = [];
  readonly #cells: Cells[] = [];
  readonly #used: number[] = [];
  readonly #free: number[][] = [];
  #class = new Uint8Array(FEW_ENTITIES).fill(NO_CLASS);
  #block = new Float64Array(FEW_ENTITIES);

  /** `headWidth`: cells in front of the panes. */
  constructor(headWidth: number, paneWidth: number) {
    this.panesAt = headWidth;
    this.paneWidth = paneWidth;
  }

  has(entity: number): boolean {
    return entity < this.#class.length && this.#class[entity] !== NO_CLASS;
  }

  cellsOf(entity: number): Cells {
    return this.#cells[this.#class[entity]!]!;
  }

  /** Index of the entity's first cell within `cellsOf(entity)`. */
  baseOf(entity: number): number {
    return this.#block[entity]!;
  }

  /** How many panes the entity's block has room for. */
  capacityOf(entity: number): number {
    return SMALLEST_PANES << this.#class[entity]!;
  }

  /** Gives the entity a block of the smallest class; its cells hold anything. */
  allocate(entity: number): void {
    if (entity >= this.#class.length) this.#widen(entity);
    this.#class[entity] = 0;
    this.#block[entity] = this.#take(0);
  }

  /** Moves the entity to a block of twice the size. */
  grow(entity: number): void {
    const from = this.cellsOf(entity);
    const base = this.baseOf(entity);
    const oldClass = this.#class[entity]!;
    const newClass = oldClass + 1;
    const block = this.#take(newClass);
    this.#cells[newClass]!.set(from.subarray(base, base + this.#blockSize[oldClass]!), block);
    this.#free[oldClass]!.push(base);
    this.#class[entity] = newClass;
    this.#block[entity] = block;
  }

  release(entity: number): void {
    this.#free[this.#class[entity]!]!.push(this.baseOf(entity));
    this.#class[entity] = NO_CLASS;
  }

  /** Bytes held by all blocks, used or free. */
  get bytes(): number {
    return this.#cells.reduce((sum, cells) => sum + cells.byteLength, 0);
  }

  #take(sizeClass: number): number {
    while (this.#cells.length <= sizeClass) {
      this.#blockSize.push(this.panesAt + (SMALLEST_PANES << this.#cells.length) * this.paneWidth);
      this.#cells.push(new Float64Array(0));
      this.#used.push(0);
      this.#free.push([]);
    }
    const free = this.#free[sizeClass]!.pop();
    if (free !== undefined) return free;
    const size = this.#blockSize[sizeClass]!;
    const base = this.#used[sizeClass]!;
    this.#used[sizeClass] = base + size;
    const cells = this.#cells[sizeClass]!;
    if (base + size > cells.length) {
      const wider = new Float64Array(Math.max(cells.length * 2, size * 16));
      wider.set(cells);
      this.#cells[sizeClass] = wider;
    }
    return base;
  }

  #widen(entity: number): void {
    const size = Math.max(this.#class.length * 2, entity + 1);
    const classes = new Uint8Array(size).fill(NO_CLASS);
    classes.set(this.#class);
    this.#class = classes;
    const blocks = new Float64Array(size);
    blocks.set(this.#block);
    this.#block = blocks;
  }
}
