import type avro from 'avsc';
import type { FieldKind, FieldType } from '../definitions/definition.ts';

/**
 * Generates code that reads a record of a writer's schema and keeps the declared fields (Avro's schema
 * resolution, with a projection as the reader). avsc parses schemas and resolves their names; its own decoder
 * is not used, since it takes the item counts of arrays and maps on trust (a garbage value can keep it busy for
 * hours), answers an enum symbol or long it does not like with an exception, and makes one more object per
 * record. Logical types do not matter: a long is a long.
 */
export interface AvroReadCode {
  /** Statements that read the whole record from `c`, an AvroCursor, and set `v0`, `v1`, … by declared field. */
  readonly statements: string;
  /** Statements that must stand before, once. */
  readonly preamble: string;
  /** What the code calls `constants`. */
  readonly constants: readonly unknown[];
}

/** A value of a union's branch that cannot become the declared type: it fails every check. */
export class ForeignValue {
  readonly typeName: string;
  constructor(typeName: string) {
    this.typeName = typeName;
  }
}

/**
 * The Avro types that resolve to a declared kind, by promotion too; and strings for an enum, since values that
 * are no Avro names can only be written so.
 */
const RESOLVING: Readonly<Record<FieldKind, readonly string[]>> = {
  string: ['string', 'bytes'],
  localDateTime: ['string', 'bytes'],
  boolean: ['boolean'],
  int: ['int'],
  long: ['long', 'int'],
  timestampMillis: ['long', 'int'],
  timestampMicros: ['long', 'int'],
  float: ['float', 'int', 'long'],
  double: ['double', 'float', 'int', 'long'],
  bytes: ['bytes', 'string'],
  enum: ['enum', 'string'],
};

/** Whether values of the written type, or some of them when it is a union, can be of the declared one. */
export function resolves(written: avro.Type, kind: FieldKind): boolean {
  const branches = isUnion(written) ? written.types : [written];
  return branches.some((branch) => branch.typeName === 'null' || RESOLVING[kind].includes(branch.typeName));
}

/** The Avro types that may be written for a declared kind, for a message. */
export function resolvingTypes(kind: FieldKind): string {
  return RESOLVING[kind].join(', ');
}

export function generateAvroRead(
  writer: avro.types.RecordType,
  fields: ReadonlyMap<string, FieldType>,
): AvroReadCode {
  const generator = new Generator();
  const indexes = new Map([...fields.keys()].map((name, index) => [name, index]));
  const statements = writer.fields.map((field) => {
    const index = indexes.get(field.name);
    if (index === undefined) return generator.skip(field.type);
    return generator.read(field.type, fields.get(field.name)!.kind, `v${index}`);
  });
  return {
    statements: statements.filter((statement) => statement !== '').join('\n'),
    preamble: generator.skippers.join('\n'),
    constants: generator.constants,
  };
}

class Generator {
  readonly constants: unknown[] = [];
  /** A function for each record type that is skipped somewhere: record types can hold themselves. */
  readonly skippers: string[] = [];
  readonly #skipperNames = new Map<avro.Type, string>();

  read(type: avro.Type, kind: FieldKind, variable: string): string {
    if (isUnion(type)) return switchOver(type.types.map((branch) => this.read(branch, kind, variable)));
    if (type.typeName === 'null') return `${variable} = null;`;
    if (!RESOLVING[kind].includes(type.typeName)) {
      return `${this.skip(type)} ${variable} = ${this.#constant(new ForeignValue(type.typeName))};`;
    }
    return `${variable} = ${this.#readExpression(type, kind)};`;
  }

  #readExpression(type: avro.Type, kind: FieldKind): string {
    switch (type.typeName) {
      case 'boolean':
        return 'c.readBoolean()';
      case 'int':
      case 'long':
        return 'c.readLong()';
      case 'float':
        return 'c.readFloat()';
      case 'double':
        return 'c.readDouble()';
      case 'enum':
        return `c.readSymbol(${this.#constant((type as avro.types.EnumType).symbols)})`;
      default:
        return kind === 'bytes' ? 'c.readBytes()' : 'c.readString()';
    }
  }

  skip(type: avro.Type): string {
    if (isUnion(type)) return switchOver(type.types.map((branch) => this.skip(branch)));
    switch (type.typeName) {
      case 'null':
        return '';
      case 'boolean':
        return 'c.skip(1);';
      case 'int':
      case 'long':
      case 'enum':
        return 'c.skipLong();';
      case 'float':
        return 'c.skip(4);';
      case 'double':
        return 'c.skip(8);';
      case 'bytes':
      case 'string':
        return 'c.skipBytes();';
      case 'fixed':
        return `c.skip(${(type as avro.types.FixedType).size});`;
      case 'array':
        return repeat(this.skip((type as avro.types.ArrayType).itemsType));
      case 'map':
        return repeat(`c.skipBytes(); ${this.skip((type as avro.types.MapType).valuesType)}`);
      default:
        return `${this.#skipper(type as avro.types.RecordType)}(c);`;
    }
  }

  #skipper(type: avro.types.RecordType): string {
    let name = this.#skipperNames.get(type);
    if (name === undefined) {
      name = `skip${this.#skipperNames.size}`;
      this.#skipperNames.set(type, name);
      const body = type.fields.map((field) => this.skip(field.type)).join(' ');
      this.skippers.push(`function ${name}(c) { ${body} }`);
    }
    return name;
  }

  #constant(value: unknown): string {
    return `constants[${this.constants.push(value) - 1}]`;
  }
}

function switchOver(branches: readonly string[]): string {
  const cases = branches.map((branch, index) => `case ${index}: ${branch} break;`).join(' ');
  return `switch (c.readLong()) { ${cases} default: c.fail(); }`;
}

/** Items that take no bytes end the loop at once: their count alone could make it endless. */
function repeat(item: string): string {
  if (item === '') return 'while (c.nextItems() > 0);';
  return `for (let n = c.nextItems(); n > 0; n = c.nextItems()) for (let p = -1; n > 0 && p !== c.position; n--) { p = c.position; ${item} }`;
}

function isUnion(type: avro.Type): type is avro.types.WrappedUnionType {
  return type.typeName.startsWith('union:');
}
