import type { Place } from '../errors.ts';
import type { Source } from './definition.ts';
import type { Problem } from './definition-error.ts';
import type { CallSite } from './definition-text.ts';
import { ExpressionTooLong } from './expression-code.ts';
import { parseLambda } from './expression-parser.ts';
import { LambdaError, typeName } from './expression-refusals.ts';
import { type LambdaParameters, type RecordParameter, recordOf } from './expression-scope.ts';
import { fieldsOf, type Node } from './expression-tree.ts';
import { type OptionReader, show } from './option-reader.ts';
import { isTooDeep } from './too-deep.ts';

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
    if (error instanceof LambdaError) {
      const place = site.lambdaPlace(lambda, error.offset);
      problems.push({ message: error.message, place, remedy: error.remedy });
      return null;
    }
    if (!isTooDeep(error)) throw error;
    problems.push(tooLong(what, site.lambdaPlace(lambda, 0)));
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
  if (where === null) return null;
  if (where.type === 'boolean' && fieldsOf(where).size > 0) return where;
  const problem =
    where.type === 'boolean'
      ? 'reads no field, so that it lets all records through or none'
      : `gives ${typeName(where.type)}, not a boolean`;
  options.wrong('where', problem, 'write a condition, like t.amount > 0');
  return null;
}

/** What `compile` makes of trees; null when one of them is too long for code, which becomes a problem. */
export function withinLength<T>(what: string, place: Place, problems: Problem[], compile: () => T): T | null {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof ExpressionTooLong || isTooDeep(error))) throw error;
    problems.push(tooLong(what, place));
    return null;
  }
}

function tooLong(what: string, place: Place): Problem {
  return { message: `${what} has too many steps`, place, remedy: 'split it into several features' };
}
