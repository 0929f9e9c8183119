import type { ByteReader, ByteWriter } from '../aggregates/byte-codec.ts';
import type { FeatureGroup, Row, Scalar } from '../definitions/definition.ts';

/** What is kept by entity number has room for so many at first: a worker has many tasks, and most of them few entities. */
export const FEW_ENTITIES = 64;

/**
 * Numbers for the entities that a task holds. A number that was given back is used again only after
 * {@link EntityTable.recycle}, so that revisions not drained yet still name the right entity.
 */
export class EntityTable {
  readonly #fields: readonly string[];
  readonly #keyOf: (record: Row) => string | number | null;
  readonly #keyOfValues: (values: readonly Scalar[]) => string | number | null;
  readonly #ids = new Map<string | number, number>();
  /** Undefined: the number is not in use. */
  readonly #keys: (string | number | undefined)[] = [];
  readonly #values: (readonly Scalar[])[] = [];
  readonly #free: number[] = [];
  #givenBack: number[] = [];

  constructor(group: FeatureGroup) {
    this.#fields = group.entity;
    this.#keyOf = compileKey(group, group.entity);
    this.#keyOfValues = compileKey(group, [...group.entity.keys()]);
  }

  get size(): number {
    return this.#ids.size;
  }

  /** All numbers are less. */
  get numbers(): number {
    return this.#keys.length;
  }

  /** The record's entity as a key for {@link idOf}; null when one of its fields is null. */
  keyOf(record: Row): string | number | null {
    return this.#keyOf(record);
  }

  /** Undefined when the entity has no number. */
  idOf(key: string | number): number | undefined {
    return this.#ids.get(key);
  }

  /** Undefined when the number is not in use. */
  keyOfId(id: number): string | number | undefined {
    return this.#keys[id];
  }

  add(key: string | number, values: readonly Scalar[]): number {
    const id = this.#free.pop() ?? this.#keys.length;
    this.#ids.set(key, id);
    this.#keys[id] = key;
    this.#values[id] = values;
    return id;
  }

  /** The entity's fields in a record that has its key. */
  valuesIn(record: Row): readonly Scalar[] {
    return this.#fields.map((field) => record[field] as Scalar);
  }

  valuesOf(id: number): readonly Scalar[] {
    return this.#values[id]!;
  }

  remove(id: number): void {
    this.#ids.delete(this.#keys[id]!);
    this.#keys[id] = undefined;
    this.#givenBack.push(id);
  }

  /** Lets numbers that were given back be used again. */
  recycle(): void {
    if (this.#givenBack.length === 0) return;
    for (const id of this.#givenBack) {
      this.#values[id] = NO_VALUES;
      this.#free.push(id);
    }
    this.#givenBack = [];
  }

  encode(id: number, out: ByteWriter): void {
    for (const value of this.#values[id]!) out.scalar(value);
  }

  /** The values of the entity that {@link encode} wrote. */
  decode(from: ByteReader): readonly Scalar[] {
    return this.#fields.map(() => from.scalar());
  }

  keyOfValues(values: readonly Scalar[]): string | number {
    return this.#keyOfValues(values)!;
  }
}

const NO_VALUES: readonly Scalar[] = [];

/**
 * The key of what holds an entity's values at these places. A lone string or number is its own key; several fields are
 * joined, each with its length, so that no two entities meet.
 */
function compileKey<Holder>(
  group: FeatureGroup,
  places: readonly (string | number)[],
): (holder: Holder) => string | number | null {
  const at = places.map((place) => `holder[${JSON.stringify(place)}]`);
  const kindOf = (field: string) => group.source.fields.get(field)?.kind;
  if (group.entity.length === 1 && kindOf(group.entity[0]!) !== 'boolean') {
    return new Function('holder', `return ${at[0]};`) as (holder: Holder) => string | number | null;
  }
  const names = places.map((_, index) => `v${index}`);
  const reads = at.map((value, index) => `const v${index} = ${value};`);
  const isNull = names.map((name) => `${name} === null`).join(' || ');
  const key = names.map((name) => `\`\${String(${name}).length}:\${${name}}\``).join(' + ');
  return new Function('holder', `${reads.join('')} return ${isNull} ? null : ${key};`) as (
    holder: Holder,
  ) => string | number | null;
}
