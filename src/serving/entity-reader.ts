import type { FeatureGroup, Scalar } from '../definitions/definition.ts';
import { compileJsonReader } from '../sources/decode-validator.ts';
import { Rejection } from '../sources/record.ts';

/** Makes an entity of its fields by name, with values as JSON or the source's records hold them; or says why it is none. */
export type EntityReader = (fields: object) => readonly Scalar[] | Rejection;

/** An entity is read by the rules by which the records are that it came from. */
export function compileEntityReader(group: FeatureGroup): EntityReader {
  const names = group.entity;
  const types = new Map(names.map((name) => [name, { ...group.source.fields.get(name)!, nullable: false }]));
  const read = compileJsonReader(types);
  return (fields) => {
    const row = read(fields);
    return row instanceof Rejection ? row : names.map((name) => row[name]!);
  };
}
