import type { Scalar } from '../definitions/definition.ts';

/** Whether a record key, as UTF-8, is the text of the key field's value: strings as they are, numbers in decimal. */
export function keyMatches(key: Uint8Array | null, value: Scalar | null): boolean {
  if (key === null || value === null) return false;
  const text = typeof value === 'string' ? value : String(value);
  const length = text.length;
  if (key.length === length) {
    let index = 0;
    while (index < length && text.charCodeAt(index) === key[index] && key[index]! < 0x80) index++;
    if (index === length) return true;
  }
  return Buffer.from(text).equals(key);
}
