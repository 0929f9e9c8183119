import type { Source } from './definition.ts';
import type { Problem } from './definition-error.ts';
import type { CallSite } from './definition-text.ts';
import type { Expression } from './expression.ts';
import { ExpressionTooLong, expressionOf } from './expression-code.ts';
import { parseLambda } from './expression-parser.ts';
import { LambdaError } from './expression-refusals.ts';
import { type LambdaParameters, type RecordParameter, recordOf } from './expression-scope.ts';
import { show } from './option-reader.ts';

/** A source's record as lambdas see it: the event time of one that came without stays null. */
export function recordOfSource({ fields, onNullEventTime, eventTime }: Source): RecordParameter {
  const time = fields.get(eventTime.field);
  if (onNullEventTime === 'reject' || time === undefined) return recordOf(fields);
  return recordOf(new Map([...fields, [eventTime.field, { ...time, nullable: true }]]));
}

/** Compiles what stands where a lambda is wanted; null when it is refused, which becomes a problem. */
export function compileLambda(
  lambda: unknown,
  what: string,
  parameters: LambdaParameters,
  site: CallSite,
  problems: Problem[],
): Expression | null {
  if (typeof lambda !== 'function') {
    problems.push({
      message: `${what} is ${show(lambda)}, not a function of the record`,
      place: site.place,
      remedy: 'write an arrow function, like (t) => t.amount',
    });
    return null;
  }
  const text = Function.prototype.toString.call(lambda);
  try {
    return expressionOf(parseLambda(text, parameters));
  } catch (error) {
    if (error instanceof LambdaError) {
      const place = site.lambdaPlace(text, error.offset);
      problems.push({ message: error.message, place, remedy: error.remedy });
      return null;
    }
    if (error instanceof ExpressionTooLong) {
      problems.push({
        message: `${what} has too many steps`,
        place: site.lambdaPlace(text, 0),
        remedy: 'split it into several features',
      });
      return null;
    }
    throw error;
  }
}
