import type { ValueType } from '../definitions/expression.ts';
import { elementText } from '../definitions/value.ts';
import type { Dictionary } from './dictionary.ts';

/** What inputs stand for that are numbers themselves, 0 and 1 for booleans, or texts of the dictionary. */
export class InputValues {
  readonly #isText: boolean;
  readonly #isBoolean: boolean;
  readonly #dictionary: Dictionary;

  constructor(type: ValueType, dictionary: Dictionary) {
    this.#isText = type === 'string';
    this.#isBoolean = type === 'boolean';
    this.#dictionary = dictionary;
  }

  valueOf(input: number): number | string | boolean {
    if (this.#isText) return this.#dictionary.textOf(input);
    return this.#isBoolean ? input !== 0 : input;
  }

  /** The value as it stands in the text of a list. */
  elementText(input: number): string {
    return this.#isText ? this.#dictionary.elementText(input) : elementText(this.valueOf(input));
  }

  /** The input that stands for a value. */
  inputOf(value: number | string | boolean): number {
    return this.#isText ? this.#dictionary.intern(value) : Number(value);
  }

  retain(input: number): void {
    if (this.#isText) this.#dictionary.retain(input);
  }

  release(input: number): void {
    if (this.#isText) this.#dictionary.release(input);
  }
}
