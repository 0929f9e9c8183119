declare const brand: unique symbol;

/** An instant of event time: milliseconds since 1970-01-01T00:00Z, signed. */
export type EventTimeMs = number & { readonly [brand]?: 'EventTimeMs' };
/** A length of time in milliseconds, never negative. */
export type DurationMs = number & { readonly [brand]?: 'DurationMs' };
/** A record's position in its partition. */
export type Offset = number & { readonly [brand]?: 'Offset' };
/**
 * A log position as rows carry it: offset + 1 + epoch · 2^43 (semantics.md, "Revisions"). Below 2^53, so a
 * plain number holds it.
 */
export type Version = number & { readonly [brand]?: 'Version' };

/** The share of a version that the offset has; the source's `epoch` counts above it. */
export const VERSIONS_PER_EPOCH = 2 ** 43;

export function versionOf(offset: Offset, epoch: number): Version {
  return offset + 1 + epoch * VERSIONS_PER_EPOCH;
}

/** Floor division that is right for negative times too. */
export function floorDiv(value: number, divisor: number): number {
  return Math.floor(value / divisor);
}

const UNIT_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `'1h30m'` in milliseconds; null when the text is no duration or not an exact number of milliseconds below 2^53. */
export function parseDuration(text: string): DurationMs | null {
  if (!/^(\d+(ms|s|m|h|d))+$/.test(text)) return null;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+)(ms|s|m|h|d)/g)) {
    total += Number(amount) * UNIT_MS[unit as string]!;
  }
  return Number.isSafeInteger(total) ? total : null;
}

/** The shortest text that {@link parseDuration} reads back the same: `5400000` is `'1h30m'`. */
export function formatDuration(duration: DurationMs): string {
  if (duration === 0) return '0ms';
  let rest = duration;
  let text = '';
  for (const unit of ['d', 'h', 'm', 's', 'ms']) {
    const amount = Math.floor(rest / UNIT_MS[unit]!);
    if (amount > 0) text += `${amount}${unit}`;
    rest -= amount * UNIT_MS[unit]!;
  }
  return text;
}
