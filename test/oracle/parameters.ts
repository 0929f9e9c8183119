import type { AggregateParameters } from '../../src/definitions/definition.ts';
import type { ParameterRule } from '../../src/definitions/read-parameters.ts';
import { formatDuration } from '../../src/time.ts';

type Rules = Readonly<Record<string, ParameterRule>>;

const EDGES = [[0], [-1, 0.5, 100], [-20, -19, 0, 1, 2], [1e300]];
const SHARES = [0.5, 0.9, 0, 0.37, 1];

/** Parameters that the rules allow: another choice, others. Durations are about `scaleMs`. */
export function parametersFrom(rules: Rules, choice: number, scaleMs: number): AggregateParameters {
  const entries = Object.entries(rules).map(([name, rule], index) => {
    // Each parameter goes through its values at a pace of its own, so that pairs of them vary.
    return [name, parameterFrom(rule, Math.floor(choice / 5 ** index), scaleMs)] as const;
  });
  return Object.fromEntries(entries);
}

function parameterFrom(rule: ParameterRule, choice: number, scaleMs: number): number | readonly number[] {
  switch (rule.kind) {
    case 'integer':
      return Math.min(rule.to, rule.from + [1, 0, 2, 5][choice % 4]!);
    case 'number':
      return rule.from + (rule.to - rule.from) * SHARES[choice % SHARES.length]!;
    case 'duration':
      return Math.max(1, Math.floor(scaleMs * [0.25, 1, 7][choice % 3]!));
    case 'edges':
      return EDGES[choice % EDGES.length]!;
  }
}

/** The options as a definitions file spells them. */
export function parametersText(rules: Rules, parameters: AggregateParameters): string[] {
  return Object.entries(rules).map(([name, { kind }]) => {
    const value = parameters[name]!;
    return `${name}: ${kind === 'duration' ? `'${formatDuration(value as number)}'` : JSON.stringify(value)}`;
  });
}
