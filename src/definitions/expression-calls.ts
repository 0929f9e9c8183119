import type { AnyNode, ArrayExpression, CallExpression, MemberExpression, Expression as Syntax } from 'acorn';
import { numberConstant } from './expression-constants.ts';
import {
  CONVERSIONS,
  type FunctionSpec,
  functionCall,
  functionSpec,
  MATH_CONSTANTS,
  MATH_FUNCTIONS,
  type OperandType,
  STRING_METHODS,
} from './expression-functions.ts';
import {
  conversionAdvice,
  describeForeignName,
  describeSyntax,
  FUNCTION_ADVICE,
  type LambdaError,
  METHOD_ADVICE,
  refusal,
  refuseSyntax,
  typeName,
} from './expression-refusals.ts';
import { type LambdaScope, memberOf } from './expression-scope.ts';
import { isNumeric, type Node } from './expression-tree.ts';
import { suggestName } from './nearest.ts';

/** What is written with a point or with parentheses: fields, methods, functions, lists. */

type Check = (syntax: Syntax, scope: LambdaScope) => Node;

export interface CallChecks {
  readonly check: Check;
  readonly comparable: (at: AnyNode, left: Node, right: Node) => void;
}

/** `t.field`, `text.length`, `Math.PI`. */
export function checkMember(syntax: MemberExpression, scope: LambdaScope, check: Check): Node {
  const { object } = syntax;
  const name = memberName(syntax);
  if (object.type === 'Super' || name === null) {
    throw refusal(syntax.property, 'a computed name is not allowed in a lambda', {
      remedy: 'name the field in the text; a character of a string is text.at(index)',
    });
  }
  const record = scope.record(object);
  if (record !== null) return memberOf(record, syntax.property, name);
  if (scope.isForeign(object)) {
    const constant = object.name === 'Math' ? MATH_CONSTANTS.get(name) : undefined;
    if (constant !== undefined) return numberConstant(constant, 'number');
    throw foreignMember(syntax, object.name, name);
  }
  const operand = check(object, scope);
  if (operand.type === 'string' && name === 'length') return functionCall('.length', [operand]);
  if (operand.type === 'string' && STRING_METHODS.has(name)) {
    throw refusal(syntax.property, `'.${name}' is a method`, { remedy: `call it: .${name}(…)` });
  }
  throw refusal(syntax.property, `${typeName(operand.type)} has no property '${name}' in a lambda`, {
    remedy: methodAdvice(operand, name),
  });
}

export function checkCall(syntax: CallExpression, scope: LambdaScope, checks: CallChecks): Node {
  const { callee } = syntax;
  const given = syntax.arguments.map((argument) => {
    if (argument.type === 'SpreadElement') throw refuseSyntax(argument);
    return argument;
  });
  if (callee.type === 'Identifier') {
    if (CONVERSIONS.has(callee.name) && scope.isForeign(callee)) {
      return apply(syntax, callee.name, [], given, scope, checks.check);
    }
    const { message, remedy } = FUNCTION_ADVICE.get(callee.name) ?? describeForeignName(callee.name);
    throw refusal(callee, message, { remedy });
  }
  if (callee.type !== 'MemberExpression') {
    throw refusal(callee, `a call of ${describeSyntax(callee)} is not allowed in a lambda`, {
      remedy: 'call only the string methods and Math functions of the documented list',
    });
  }
  const name = memberName(callee);
  const { object } = callee;
  if (name === null || object.type === 'Super') throw refuseSyntax(callee);
  if (scope.isForeign(object)) {
    if (object.name !== 'Math' || !MATH_FUNCTIONS.has(name)) throw foreignMember(callee, object.name, name);
    return apply(syntax, `Math.${name}`, [], given, scope, checks.check);
  }
  if (object.type === 'ArrayExpression') {
    if (name === 'includes' && given.length === 1) return membership(object, given[0]!, scope, checks);
    throw refusal(callee.property, "a list can only be asked '.includes(x)', with one argument", {
      remedy: "write ['a', 'b'].includes(t.field)",
    });
  }
  if (scope.record(object) !== null) {
    throw refusal(callee.property, `'${name}' is called like a method of the record`, {
      remedy: 'a record has fields only; call a string method of a field, like t.name.trim()',
    });
  }
  const receiver = checks.check(object, scope);
  if (receiver.type !== 'string' || !STRING_METHODS.has(name) || name === 'length') {
    throw refusal(callee.property, `${typeName(receiver.type)} has no method '${name}' in a lambda`, {
      remedy: methodAdvice(receiver, name),
    });
  }
  return apply(syntax, `.${name}`, [receiver], given, scope, checks.check);
}

