import type { AggregateName } from './aggregate-signatures.ts';
import { CallSite } from './definition-text.ts';
import type { RangeOptions } from './read-range.ts';

/**
 * What the lambdas of an aggregate are given: the record of the group, or, in an aggregate of the user's own, its
 * one or two inputs.
 */
export type LambdaArguments = readonly unknown[];

/** A value that a lambda may give; null and undefined both stand for no value. */
type Nullish = null | undefined;

export type Lambda<A extends LambdaArguments, T> = (...given: A) => T | Nullish;

/** The type of a lambda's values as a column has it: `number` for one that gives 1 or 0. */
export type Widened<T> = T extends number ? number : T extends string ? string : boolean;

/** Options of every aggregate. */
export type AggregateOptions<A extends LambdaArguments> = RangeOptions & {
  /** Only records for which this is true reach the aggregate. */
  readonly where?: Lambda<A, boolean>;
};

/** Options of an aggregate whose result is null when there were no values. */
export type DefaultOptions<A extends LambdaArguments, T> = AggregateOptions<A> & {
  /** Replaces the null of no values at all, and no other. */
  readonly default?: T;
};

/** Options of an aggregate that is a list of n values. */
export type ListOptions<A extends LambdaArguments> = AggregateOptions<A> & {
  /** How many values: 1 to 1000. */
  readonly n: number;
};

declare const aggregate: unique symbol;

/**
 * A feature before its group gives it a name; `V` is the type of its values where an aggregate of the user's own may
 * be made of it. It is typed as a bare function because TypeScript then puts off `rate((t) => …)` until it knows the
 * group's source, and so the type of `t`.
 */
export type AggregateDefinition<A extends LambdaArguments, V = unknown> = (...given: A) => {
  readonly [aggregate]: V;
};

/** What stands behind an {@link AggregateDefinition} while the program runs. */
export interface AggregateCall {
  readonly kind: 'aggregate';
  readonly aggregate: AggregateName | OwnAggregate;
  /** The arguments as they were given, unchecked. */
  readonly given: readonly unknown[];
  readonly site: CallSite;
}

/** An aggregate of the user's own: a value made of the values of others over the same inputs. */
export interface OwnAggregate {
  readonly name: string;
  readonly inputCount: number;
  readonly parts: ReadonlyMap<string, AggregateCall>;
  /** The lambda over the values of the parts, unchecked. */
  readonly result: unknown;
  readonly site: CallSite;
  /** False when its definition was refused: its uses are then not looked at. */
  readonly isSound: boolean;
}

/** The calls behind definitions; the key is global, as a group may come from another copy of the package. */
const CALL = Symbol.for('tidemark.aggregateCall');

/** The call behind what stands as a feature; null when it is none. */
export function aggregateCallOf(feature: unknown): AggregateCall | null {
  if (typeof feature !== 'function') return null;
  return (feature as unknown as { readonly [CALL]?: AggregateCall })[CALL] ?? null;
}

/** What `callee` gives, the function that is being called by the user. */
export function definitionOf<A extends LambdaArguments, V>(
  callee: (...given: never[]) => unknown,
  aggregate: AggregateCall['aggregate'],
  given: readonly unknown[],
): AggregateDefinition<A, V> {
  const call: AggregateCall = { kind: 'aggregate', aggregate, given, site: new CallSite(callee) };
  const never = (): never => {
    throw new TypeError(`${callee.name}(…) is a definition for the features of a group, not to be called`);
  };
  return Object.assign(never, { [CALL]: call });
}

export function aggregateName({ aggregate }: AggregateCall): string {
  return typeof aggregate === 'string' ? aggregate : aggregate.name;
}
