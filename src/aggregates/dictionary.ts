import { elementText } from '../definitions/value.ts';

/**
 * Numbers for values: strings and categories are held once per task and are plain integers in cells.
 *
 * A number lives as long as something retains it. What nobody retains is kept until {@link Dictionary.collect},
 * so that a number handed out, or standing in a revision that was not drained yet, stays valid until then.
 */
export class Dictionary {
  readonly #ids = new Map<number | string | boolean, number>();
  readonly #values: (number | string | boolean | undefined)[] = [];
  /** What {@link Dictionary.elementText} was asked for. */
  readonly #elementTexts: (string | undefined)[] = [];
  #references = new Int32Array(256);
  readonly #free: number[] = [];
  #unretained: number[] = [];

  /** How many values are held. */
  get size(): number {
    return this.#ids.size;
  }

  /** The value's number. Strings are made well-formed first, so that they survive UTF-8 (a state, a file) unchanged. */
  intern(value: number | string | boolean): number {
    const known = this.#ids.get(value);
    if (known !== undefined) return known;
    if (typeof value === 'string' && !value.isWellFormed()) return this.intern(value.toWellFormed());
    const id = this.#free.pop() ?? this.#values.length;
    if (id >= this.#references.length) {
      const wider = new Int32Array(this.#references.length * 2);
      wider.set(this.#references);
      this.#references = wider;
    }
    this.#values[id] = value;
    this.#references[id] = 0;
    this.#ids.set(value, id);
    this.#unretained.push(id);
    return id;
  }

  valueOf(id: number): number | string | boolean {
    return this.#values[id]!;
  }

  textOf(id: number): string {
    return this.#values[id] as string;
  }

  /** The value as it stands in the text of a list or map. */
  elementText(id: number): string {
    const known = this.#elementTexts[id];
    if (known !== undefined) return known;
    const text = elementText(this.#values[id]!);
    this.#elementTexts[id] = text;
    return text;
  }

  retain(id: number): void {
    this.#references[id]!++;
  }

  release(id: number): void {
    if (--this.#references[id]! === 0) this.#unretained.push(id);
  }

  /** Forgets what nobody retains. */
  collect(): void {
    if (this.#unretained.length === 0) return;
    for (const id of this.#unretained) {
      const value = this.#values[id];
      if (this.#references[id] !== 0 || value === undefined) continue;
      this.#ids.delete(value);
      this.#values[id] = undefined;
      this.#elementTexts[id] = undefined;
      this.#free.push(id);
    }
    this.#unretained = [];
  }
}
