import { type AggregateCall, aggregateName } from './aggregate-call.ts';
import { type AggregateName, signatureOf } from './aggregate-signatures.ts';
import { checkLambda, checkWhere } from './compile-lambda.ts';
import type { AggregateParameters, Aggregation } from './definition.ts';
import type { Problem } from './definition-error.ts';
import type { ValueType } from './expression.ts';
import { expressionOf } from './expression-code.ts';
import { typeName } from './expression-refusals.ts';
import type { LambdaParameters } from './expression-scope.ts';
import type { Node } from './expression-tree.ts';
import { type Given, OptionReader } from './option-reader.ts';
import { type ParameterRule, readParameters } from './read-parameters.ts';

/** A call of an aggregate with its arguments told apart: lambdas in front, options behind. */
export class AggregateReader {
  /** The aggregate and the name it got, as messages call it: `sum of 'spend'`. */
  readonly what: string;
  readonly call: AggregateCall;
  readonly options: OptionReader;
  readonly #inputCount: number;
  readonly #problems: Problem[];

  constructor(name: string, call: AggregateCall, problems: Problem[]) {
    this.what = `${aggregateName(call)} of '${name}'`;
    this.call = call;
    this.#inputCount = inputCountOf(call);
    this.#problems = problems;
    this.options = new OptionReader(
      this.what,
      call.given[this.#inputCount] ?? {},
      call.site.options(this.#inputCount),
      problems,
    );
    const surplus = this.#inputCount + 1;
    if (call.site.argumentCount > surplus) {
      const place = call.site.argument(surplus);
      problems.push({ message: `${this.what} has an argument too many`, place, remedy: 'leave it out' });
    }
  }

  /** Refuses options that are neither the aggregate's own nor `where` nor one of `more`. */
  checkOptions(more: readonly string[], elsewhere: Given): void {
    this.options.only([...Object.keys(rulesOf(this.call)), ...more, 'where'], elsewhere);
  }

  parameters(): AggregateParameters {
    return readParameters(this.options, rulesOf(this.call));
  }

  /** The trees of its lambdas; null when one of them is refused. */
  trees(
    parameters: LambdaParameters,
  ): { readonly inputs: readonly Node[]; readonly where: Node | null } | null {
    const { given, site } = this.call;
    const before = this.#problems.length;
    const inputs: Node[] = [];
    for (let index = 0; index < this.#inputCount; index++) {
      const which = this.#inputCount === 1 ? 'the lambda' : `the ${ORDINALS[index]} lambda`;
      const input = checkLambda(given[index], `${which} of ${this.what}`, parameters, site, this.#problems);
      if (input !== null) inputs.push(input);
    }
    const where = checkWhere(this.options, this.what, parameters, site, this.#problems);
    return this.#problems.length === before ? { inputs, where } : null;
  }
}

const ORDINALS = ['first', 'second'];

function rulesOf({ aggregate }: AggregateCall): Readonly<Record<string, ParameterRule>> {
  return (typeof aggregate === 'string' ? signatureOf(aggregate).parameters : undefined) ?? {};
}

function inputCountOf({ aggregate, given }: AggregateCall): number {
  if (typeof aggregate !== 'string') return aggregate.inputCount;
  const { inputs, optionalInput } = signatureOf(aggregate);
  return optionalInput === true && typeof given[0] !== 'function' && given.length <= 1 ? 0 : inputs.length;
}

/**
 * The aggregation of a built-in aggregate over inputs of the right types; null when they are wrong.
 * @throws ExpressionTooLong
 */
export function compileAggregation(
  aggregate: AggregateName,
  { call, what }: AggregateReader,
  { inputs, where }: { readonly inputs: readonly Node[]; readonly where: Node | null },
  parameters: AggregateParameters,
  problems: Problem[],
): Aggregation | null {
  const signature = signatureOf(aggregate);
  const placeOf = (index: number) => call.site.lambdaPlace(call.given[index], 0);
  const wrong = inputs.flatMap((input, index) => {
    const types = signature.inputs[index]!;
    return types.includes(input.type as ValueType)
      ? []
      : [{ ...inputProblem(what, types, input.type as ValueType), place: placeOf(index) }];
  });
  problems.push(...wrong);
  if (wrong.length > 0) return null;
  const [input = null, other = null] = inputs.map(expressionOf);
  return {
    aggregate,
    input,
    other,
    where: where && expressionOf(where),
    parameters,
    valueType: signature.valueType(inputs.map(({ type }) => type as ValueType)),
  };
}

function inputProblem(
  what: string,
  types: readonly ValueType[],
  given: ValueType,
): Pick<Problem, 'message' | 'remedy'> {
  const wanted = types.filter((type) => type !== 'integer');
  const remedy =
    wanted.length === 1 && wanted[0] === 'boolean'
      ? "write a condition, like (t) => t.status === 'failed'"
      : given === 'boolean'
        ? 'write condition ? 1 : 0, or rate((t) => condition, …)'
        : given === 'string'
          ? 'read a field that is a number, or write Number(text)'
          : 'bytes can only be tested for null or counted: count((t) => t.field, …)';
  return { message: `${what} takes ${wanted.join(' or ')}, not ${typeName(given)}`, remedy };
}
