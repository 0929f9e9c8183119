import type { FieldKind, FieldType } from './definition.ts';

/**
 * A declared field. `T` is its type inside lambdas, where a nullable field has the type of its values: an
 * operation with null is null, so there is nothing to guard against (semantics.md, "NULL and number rules").
 */
export interface Field<T> extends FieldType {
  /** Never there: carries the type only. */
  readonly valueType?: T;
}

/** A schema as `defineSource` takes it. */
export type Schema = Readonly<Record<string, Field<unknown>>>;

/** The record that lambdas over a source of this schema read. */
export type RecordOf<S extends Schema> = {
  readonly [Name in keyof S]: S[Name] extends Field<infer T> ? T : never;
};

function of<T>(kind: FieldKind, symbols: readonly string[] = []): Field<T> {
  return { kind, nullable: false, symbols };
}

/** The types of fields. Integers are exact within ±(2^53−1). */
export const field = {
  string: of<string>('string'),
  boolean: of<boolean>('boolean'),
  /** An integer of 32 bits. */
  int: of<number>('int'),
  /** An integer within ±(2^53−1). */
  long: of<number>('long'),
  float: of<number>('float'),
  double: of<number>('double'),
  /** Can be tested for null and counted, nothing else. */
  bytes: of<Uint8Array>('bytes'),
  /** An integer: milliseconds since 1970-01-01T00:00Z. */
  timestampMillis: of<number>('timestampMillis'),
  /** Microseconds since 1970-01-01T00:00Z. */
  timestampMicros: of<number>('timestampMicros'),
  /** Text: `2026-03-08T02:30[:15[.250]]`, with `T` or a space. */
  localDateTime: of<string>('localDateTime'),
  /** One of the listed texts. */
  enum<const Symbols extends readonly [string, ...string[]]>(...symbols: Symbols): Field<Symbols[number]> {
    return of('enum', symbols);
  },
  /** The field may be null or missing. */
  nullable<T>(type: Field<T>): Field<T> {
    return { ...type, nullable: true };
  },
} as const;
