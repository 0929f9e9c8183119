import type { Row, Scalar } from '../src/definitions/definition.ts';
import type { Expression } from '../src/definitions/expression.ts';
import { loadCardGroup } from './card-group.ts';

/** Lambdas as definitions write them, from the simplest to one with text and arithmetic. */
export const LAMBDAS: Readonly<Record<string, string>> = {
  comparison: `(t) => t.status === 'failed'`,
  arithmetic: `(t) => t.amount_minor / 100`,
  integers: `(t) => t.amount_minor * 3 + 17 - (t.event_ts ?? 0)`,
  logic: `(t) => t.status !== 'initiated' && (t.amount_minor > 50_000 || t.geo === 'SG-01') ? 1 : 0`,
  text: `(t) => t.geo?.startsWith('IN-') ?? false`,
};

export interface Lambda {
  readonly expression: Expression;
  /** The very function, as JavaScript. */
  readonly closure: (row: Row) => Scalar | null;
}

/** Each lambda as the definitions loader compiles it, and as itself. */
export async function loadLambdas(): Promise<ReadonlyMap<string, Lambda>> {
  const features = Object.entries(LAMBDAS).map(([name, text]) => `${name}: first(${text}, { last: '1h' })`);
  const group = await loadCardGroup({ windows: `every: '5m'`, features });
  return new Map(
    group.features.map(({ name, aggregations }) => {
      const closure = new Function(`return ${LAMBDAS[name]}`)() as Lambda['closure'];
      return [name, { expression: aggregations[0].input!, closure }];
    }),
  );
}
