import {
  type AnyNode,
  type ArrowFunctionExpression,
  type FunctionExpression,
  type ObjectPattern,
  parseExpressionAt,
  type Expression as Syntax,
} from 'acorn';
import { checkSyntax } from './expression-checker.ts';
import { describeSyntax, LambdaError, refusal } from './expression-refusals.ts';
import { type FieldTypes, LambdaScope } from './expression-scope.ts';
import type { Node } from './expression-tree.ts';

/**
 * Parses the text of a function and checks it against the fields of the record.
 * @throws LambdaError for everything that a lambda may not do, with the place of the token within the text
 */
export function parseLambda(text: string, fields: FieldTypes): Node {
  const { lambda, shift } = parseFunction(text);
  try {
    return treeOf(lambda, fields);
  } catch (error) {
    if (error instanceof LambdaError) error.offset += shift;
    throw error;
  }
}

type Lambda = ArrowFunctionExpression | FunctionExpression;

/** Reads `(t) => …`, `function (t) { return … }` and the text of a method, `where(t) { return … }`. */
function parseFunction(text: string): { readonly lambda: Lambda; readonly shift: number } {
  for (const [before, after] of [
    ['(', ')'],
    ['({', '})'],
  ] as const) {
    try {
      let syntax: AnyNode = parseExpressionAt(before + text + after, 0, { ecmaVersion: 'latest' });
      if (syntax.type === 'ObjectExpression') {
        const [property] = syntax.properties;
        if (property?.type === 'Property' && property.method) syntax = property.value;
      }
      if (syntax.type === 'ArrowFunctionExpression' || syntax.type === 'FunctionExpression') {
        return { lambda: syntax, shift: -before.length };
      }
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  throw new LambdaError(0, 'the text of this function cannot be read', {
    remedy: 'write an arrow function over the record here, like (t) => t.amount > 0',
  });
}

function treeOf(lambda: Lambda, fields: FieldTypes): Node {
  if (lambda.async || lambda.generator) {
    throw refusal(lambda, `${lambda.async ? 'an async function' : 'a generator'} cannot be a lambda`, {
      remedy: 'write a plain arrow function, like (t) => t.amount > 0',
    });
  }
  const scope = scopeOf(lambda, fields);
  const result = resultOf(lambda);
  const tree = checkSyntax(result, scope);
  if (tree.type === 'null') {
    throw refusal(result, 'this lambda is always null', { remedy: 'read a field of the record' });
  }
  return tree;
}

function resultOf({ body }: Lambda): Syntax {
  if (body.type !== 'BlockStatement') return body;
  const [statement] = body.body;
  if (statement?.type === 'ReturnStatement' && statement.argument) return statement.argument;
  throw refusal(statement ?? body, `${describeSyntax(statement ?? body)} is not allowed in a lambda`, {
    remedy: 'write one expression: the body is `=> expression` or `{ return expression; }`',
  });
}

/** What the parameter makes readable: the record by its name, or the fields taken out of it. */
function scopeOf(lambda: Lambda, fields: FieldTypes): LambdaScope {
  const [record, second] = lambda.params;
  if (second !== undefined) {
    throw refusal(second, 'a lambda takes one parameter, the record', {
      remedy: 'leave the others out; only the record and constants can be read',
    });
  }
  if (record === undefined) return new LambdaScope(fields, null, new Map());
  if (record.type === 'Identifier') return new LambdaScope(fields, record.name, new Map());
  if (record.type === 'ObjectPattern') return takenOut(record, fields);
  throw refusal(record, `${describeSyntax(record)} is not allowed as the parameter of a lambda`, {
    remedy: 'write (t) => … or ({ field }) => …',
  });
}

function takenOut(pattern: ObjectPattern, fields: FieldTypes): LambdaScope {
  const names = new Map<string, string>();
  const scope = new LambdaScope(fields, null, names);
  for (const property of pattern.properties) {
    if (property.type === 'RestElement') {
      throw refusal(property, 'a rest element is not allowed in a lambda', {
        remedy: 'name the fields that the lambda reads',
      });
    }
    const { key, value, computed } = property;
    if (value.type !== 'Identifier' || computed || (key.type !== 'Identifier' && key.type !== 'Literal')) {
      throw refusal(property, 'only plain field names can be taken out of the record', {
        remedy: 'write ({ field }) or ({ field: name }); a default is written name ?? value',
      });
    }
    const field = key.type === 'Identifier' ? key.name : String(key.value);
    scope.field(key, field);
    names.set(value.name, field);
  }
  return scope;
}
