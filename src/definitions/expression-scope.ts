import type { AnyNode, Identifier } from 'acorn';
import type { FieldType } from './definition.ts';
import { refusal } from './expression-refusals.ts';
import { INTEGER_BOUND, type Node, NUMBER_BOUND } from './expression-tree.ts';
import { suggestName } from './nearest.ts';

/** The field types of a record; a field that the source lets through as null counts as nullable. */
export type FieldTypes = ReadonlyMap<string, FieldType>;

/** A parameter whose members are read: the fields of a record, the values that a result is made of. */
export interface RecordParameter {
  readonly kind: 'record';
  readonly members: ReadonlyMap<string, Node>;
  /** Says that there is no member of a name, up to the name. */
  readonly missing: string;
}

/** What the parameters of a lambda stand for: the only one is a record, or each is a value by itself. */
export type LambdaParameters =
  | RecordParameter
  | { readonly kind: 'values'; readonly values: readonly Node[] };

/** The record of a source as the parameter of a lambda. */
export function recordOf(fields: FieldTypes): RecordParameter {
  const members = Array.from(fields, ([name, type]) => [name, fieldNode(name, type)] as const);
  return { kind: 'record', members: new Map(members), missing: 'the source has no field' };
}

/** @throws LambdaError when the record has no such member */
export function memberOf({ members, missing }: RecordParameter, at: AnyNode, name: string): Node {
  const node = members.get(name);
  if (node !== undefined) return node;
  throw refusal(at, `${missing} '${name}'`, { remedy: suggestName(name, members.keys()) });
}

function fieldNode(name: string, type: FieldType): Node {
  return { op: 'field', name, symbols: type.symbols, nullable: type.nullable, ...typeAndBound(type) };
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

/** The names that a lambda can read. */
export class LambdaScope {
  readonly #record: { readonly name: string; readonly parameter: RecordParameter } | null;
  /** What names stand for that are values by themselves: inputs, and members taken out of the record. */
  readonly #values: ReadonlyMap<string, Node>;

  constructor(
    record: { readonly name: string; readonly parameter: RecordParameter } | null,
    values: ReadonlyMap<string, Node>,
  ) {
    this.#record = record;
    this.#values = values;
  }

  /** The record, where it has the name that stands here; null for any other syntax. */
  record(syntax: AnyNode): RecordParameter | null {
    const isRecord = syntax.type === 'Identifier' && syntax.name === this.#record?.name;
    return isRecord ? this.#record!.parameter : null;
  }

  /** Whether it is a name that no parameter gives. */
  isForeign(syntax: AnyNode): syntax is Identifier {
    return syntax.type === 'Identifier' && this.record(syntax) === null && this.value(syntax) === null;
  }

  /** What a bare name stands for; null when it is no value. */
  value(syntax: Identifier): Node | null {
    return this.#values.get(syntax.name) ?? null;
  }
}
