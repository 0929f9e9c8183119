import type { Place } from '../errors.ts';

/** Shared by every copy of the package that one file may import. */
const PLACE = Symbol.for('tidemark.place');

/** Notes where a source or group was defined, without becoming part of what it says. */
export function rememberPlace<T extends object>(definition: T, place: Place): T {
  return Object.defineProperty(definition, PLACE, { value: place });
}

export function placeOfDefinition(definition: object): Place {
  return (definition as { readonly [PLACE]?: Place })[PLACE] ?? {};
}
