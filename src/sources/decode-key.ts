import type { Scalar } from '../definitions/definition.ts';

/**
 * The text that a record key holds for a key field of this value: numbers in decimal, booleans as `true` and
 * `false`, bytes as the UTF-8 that they hold; null for null.
 */
export function keyText(value: Scalar | null): string | null {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number') return decimalText(value);
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString();
}

/** The shortest digits that read back as `value`, without an exponent. */
function decimalText(value: number): string {
  const text = String(value);
  const parts = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (parts === null) return text;
  const [, sign, lead, fraction = '', exponentText] = parts;
  const digits = lead! + fraction;
  const exponent = Number(exponentText);
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  return sign! + digits.padEnd(exponent + 1, '0');
}
