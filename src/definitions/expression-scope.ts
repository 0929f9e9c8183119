import type { AnyNode, Identifier } from 'acorn';
import type { FieldType } from './definition.ts';
import { refusal } from './expression-refusals.ts';
import { INTEGER_BOUND, type Node, NUMBER_BOUND } from './expression-tree.ts';
import { suggestName } from './nearest.ts';

/** The field types of a record; a field that the source lets through as null counts as nullable. */
export type FieldTypes = ReadonlyMap<string, FieldType>;

/** The names that a lambda can read. */
export class LambdaScope {
  readonly fields: FieldTypes;
  /** The parameter's name; null when its fields are taken out of it. */
  readonly record: string | null;
  /** Names of fields that were taken out of the record, by the names they have in the lambda. */
  readonly #taken: ReadonlyMap<string, string>;

  constructor(fields: FieldTypes, record: string | null, taken: ReadonlyMap<string, string>) {
    this.fields = fields;
    this.record = record;
    this.#taken = taken;
  }

  isRecord(syntax: AnyNode): boolean {
    return syntax.type === 'Identifier' && syntax.name === this.record;
  }

  /** Whether it is a name that is neither the record nor one of its fields. */
  isForeign(syntax: AnyNode): syntax is Identifier {
    return syntax.type === 'Identifier' && !this.isRecord(syntax) && !this.#taken.has(syntax.name);
  }

  /** The field that a bare name stands for; null when it is none. */
  taken(syntax: Identifier): Node | null {
    const name = this.#taken.get(syntax.name);
    return name === undefined ? null : this.field(syntax, name);
  }

  /** @throws LambdaError when the record has no such field */
  field(at: AnyNode, name: string): Node {
    const type = this.fields.get(name);
    if (type === undefined) {
      throw refusal(at, `the source has no field '${name}'`, {
        remedy: suggestName(name, this.fields.keys()),
      });
    }
    return { op: 'field', name, nullable: type.nullable, ...typeAndBound(type) };
  }
}

/** Which fields are integers is semantics.md's to say ("NULL and number rules"). */
function typeAndBound({ kind }: FieldType): Pick<Node, 'type' | 'bound'> {
  switch (kind) {
    case 'int':
      return { type: 'integer', bound: 2 ** 31 };
    case 'long':
    case 'timestampMillis':
      return { type: 'integer', bound: INTEGER_BOUND };
    case 'float':
    case 'double':
    case 'timestampMicros':
      return { type: 'number', bound: NUMBER_BOUND };
    case 'boolean':
    case 'bytes':
      return { type: kind, bound: 0 };
    case 'string':
    case 'enum':
    case 'localDateTime':
      return { type: 'string', bound: 0 };
  }
}
