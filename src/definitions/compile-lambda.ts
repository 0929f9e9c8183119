import type { Place } from '../errors.ts';
import type { Source } from './definition.ts';
import type { Problem } from './definition-error.ts';
import type { CallSite } from './definition-text.ts';
import type { Expression } from './expression.ts';
import { ExpressionTooLong, expressionOf } from './expression-code.ts';
import { parseLambda } from './expression-parser.ts';
import { LambdaError, typeName } from './expression-refusals.ts';
import { type LambdaParameters, type RecordParameter, recordOf } from './expression-scope.ts';
import type { Node } from './expression-tree.ts';
import { type OptionReader, show } from './option-reader.ts';

/** A source's record as lambdas see it: the event time of one that came without stays null. */
export function recordOfSource({ fields, onNullEventTime, eventTime }: Source): RecordParameter {
  const time = fields.get(eventTime.field);
  if (onNullEventTime === 'reject' || time === undefined) return recordOf(fields);
  return recordOf(new Map([...fields, [eventTime.field, { ...time, nullable: true }]]));
}

/** The tree of what stands where a lambda is wanted; null when it is refused, which becomes a problem. */
export function checkLambda(
  lambda: unknown,
  what: string,
  parameters: LambdaParameters,
  site: CallSite,
  problems: Problem[],
): Node | null {
  if (typeof lambda !== 'function') {
    problems.push({
      message: `${what} is ${show(lambda)}, not a function`,
      place: site.place,
      remedy: 'write an arrow function, like (t) => t.amount',
    });
    return null;
  }
  const text = Function.prototype.toString.call(lambda);
  try {
    return parseLambda(text, parameters);
  } catch (error) {
    if (!(error instanceof LambdaError)) throw error;
    problems.push({
      message: error.message,
      place: site.lambdaPlace(text, error.offset),
      remedy: error.remedy,
    });
    return null;
  }
}

/** The tree of the option `where`; null when there is none, or it is refused. */
export function checkWhere(
  options: OptionReader,
  what: string,
  parameters: LambdaParameters,
  site: CallSite,
  problems: Problem[],
): Node | null {
  if (!options.has('where')) return null;
  const where = checkLambda(options.given['where'], `'where' of ${what}`, parameters, site, problems);
  if (where === null || where.type === 'boolean') return where;
  options.wrong(
    'where',
    `gives ${typeName(where.type)}, not a boolean`,
    'write a condition, like t.amount > 0',
  );
  return null;
}

/** The code of a tree; null when it is too long, which becomes a problem. */
export function expressionFor(
  tree: Node,
  what: string,
  place: Place,
  problems: Problem[],
): Expression | null {
  try {
    return expressionOf(tree);
  } catch (error) {
    if (!(error instanceof ExpressionTooLong)) throw error;
    problems.push({ message: `${what} has too many steps`, place, remedy: 'split it into several features' });
    return null;
  }
}
