import type { FeatureGroup, Scalar } from '../definitions/definition.ts';
import { isTextField, TEXT_MARK } from '../sinks/offline-columns.ts';
import type { ScratchDatabase } from '../sinks/scratch-database.ts';

/** The numbers that a group's entities have in tables: only entities that are asked for have one. */
export class EntityNumbers {
  readonly #numbers = new Map<Scalar, number>();
  readonly #isSingle: boolean;

  constructor(group: FeatureGroup) {
    this.#isSingle = group.entity.length === 1;
  }

  /** Those of the spine: reads the table `entities_INDEX`. */
  static async read(database: ScratchDatabase, group: FeatureGroup, index: number): Promise<EntityNumbers> {
    const numbers = new EntityNumbers(group);
    const kinds = group.entity.map((field) => group.source.fields.get(field)!.kind);
    // A byte order mark in front of a text would be dropped: a mark of our own stands before it.
    const fields = kinds.map((kind, field) =>
      isTextField(kind) ? `'${TEXT_MARK}' || e${field}` : `e${field}`,
    );
    const rows = database.stream(`SELECT number, ${fields.join(', ')} FROM entities_${index}`);
    for await (const row of rows) {
      const [number, ...values] = row as [number, ...Scalar[]];
      const entity = values.map((value) =>
        typeof value === 'string' ? value.slice(TEXT_MARK.length) : value,
      );
      numbers.#numbers.set(numbers.#keyOf(entity), number);
    }
    return numbers;
  }

  /** The entity's number, which is the next one when it has none yet. */
  add(entity: readonly Scalar[]): number {
    const key = this.#keyOf(entity);
    const number = this.#numbers.get(key) ?? this.#numbers.size;
    this.#numbers.set(key, number);
    return number;
  }

  /** Undefined for an entity that nobody asks for. */
  numberOf(entity: readonly Scalar[]): number | undefined {
    return this.#numbers.get(this.#keyOf(entity));
  }

  #keyOf(entity: readonly Scalar[]): Scalar {
    const [first] = entity;
    return this.#isSingle && !(first instanceof Uint8Array) ? first! : JSON.stringify(entity);
  }
}
