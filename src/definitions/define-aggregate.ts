import {
  type AggregateCall,
  type AggregateDefinition,
  aggregateCallOf,
  type DefaultOptions,
  definitionOf,
  type Lambda,
  type LambdaArguments,
  type OwnAggregate,
  type Widened,
} from './aggregate-call.ts';
import { withinLength } from './compile-lambda.ts';
import { compileOwnAggregate } from './compile-own-aggregate.ts';
import { type Problem, reportProblems } from './definition-error.ts';
import { CallSite } from './definition-text.ts';
import { VALUE_TYPES } from './expression.ts';
import { valueNode } from './expression-tree.ts';
import { FEATURE_NAME } from './names.ts';
import { isObject, show } from './option-reader.ts';

type SingleValue = number | string | boolean;

/** The parts of an aggregate of the user's own: aggregates over its inputs, by name. */
export type AggregateParts = Readonly<Record<string, AggregateDefinition<never, SingleValue>>>;

/** What the result's lambda is given: the values of the parts. */
export type PartValues<P> = {
  readonly [Name in keyof P]: P[Name] extends AggregateDefinition<never, infer V> ? V : never;
};

/** The parts that read inputs, all but `count()`. */
type ReadingParts<P extends AggregateParts> = {
  [Name in keyof P]: [Parameters<P[Name]>] extends [never] ? never : P[Name];
}[keyof P];

/** The inputs that the lambdas of the parts read: none, one or two. */
type InputsOf<P extends AggregateParts> =
  ReadingParts<P> extends (first: infer X, second: infer Y) => unknown
    ? unknown extends Y
      ? unknown extends X
        ? []
        : [X]
      : [X, Y]
    : never;

/** An aggregate of the user's own, called like a built-in one: its inputs, then its options. */
export type AggregateFunction<Inputs, V> = Inputs extends [infer X, infer Y]
  ? <A extends LambdaArguments>(
      first: Lambda<A, X>,
      second: Lambda<A, Y>,
      options?: DefaultOptions<A, V>,
    ) => AggregateDefinition<A, V>
  : Inputs extends [infer X]
    ? <A extends LambdaArguments>(
        input: Lambda<A, X>,
        options?: DefaultOptions<A, V>,
      ) => AggregateDefinition<A, V>
    : <A extends LambdaArguments>(options?: DefaultOptions<A, V>) => AggregateDefinition<A, V>;

/**
 * Defines an aggregate of the user's own: `result` over the values of `parts`, which are aggregates over its one or
 * two inputs, without ranges. A record where an input is null does not reach the parts. Being made of built-in
 * aggregates, it is exact, and its value is null where its result is.
 *
 *     const geometricMean = defineAggregate(
 *       'geometricMean',
 *       { n: count((x: number) => x), logs: sum((x: number) => Math.log(x)) },
 *       ({ n, logs }) => Math.exp(logs / n),
 *     );
 *
 * @throws DefinitionError with the place of everything that is wrong
 */
export function defineAggregate<P extends AggregateParts, V extends SingleValue>(
  name: string,
  parts: P,
  result: (values: PartValues<P>) => V | null | undefined,
): AggregateFunction<InputsOf<P>, Widened<V>> {
  const site = new CallSite(defineAggregate);
  const problems: Problem[] = [];
  checkName(name, site, problems);
  const calls = readParts(parts, site, problems);
  const inputCount = Math.max(0, ...[...calls.values()].flatMap(parameterCounts));
  if (inputCount > MOST_INPUTS) {
    problems.push({
      message: `${name} takes ${inputCount} inputs, by the parameters of its parts`,
      place: site.place,
      remedy: `an aggregate takes at most ${MOST_INPUTS}: put several into one where it is used, like (t) => t.a * t.b`,
    });
  }
  const definition = { name, inputCount, parts: calls, result, site };
  if (problems.length === 0) problems.push(...problemsOfBestInputs({ ...definition, isSound: true }));
  reportProblems(problems);
  const aggregate: OwnAggregate = { ...definition, isSound: problems.length === 0 };
  const use = (...given: unknown[]): unknown => definitionOf(use, aggregate, given);
  Object.defineProperty(use, 'name', { value: name });
  return use as AggregateFunction<InputsOf<P>, Widened<V>>;
}

const MOST_INPUTS = 2;

function checkName(name: unknown, site: CallSite, problems: Problem[]): void {
  if (typeof name === 'string' && FEATURE_NAME.pattern.test(name)) return;
  problems.push({
    message: `${show(name)} is no name for an aggregate`,
    place: site.argument(0),
    remedy: `a name is ${FEATURE_NAME.allowed}`,
  });
}

function readParts(parts: unknown, site: CallSite, problems: Problem[]): ReadonlyMap<string, AggregateCall> {
  const calls = new Map<string, AggregateCall>();
  const given = isObject(parts) ? Object.entries(parts) : [];
  if (given.length === 0) {
    problems.push({
      message: `the parts are ${isObject(parts) ? 'none' : show(parts)}`,
      place: site.argument(1),
      remedy: 'write { n: count((x: number) => x) }',
    });
  }
  const places = site.options(1);
  for (const { name: part, place } of places.repeated()) {
    problems.push({ message: `two parts are named '${part}'`, place, remedy: 'rename one of them' });
  }
  for (const [part, definition] of given) {
    const call = aggregateCallOf(definition);
    if (call !== null) calls.set(part, call);
    else {
      problems.push({
        message: `the part '${part}' is ${show(definition)}, not an aggregate`,
        place: places.value(part),
        remedy: 'write an aggregate over the inputs, like sum((x: number) => x)',
      });
    }
  }
  return calls;
}

/** How many parameters the lambdas of a part have. */
function parameterCounts({ given }: AggregateCall): readonly number[] {
  const last = given.at(-1);
  const lambdas = [...given, ...(isObject(last) ? [last['where']] : [])];
  return lambdas.map((lambda) => (typeof lambda === 'function' ? lambda.length : 0));
}

/**
 * What is wrong whatever the inputs are: the definition does for no types of them. Of all types, those are told of
 * for which the least is wrong, as the others only add to it.
 */
function problemsOfBestInputs(aggregate: OwnAggregate): readonly Problem[] {
  let best: readonly Problem[] | null = null;
  for (const types of combinations(VALUE_TYPES, aggregate.inputCount)) {
    const problems: Problem[] = [];
    const inputs = types.map((type, index) => valueNode(`input ${index}`, type, { nullable: false }));
    withinLength(aggregate.name, aggregate.site.place, problems, () =>
      compileOwnAggregate(aggregate, inputs, null, [], problems),
    );
    if (best === null || problems.length < best.length) best = problems;
    if (best.length === 0) break;
  }
  return best!;
}

function combinations<T>(list: readonly T[], length: number): readonly (readonly T[])[] {
  if (length === 0) return [[]];
  return combinations(list, length - 1).flatMap((shorter) => list.map((each) => [...shorter, each]));
}
