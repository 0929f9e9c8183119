import { aggregateCallOf, type OwnAggregate } from '../../src/definitions/aggregate-call.ts';
import type { AggregateSignature } from '../../src/definitions/aggregate-signatures.ts';
import type { Scalar } from '../../src/definitions/definition.ts';
import * as tidemark from '../../src/index.ts';
import type { Reached, Twin } from './aggregate.ts';
import { exactIntegerSum, exactSum } from './exact.ts';

/** An aggregate of the user's own as a definitions file spells it, beside what it means. */
interface OwnDescription {
  readonly text: string;
  readonly signature: AggregateSignature;
  /** Whether a record whose inputs are these reaches some part. */
  readonly reaches: (value: Scalar, other: Scalar) => boolean;
  readonly twin: Twin;
}

const NUMBERS = ['integer', 'number'] as const;
const always = (): boolean => true;

function finite(value: number): number | null {
  return Number.isFinite(value) ? value + 0 : null;
}

function safe(value: number | null): number | null {
  return value !== null && Number.isSafeInteger(value) ? value : null;
}

function typed(value: number | null, { integer }: Reached): number | null {
  if (value === null) return null;
  return integer ? safe(value) : finite(value);
}

function logsOf(values: readonly Scalar[]): number[] {
  return values.map((value) => Math.log(value as number)).filter(Number.isFinite);
}

function geometricMeanOf(values: readonly Scalar[]): number | null {
  const logs = logsOf(values);
  const mean = finite(exactSum(logs) / logs.length);
  return mean === null ? null : finite(Math.exp(mean));
}

function rangeOf(reached: Reached): number | null {
  const values = reached.values as readonly number[];
  if (values.length === 0) return null;
  const least = values.reduce((a, b) => Math.min(a, b));
  return typed(values.reduce((a, b) => Math.max(a, b)) - least, reached);
}

const GEOMETRIC_MEAN = `defineAggregate(
  'geometricMean',
  { n: count((x) => Math.log(x)), logs: sum((x) => Math.log(x)) },
  ({ n, logs }) => Math.exp(logs / n),
)`;

export const OWN_AGGREGATES = {
  geometricMean: {
    text: GEOMETRIC_MEAN,
    signature: { inputs: [NUMBERS], valueType: () => 'number' },
    reaches: (value) => logsOf([value]).length > 0,
    twin: ({ values }) => geometricMeanOf(values),
  },
  span: {
    text: "defineAggregate('span', { low: min((x) => x), high: max((x) => x) }, (v) => v.high - v.low)",
    signature: { inputs: [NUMBERS], valueType: ([input]) => input! },
    reaches: always,
    twin: rangeOf,
  },
  excess: {
    text: `defineAggregate(
  'excess',
  {
    n: count({ where: (x, y) => x > y }),
    differences: sum((x, y) => x - y, { where: (x, y) => x > y }),
    all: count(),
  },
  ({ n, differences, all }) => (n < all ? (differences ?? 0) : null),
)`,
    signature: {
      inputs: [['integer'], ['integer']],
      valueType: () => 'integer',
    },
    reaches: always,
    twin: ({ values, others }) => {
      const pairs = values.map((value, index) => [value as number, others[index] as number] as const);
      const higher = pairs.filter(([value, other]) => value > other);
      const differences = higher.map(([value, other]) => safe(value - other)).filter((each) => each !== null);
      if (higher.length === pairs.length) return null;
      return differences.length === 0 ? 0 : (exactIntegerSum(differences) ?? 0);
    },
  },
  label: {
    text: `defineAggregate(
  'label',
  { n: count(), latest: last((x) => x + '!') },
  ({ n, latest }) => \`\${latest}\${n}\`,
)`,
    signature: { inputs: [['string']], valueType: () => 'string' },
    reaches: always,
    twin: ({ values }) => (values.length === 0 ? null : `${values.at(-1)}!${values.length}`),
  },
  mostly: {
    text: "defineAggregate('mostly', { n: count(), yes: count({ where: (p) => p }) }, ({ n, yes }) => yes * 2 > n)",
    signature: { inputs: [['boolean']], valueType: () => 'boolean' },
    reaches: always,
    twin: ({ values }) => values.filter((value) => value === true).length * 2 > values.length,
  },
  nested: {
    text: `defineAggregate(
  'nested',
  { typical: ${GEOMETRIC_MEAN}((x, y) => x), pairs: count(), least: min((x, y) => y) },
  ({ typical, pairs, least }) => (least !== null ? typical : pairs + 0.5),
)`,
    signature: { inputs: [NUMBERS, ['string', 'integer']], valueType: () => 'number' },
    reaches: always,
    twin: ({ values }) => (values.length === 0 ? 0.5 : geometricMeanOf(values)),
  },
} as const satisfies Readonly<Record<string, OwnDescription>>;

export type OwnName = keyof typeof OWN_AGGREGATES;

export const OWN_NAMES = Object.keys(OWN_AGGREGATES) as readonly OwnName[];

export function isOwn(name: string): name is OwnName {
  return name in OWN_AGGREGATES;
}

export function ownDescription(name: OwnName): OwnDescription {
  return OWN_AGGREGATES[name];
}

/** The aggregate as a group gets it from its text. */
export function ownAggregate(name: OwnName): OwnAggregate {
  const names = Object.keys(tidemark);
  const define = new Function(...names, `return ${OWN_AGGREGATES[name].text};`);
  const use = define(...Object.values(tidemark)) as (...given: unknown[]) => unknown;
  const call = aggregateCallOf(use());
  if (call === null || typeof call.aggregate === 'string') throw new Error(`${name} is no aggregate`);
  return call.aggregate;
}
