import type { FeatureGroup, FieldKind } from '../definitions/definition.ts';
import { MOST_READS } from './http-schemas.ts';
import { ReadError, type ReadRequest } from './read-request.ts';

/** The entity that a query names: its fields are parameters, whose texts are read as the fields' types. */
export function entityOfQuery(group: FeatureGroup, query: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(query).map(([name, text]) => {
      const kind = group.source.fields.get(name)?.kind;
      return [name, typeof text === 'string' && kind !== undefined ? readText(text, kind) : text];
    }),
  );
}

/** What is none of the type stays a text, which the check of the entity refuses. */
function readText(text: string, kind: FieldKind): unknown {
  switch (kind) {
    case 'boolean':
      return text === 'true' || (text === 'false' ? false : text);
    case 'int':
    case 'long':
    case 'timestampMillis':
    case 'timestampMicros':
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case 'float':
    case 'double':
      return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? Number(text) : text;
    default:
      return text;
  }
}

/**
 * The reads of a batch. Groups, entities and features are checked by the reader.
 *
 * @throws ReadError for a body that does not have the form
 */
export function readsOfBody(body: unknown): readonly ReadRequest[] {
  const reads = isObject(body) ? body['reads'] : undefined;
  if (!Array.isArray(reads)) throw bodyError('the body has no list "reads"');
  if (reads.length === 0 || reads.length > MOST_READS) {
    throw bodyError(`"reads" has ${reads.length} elements, not 1 to ${MOST_READS}`);
  }
  return reads.map(readOf);
}

function readOf(read: unknown, index: number): ReadRequest {
  const where = `reads[${index}]`;
  if (!isObject(read)) throw bodyError(`${where} is no object`);
  const { group, entity, features, ...rest } = read;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) throw bodyError(`${where} has an unknown ${JSON.stringify(unknown)}`);
  if (typeof group !== 'string') throw bodyError(`${where} has no text "group"`);
  if (!isObject(entity)) throw bodyError(`${where} has no object "entity"`);
  if (features === undefined) return { group, entity: entity as Record<string, string> };
  if (!Array.isArray(features) || features.some((name) => typeof name !== 'string')) {
    throw bodyError(`"features" of ${where} is no list of texts`);
  }
  return { group, entity: entity as Record<string, string>, features };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function bodyError(message: string): ReadError {
  return new ReadError(message, {
    code: 'BODY_WRONG',
    remedy:
      'Send {"reads": [{"group": "…", "entity": {…}, "features": […]}, …]}; "features" may be left out.',
  });
}
