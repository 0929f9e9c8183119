import type { FeatureType, Scalar, Value } from './definition.ts';
import type { ValueType } from './expression.ts';
import { compareText } from './expression-runtime.ts';

/**
 * Lists and maps as text: JSON without spaces, numbers in the shortest form that reads back the same, the keys of a
 * map in their order (strings by UTF-8 bytes, numbers by value, false before true). Equal values have equal texts,
 * so that within a task, and in Redis, a vector is its text.
 */

type Element = number | string | boolean;
type VectorType = Exclude<FeatureType, ValueType>;

/** A list or map of which only the text is known: what passes it on need not parse it and print it again. */
export class VectorJson {
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}

/** A value as stores hold it. */
export type StoredValue = Scalar | VectorJson | null;

export function listText(elements: readonly Element[]): string {
  return listOfTexts(elements.map(elementText));
}

/** The list of the elements that have these texts. */
export function listOfTexts(texts: readonly string[]): string {
  return `[${texts.join(',')}]`;
}

/** The entries may come in any order; their keys differ. */
export function mapText(entries: readonly (readonly [Element, Element])[]): string {
  const sorted = [...entries].sort(([a], [b]) => compareElements(a, b));
  return mapOfTexts(sorted.map(([key, value]) => entryText(elementText(key), elementText(value))));
}

/** The map of the entries that have these texts, in the order of their keys. */
export function mapOfTexts(texts: readonly string[]): string {
  return `{${texts.join(',')}}`;
}

/** The entry of a key and a value that have these texts: keys are strings in JSON. */
export function entryText(key: string, value: string): string {
  return key.startsWith('"') ? `${key}:${value}` : `"${key}":${value}`;
}

export function elementText(element: Element): string {
  return typeof element === 'string' ? JSON.stringify(element) : String(element);
}

/** Of one type: strings by UTF-8 bytes, numbers by value, false before true. */
export function compareElements(a: Element, b: Element): number {
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  return Number(a) - Number(b);
}

/** A list or map from its text. */
export function parseVector(text: string, type: VectorType): Value {
  return vectorOf(JSON.parse(text), type);
}

/** A list or map from its text that was parsed as JSON. */
export function vectorOf(parsed: unknown, type: VectorType): Exclude<Value, Scalar> {
  if (type.kind === 'list') return parsed as readonly Element[];
  const entries = Object.entries(parsed as Readonly<Record<string, Element>>).map(
    ([key, value]) => [keyOf(key, type.key), value] as const,
  );
  return new Map(entries.sort(([a], [b]) => compareElements(a, b)));
}

function keyOf(text: string, type: ValueType): Element {
  if (type === 'string') return text;
  return type === 'boolean' ? text === 'true' : Number(text);
}

/** The text of a list or map. */
export function vectorText(value: Exclude<Value, Scalar>): string {
  return value instanceof Map
    ? mapText([...value] as [Element, Element][])
    : listText(value as readonly Element[]);
}

export function isVectorValue(value: Value): value is Exclude<Value, Scalar> {
  return typeof value === 'object' && !(value instanceof Uint8Array);
}
