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
import { type LambdaParameters, LambdaScope, memberOf, type RecordParameter } from './expression-scope.ts';
import type { Node } from './expression-tree.ts';

/**
 * Parses the text of a function and checks it against what its parameters stand for.
 * @throws LambdaError for everything that a lambda may not do, with the place of the token within the text
 */
export function parseLambda(text: string, parameters: LambdaParameters): Node {
  const { lambda, shift } = parseFunction(text);
  try {
    return treeOf(lambda, parameters);
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
      let syntax: AnyNode = parseExpressionAt(before + text + after, 0, {
        ecmaVersion: 'latest',
        sourceType: 'module',
      });
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

function treeOf(lambda: Lambda, parameters: LambdaParameters): Node {
  if (lambda.async || lambda.generator) {
    throw refusal(lambda, `${lambda.async ? 'an async function' : 'a generator'} cannot be a lambda`, {
      remedy: 'write a plain arrow function, like (t) => t.amount > 0',
    });
  }
  const scope = scopeOf(lambda, parameters);
  const result = resultOf(lambda);
  const tree = checkSyntax(result, scope);
  if (tree.type === 'null') {
    throw refusal(result, 'this lambda is always null', { remedy: 'read a field of the record' });
  }
  return tree;
}

function resultOf({ body }: Lambda): Syntax {
  if (body.type !== 'BlockStatement') return body;
  const [statement, second] = body.body;
  const returned = statement?.type === 'ReturnStatement' ? statement.argument : null;
  if (returned && second === undefined) return returned;
  const wrong = (returned ? second : statement) ?? body;
  const name = returned ? 'a second statement' : describeSyntax(wrong);
  throw refusal(wrong, `${name} is not allowed in a lambda`, {
    remedy: 'write one expression: the body is `=> expression` or `{ return expression; }`',
  });
}

function scopeOf(lambda: Lambda, parameters: LambdaParameters): LambdaScope {
  return parameters.kind === 'record'
    ? recordScope(lambda, parameters)
    : new LambdaScope(null, valueNames(lambda, parameters.values));
}

/** The parameter makes the record readable by its name, or the members taken out of it. */
function recordScope(lambda: Lambda, parameter: RecordParameter): LambdaScope {
  const [record, second] = lambda.params;
  if (second !== undefined) {
    throw refusal(second, 'a lambda takes one parameter, the record', {
      remedy: 'leave the others out; only the record and constants can be read',
    });
  }
  if (record === undefined) return new LambdaScope(null, new Map());
  if (record.type === 'Identifier') return new LambdaScope({ name: record.name, parameter }, new Map());
  if (record.type === 'ObjectPattern') return new LambdaScope(null, takenOut(record, parameter));
  throw refusal(record, `${describeSyntax(record)} is not allowed as the parameter of a lambda`, {
    remedy: 'write (t) => … or ({ field }) => …',
  });
}

function takenOut(pattern: ObjectPattern, record: RecordParameter): ReadonlyMap<string, Node> {
  const names = new Map<string, Node>();
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
    names.set(value.name, memberOf(record, key, key.type === 'Identifier' ? key.name : String(key.value)));
  }
  return names;
}

/** Each parameter names one of the values. */
function valueNames(lambda: Lambda, values: readonly Node[]): ReadonlyMap<string, Node> {
  const names = new Map<string, Node>();
  lambda.params.forEach((parameter, index) => {
    const value = values[index];
    if (parameter.type !== 'Identifier' || value === undefined) {
      throw refusal(parameter, `${describeSyntax(parameter)} is not allowed as the parameter of a lambda`, {
        remedy: 'name each input by itself: (x) => … or (x, y) => …',
      });
    }
    names.set(parameter.name, value);
  });
  return names;
}
