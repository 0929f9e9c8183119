import type { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import type { FeatureGroup, Row, Scalar } from '../definitions/definition.ts';

/**
 * Numbers for entities. An entity keeps its number while it has state; a number that was given back is used again
 * only after {@link EntityTable.recycle}, so that revisions not drained yet still name the right entity.
 */
export class EntityTable {
  readonly #fields: readonly string[];
  readonly #keyOf: (record: Row) => string | number | null;
  readonly #ids = new Map<string | number, number>();
  readonly #keys: (string | number)[] = [];
  readonly #values: (readonly Scalar[])[] = [];
  readonly #free: number[] = [];
  #givenBack: number[] = [];

  constructor(group: FeatureGroup) {
    this.#fields = group.entity;
    this.#keyOf = compileKey(group);
  }

  get size(): number {
    return this.#ids.size;
  }

  /** All numbers in use. */
  ids(): IterableIterator<number> {
    return this.#ids.values();
  }

  /** The record's entity as a key for {@link idOf}; null when one of its fields is null. */
  keyOf(record: Row): string | number | null {
    return this.#keyOf(record);
  }

  /** Undefined when the entity has no number. */
  idOf(key: string | number): number | undefined {
    return this.#ids.get(key);
  }

  add(key: string | number, record: Row): number {
    return this.#add(
      key,
      this.#fields.map((field) => record[field] as Scalar),
    );
  }

  valuesOf(id: number): readonly Scalar[] {
    return this.#values[id]!;
  }

  remove(id: number): void {
    this.#ids.delete(this.#keys[id]!);
    this.#givenBack.push(id);
  }

  /** Lets numbers that were given back be used again. */
  recycle(): void {
    if (this.#givenBack.length === 0) return;
    for (const id of this.#givenBack) this.#free.push(id);
    this.#givenBack = [];
  }

  encode(id: number, out: ByteWriter): void {
    for (const value of this.#values[id]!) out.scalar(value);
  }

  /** The number of the entity whose key {@link encode} wrote; it is added where it has none. */
  decode(from: ByteReader): number {
    const values = this.#fields.map(() => from.scalar());
    const record = Object.fromEntries(this.#fields.map((field, index) => [field, values[index]!]));
    const key = this.#keyOf(record)!;
    return this.#ids.get(key) ?? this.#add(key, values);
  }

  #add(key: string | number, values: readonly Scalar[]): number {
    const id = this.#free.pop() ?? this.#keys.length;
    this.#ids.set(key, id);
    this.#keys[id] = key;
    this.#values[id] = values;
    return id;
  }
}

/** A lone string or number is its own key; several fields are joined, each with its length, so that no two entities meet. */
function compileKey(group: FeatureGroup): (record: Row) => string | number | null {
  const [first] = group.entity;
  const kindOf = (field: string) => group.source.fields.get(field)?.kind;
  if (group.entity.length === 1 && kindOf(first!) !== 'boolean') {
    return new Function('record', `return record[${JSON.stringify(first)}];`) as (
      record: Row,
    ) => string | number | null;
  }
  const names = group.entity.map((_, index) => `v${index}`);
  const reads = group.entity.map((field, index) => `const v${index} = record[${JSON.stringify(field)}];`);
  const isNull = names.map((name) => `${name} === null`).join(' || ');
  const key = names.map((name) => `\`\${String(${name}).length}:\${${name}}\``).join(' + ');
  return new Function('record', `${reads.join('')} return ${isNull} ? null : ${key};`) as (
    record: Row,
  ) => string | number | null;
}
