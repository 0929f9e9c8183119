import type { Scalar } from '../definitions/definition.ts';

/** The characters that would end a part of a key, and lone surrogates, which UTF-8 cannot hold. */
const RESERVED = /[:{}%\ud800-\udfff]/;
const RESERVED_ASCII = /[:{}%]/g;

/**
 * An entity as the stores name it: its fields joined by `:`, with `:`, `{`, `}` and `%` percent-encoded inside
 * them, so that two entities never share a text. Numbers are decimal, booleans `true` and `false`, bytes base64.
 */
export function entityText(entity: readonly Scalar[]): string {
  let text = partText(entity[0]!);
  for (let i = 1; i < entity.length; i++) text += ':' + partText(entity[i]!);
  return text;
}

function partText(part: Scalar): string {
  if (typeof part === 'string') return RESERVED.test(part) ? percentEncode(part) : part;
  return part instanceof Uint8Array ? Buffer.from(part).toString('base64') : String(part);
}

function percentEncode(text: string): string {
  return text
    .toWellFormed()
    .replace(RESERVED_ASCII, (char) => '%' + char.charCodeAt(0).toString(16).toUpperCase());
}