function apply(
  at: AnyNode,
  callee: string,
  receiver: readonly Node[],
  given: readonly Syntax[],
  scope: LambdaScope,
  check: Check,
): Node {
  const spec = functionSpec(callee);
  checkCount(at, callee, spec, receiver.length, given.length);
  const operands = given.map((syntax, index) => {
    const place = Math.min(index + receiver.length, spec.operands.length - 1);
    const operand = check(syntax, scope);
    const wanted = spec.operands[place]!;
    if (!fits(operand, wanted)) {
      const what = wanted === 'any' ? 'a value' : `a ${wanted}`;
      throw refusal(syntax, `an argument of '${callee}' is ${typeName(operand.type)}, not ${what}`, {
        remedy: conversionAdvice(operand.type, wanted),
      });
    }
    if (spec.constantLength === place) checkLength(syntax, operand, callee);
    return operand;
  });
  return functionCall(callee, [...receiver, ...operands]);
}

function checkCount(at: AnyNode, callee: string, spec: FunctionSpec, receivers: number, given: number): void {
  const most = spec.variadic ? Number.POSITIVE_INFINITY : spec.operands.length - receivers;
  const least = spec.operands.length - spec.optional - receivers;
  if (given >= least && given <= most) return;
  const wanted =
    least === most ? String(least) : Number.isFinite(most) ? `${least} to ${most}` : `${least} or more`;
  throw refusal(at, `'${callee}' is called with ${given} argument(s)`, { remedy: `it takes ${wanted}` });
}

function checkLength(at: AnyNode, node: Node, callee: string): void {
  const value = node.op === 'constant' ? node.value : null;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 1000) return;
  throw refusal(at, `the length in '${callee}' is no constant between 0 and 1000`, {
    remedy: 'write the length as a number',
  });
}

function fits(node: Node, wanted: OperandType): boolean {
  if (wanted === 'any') return node.type !== 'bytes' && node.type !== 'null';
  return wanted === 'string' ? node.type === 'string' : isNumeric(node);
}

/** `['a', 'b'].includes(x)`. */
function membership(array: ArrayExpression, argument: Syntax, scope: LambdaScope, checks: CallChecks): Node {
  if (array.elements.length === 0) {
    throw refusal(array, 'this list is empty, so nothing is in it', { remedy: 'list the values' });
  }
  const operand = checks.check(argument, scope);
  const list = array.elements.map((element) => {
    if (element === null || element.type === 'SpreadElement') throw refuseSyntax(element ?? array);
    const node = checks.check(element, scope);
    if (node.op !== 'constant' || node.value === null) {
      throw refusal(element, 'a list holds constants only, and not null', {
        remedy: 'write the values themselves; null is tested with === null',
      });
    }
    checks.comparable(element, operand, node);
    return node.value;
  });
  return { op: 'in', operand, list, type: 'boolean', nullable: operand.nullable, bound: 0 };
}

function foreignMember(at: MemberExpression, object: string, name: string): LambdaError {
  if (object === 'Math' && name !== 'random') {
    return refusal(at.property, `'Math.${name}' is not on the list of functions`, {
      remedy: suggestName(name, [...MATH_FUNCTIONS.keys(), ...MATH_CONSTANTS.keys()]),
    });
  }
  const { message, remedy } = describeForeignName(object, name);
  return refusal(at.object, message, { remedy });
}

function methodAdvice(operand: Node, name: string): string {
  const advice = METHOD_ADVICE.get(name);
  if (advice !== undefined) return advice;
  if (operand.type === 'string') return suggestName(name, STRING_METHODS.keys());
  return 'only strings have methods here; for numbers use operators and Math';
}

/** The name after the point, or in the brackets when it is a constant text; null for any other. */
function memberName({ property, computed }: MemberExpression): string | null {
  if (!computed) return property.type === 'Identifier' ? property.name : null;
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : null;
}
