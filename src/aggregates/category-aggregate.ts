import { BagAggregate } from './bag-aggregate.ts';
import type { ByteReader, ByteWriter } from './byte-codec.ts';
import type { Dictionary } from './dictionary.ts';

/** What the aggregates over categories of the task's dictionary share: panes retain them there. */
export abstract class CategoryAggregate extends BagAggregate {
  protected readonly dictionary: Dictionary;

  constructor(dictionary: Dictionary) {
    super();
    this.dictionary = dictionary;
  }

  protected override categoryOf(input: number): number {
    return input;
  }

  protected override retain(category: number): void {
    this.dictionary.retain(category);
  }

  protected override release(category: number): void {
    this.dictionary.release(category);
  }

  protected override encodeCategory(category: number, out: ByteWriter): void {
    out.scalar(this.dictionary.valueOf(category));
  }

  protected override decodeCategory(from: ByteReader): number {
    return this.dictionary.intern(from.scalar());
  }
}
