import type { AggregateParameters } from './definition.ts';
import { type OptionReader, show } from './option-reader.ts';

/** What an option of an aggregate's own must be; one without a default must be given. */
export type ParameterRule =
  /** A whole number from `from` to `to`. */
  | { readonly kind: 'integer'; readonly from: number; readonly to: number; readonly default?: number }
  /** A number from `from` to `to`. */
  | { readonly kind: 'number'; readonly from: number; readonly to: number; readonly default?: number }
  /** A duration of at least 1 ms, read as milliseconds. */
  | { readonly kind: 'duration'; readonly example: string }
  /** At least one number, each greater than the one before it. */
  | { readonly kind: 'edges'; readonly example: string };

/** Reads the options that are an aggregate's own; what is wrong becomes a problem. */
export function readParameters(
  options: OptionReader,
  rules: Readonly<Record<string, ParameterRule>>,
): AggregateParameters {
  const entries = Object.entries(rules).map(
    ([name, rule]) => [name, readParameter(options, name, rule)] as const,
  );
  return Object.fromEntries(entries);
}

function readParameter(options: OptionReader, name: string, rule: ParameterRule): number | readonly number[] {
  switch (rule.kind) {
    case 'integer':
      if (rule.default === undefined && !options.require(name, `write ${name}: ${Math.max(rule.from, 3)}`))
        return 0;
      return options.integer(name, rule.from, rule.to, rule.default ?? rule.from);
    case 'number':
      return readNumber(options, name, rule);
    case 'duration':
      if (!options.require(name, `write ${name}: '${rule.example}'`)) return 0;
      return options.duration(name, 1) ?? 0;
    case 'edges':
      return readEdges(options, name, rule.example);
  }
}

function readNumber(
  options: OptionReader,
  name: string,
  rule: Extract<ParameterRule, { readonly kind: 'number' }>,
): number {
  const example = rule.default ?? (rule.from + rule.to) / 2;
  if (rule.default === undefined && !options.require(name, `write ${name}: ${example}`)) return 0;
  const value = options.has(name) ? options.given[name] : rule.default;
  if (typeof value === 'number' && value >= rule.from && value <= rule.to) return value + 0;
  const limits = `a number from ${rule.from} to ${rule.to}`;
  options.wrong(name, `is ${show(value)}, not ${limits}`, `write ${name}: ${example}`);
  return 0;
}

function readEdges(options: OptionReader, name: string, example: string): readonly number[] {
  const remedy = `write ${name}: ${example}, each greater than the one before`;
  if (!options.require(name, remedy)) return [];
  const edges = options.given[name];
  const isRising =
    Array.isArray(edges) &&
    edges.length > 0 &&
    edges.every((edge, index) => Number.isFinite(edge) && (index === 0 || edge > edges[index - 1]));
  if (isRising) return edges.map((edge: number) => edge + 0);
  options.wrong(name, 'is not a list of rising numbers', remedy);
  return [];
}
