import type { Source } from './definition.ts';
import type { Problem } from './definition-error.ts';
import type { CallSite } from './definition-text.ts';
import type { Expression } from './expression.ts';
import { ExpressionTooLong, expressionOf } from './expression-code.ts';
import { parseLambda } from './expression-parser.ts';
import { LambdaError } from './expression-refusals.ts';
import type { FieldTypes } from './expression-scope.ts';
import { show } from './option-reader.ts';

/** The fields as lambdas see them: the event time of a record that came without one stays null. */
export function fieldsForLambdas(source: Source): FieldTypes {
  if (source.onNullEventTime === 'reject') return source.fields;
  const fields = new Map(source.fields);
  const time = fields.get(source.eventTime.field);
  if (time !== undefined) fields.set(source.eventTime.field, { ...time, nullable: true });
  return fields;
}

/** Compiles what stands where a lambda is wanted; null when it is refused, which becomes a problem. */
export function compileLambda(
  lambda: unknown,
  what: string,
  fields: FieldTypes,
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
    return expressionOf(parseLambda(text, fields));
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
