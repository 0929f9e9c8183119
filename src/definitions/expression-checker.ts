import type {
  AnyNode,
  BinaryExpression,
  ConditionalExpression,
  Identifier,
  LogicalExpression,
  Expression as Syntax,
  TemplateLiteral,
  UnaryExpression,
} from 'acorn';
import { checkCall, checkMember } from './expression-calls.ts';
import { literal, NULL, textConstant } from './expression-constants.ts';
import { functionCall } from './expression-functions.ts';
import {
  conversionAdvice,
  describeForeignName,
  refusal,
  refuseSyntax,
  typeName,
} from './expression-refusals.ts';
import type { LambdaScope } from './expression-scope.ts';
import {
  arithmetic,
  type ComparisonOperator,
  concat,
  isNull,
  isNumeric,
  logic,
  type Node,
  not,
  usableBound,
} from './expression-tree.ts';
import { suggestName } from './nearest.ts';

const OPERATORS = '+ - * / % ** === !== < <= > >= && || ! ?? and ?:';

/**
 * The tree of a piece of syntax, with every type checked.
 * @throws LambdaError for what a lambda may not hold
 */
export function checkSyntax(syntax: Syntax, scope: LambdaScope): Node {
  switch (syntax.type) {
    case 'Literal':
      return literal(syntax);
    case 'TemplateLiteral':
      return checkTemplate(syntax, scope);
    case 'Identifier':
      return checkName(syntax, scope);
    case 'MemberExpression':
      return checkMember(syntax, scope, checkSyntax);
    case 'CallExpression':
      return checkCall(syntax, scope, { check: checkSyntax, comparable });
    case 'ChainExpression':
    case 'ParenthesizedExpression':
      return checkSyntax(syntax.expression, scope);
    case 'UnaryExpression':
      return checkUnary(syntax, scope);
    case 'BinaryExpression':
      return checkBinary(syntax, scope);
    case 'LogicalExpression':
      return checkLogical(syntax, scope);
    case 'ConditionalExpression':
      return checkConditional(syntax, scope);
    default:
      throw refuseSyntax(syntax);
  }
}

function checkName(syntax: Identifier, scope: LambdaScope): Node {
  const value = scope.value(syntax);
  if (value !== null) return value;
  const record = scope.record(syntax);
  if (record !== null) {
    const [example = 'field'] = record.members.keys();
    throw refusal(syntax, `the record '${syntax.name}' itself is no value`, {
      remedy: `read one of its fields, like ${syntax.name}.${example}`,
    });
  }
  if (syntax.name === 'undefined') return NULL;
  const { message, remedy } = describeForeignName(syntax.name);
  throw refusal(syntax, message, { remedy });
}

function checkTemplate(syntax: TemplateLiteral, scope: LambdaScope): Node {
  let tree = textConstant(syntax.quasis[0]!.value.cooked ?? '');
  syntax.expressions.forEach((expression, index) => {
    let part = checkSyntax(expression, scope);
    if (part.type === 'bytes' || part.type === 'null') {
      throw refusal(expression, `a part of a template is ${typeName(part.type)}`, {
        remedy: conversionAdvice(part.type, 'string'),
      });
    }
    if (part.type !== 'string') part = functionCall('String', [part]);
    tree = concat(tree, part);
    tree = concat(tree, textConstant(syntax.quasis[index + 1]!.value.cooked ?? ''));
  });
  return tree;
}

function checkUnary(syntax: UnaryExpression, scope: LambdaScope): Node {
  switch (syntax.operator) {
    case '!':
      return not(checkBoolean(syntax.argument, 'the operand of !', scope));
    case '+':
      return checkNumber(syntax.argument, 'the operand of unary +', scope);
    case '-': {
      const operand = checkNumber(syntax.argument, 'the operand of unary -', scope);
      if (operand.op === 'constant') return { ...operand, value: -Number(operand.value) };
      const { type, nullable } = operand;
      return { op: 'negate', operand, type, nullable, bound: usableBound(operand) };
    }
    default:
      throw refusal(syntax, `'${syntax.operator}' is not allowed in a lambda`, {
        remedy: `the operators are ${OPERATORS}`,
      });
  }
}

function checkBoolean(syntax: Syntax, what: string, scope: LambdaScope): Node {
  const node = checkSyntax(syntax, scope);
  if (node.type === 'boolean') return node;
  throw refusal(syntax, `${what} is ${typeName(node.type)}, not a boolean`, {
    remedy: 'compare it, like t.amount !== 0; a null is tested with === null and replaced with ??',
  });
}

function checkNumber(syntax: Syntax, what: string, scope: LambdaScope): Node {
  const node = checkSyntax(syntax, scope);
  if (isNumeric(node)) return node;
  throw refusal(syntax, `${what} is ${typeName(node.type)}, not a number`, {
    remedy: conversionAdvice(node.type, 'number'),
  });
}

function checkBinary(syntax: BinaryExpression, scope: LambdaScope): Node {
  const { operator } = syntax;
  if (syntax.left.type === 'PrivateIdentifier') throw refuseSyntax(syntax.left);
  switch (operator) {
    case '+':
      return checkPlus(syntax, syntax.left, scope);
    case '-':
    case '*':
    case '/':
    case '%':
    case '**':
      return arithmetic(
        operator,
        checkNumber(syntax.left, `the left side of ${operator}`, scope),
        checkNumber(syntax.right, `the right side of ${operator}`, scope),
      );
    case '===':
    case '==':
    case '!==':
    case '!=':
      return checkEquality(syntax, syntax.left, scope);
    case '<':
    case '<=':
    case '>':
    case '>=': {
      const [left, right] = [checkSyntax(syntax.left, scope), checkSyntax(syntax.right, scope)];
      const odd = [left, right].find(({ type }) => type === 'boolean' || type === 'null');
      if (odd !== undefined) {
        throw refusal(syntax, `'${operator}' does not order ${typeName(odd.type)}`, {
          remedy: 'booleans are compared with ===, nulls are tested with === null',
        });
      }
      comparable(syntax, left, right);
      return compare(operator, left, right);
    }
    default:
      throw refusal(syntax, `'${operator}' is not allowed in a lambda`, {
        remedy: operator === 'in' ? "write ['a', 'b'].includes(t.field)" : `the operators are ${OPERATORS}`,
      });
  }
}

function checkPlus(syntax: BinaryExpression, leftSyntax: Syntax, scope: LambdaScope): Node {
  const [left, right] = [checkSyntax(leftSyntax, scope), checkSyntax(syntax.right, scope)];
  if (isNumeric(left) && isNumeric(right)) return arithmetic('+', left, right);
  const texts = [left, right].filter(({ type }) => type === 'string').length;
  if (texts === 2) return concat(left, right);
  const odd = isNumeric(left) ? right : left;
  throw refusal(syntax, `'+' stands between ${typeName(left.type)} and ${typeName(right.type)}`, {
    remedy:
      texts === 1
        ? 'turn the other side into a string with String(…), or the string into a number with Number(…)'
        : conversionAdvice(odd.type, 'number'),
  });
}

function checkEquality(syntax: BinaryExpression, leftSyntax: Syntax, scope: LambdaScope): Node {
  const [left, right] = [checkSyntax(leftSyntax, scope), checkSyntax(syntax.right, scope)];
  const negated = syntax.operator.startsWith('!');
  if (left.type !== 'null' && right.type !== 'null') {
    comparable(syntax, left, right);
    return compare(negated ? '!==' : '===', left, right);
  }
  const operand = left.type === 'null' ? right : left;
  if (operand.type === 'null') {
    throw refusal(syntax, 'null is compared with null', { remedy: 'compare a field' });
  }
  return negated ? not(isNull(operand)) : isNull(operand);
}

function compare(operator: ComparisonOperator, left: Node, right: Node): Node {
  const nullable = left.nullable || right.nullable;
  return { op: 'compare', operator, left, right, type: 'boolean', nullable, bound: 0 };
}

/** Refuses a comparison of two types, which would always say the same, and of an enum with what it never is. */
function comparable(at: AnyNode, left: Node, right: Node): void {
  if (left.type !== right.type && !(isNumeric(left) && isNumeric(right))) {
    throw refusal(at, `${typeName(left.type)} is compared with ${typeName(right.type)}`, {
      remedy: 'both sides must have one type; convert one with String(…) or Number(…)',
    });
  }
  if (left.type === 'bytes') {
    throw refusal(at, 'bytes cannot be compared', { remedy: conversionAdvice('bytes', 'any') });
  }
  for (const [one, other] of [
    [left, right],
    [right, left],
  ] as const) {
    if (one.op !== 'field' || other.op !== 'constant') continue;
    if (one.symbols.length > 0 && !one.symbols.includes(String(other.value))) {
      throw refusal(at, `the enum '${one.name}' has no value '${other.value}'`, {
        remedy: suggestName(String(other.value), one.symbols),
      });
    }
  }
}

function checkLogical(syntax: LogicalExpression, scope: LambdaScope): Node {
  const { operator } = syntax;
  if (operator === '??') {
    const [left, right] = [checkSyntax(syntax.left, scope), checkSyntax(syntax.right, scope)];
    const nullable = left.nullable && right.nullable;
    return { op: 'coalesce', left, right, ...choice(syntax, left, right, '??'), nullable };
  }
  return logic(
    operator === '&&' ? 'and' : 'or',
    checkBoolean(syntax.left, `the left side of ${operator}`, scope),
    checkBoolean(syntax.right, `the right side of ${operator}`, scope),
  );
}

function checkConditional(syntax: ConditionalExpression, scope: LambdaScope): Node {
  const condition = checkBoolean(syntax.test, 'the condition of ?:', scope);
  const then = checkSyntax(syntax.consequent, scope);
  const otherwise = checkSyntax(syntax.alternate, scope);
  const nullable = then.nullable || otherwise.nullable;
  return {
    op: 'conditional',
    condition,
    then,
    otherwise,
    ...choice(syntax, then, otherwise, '?:'),
    nullable,
  };
}

/** The one type of the values that `?:` and `??` choose between. */
function choice(at: AnyNode, left: Node, right: Node, what: string): Pick<Node, 'type' | 'bound'> {
  const bound = Math.max(usableBound(left), usableBound(right));
  if (left.type === 'bytes' || right.type === 'bytes') {
    throw refusal(at, `${what} cannot choose between bytes`, { remedy: conversionAdvice('bytes', 'any') });
  }
  if (left.type === right.type || right.type === 'null') return { type: left.type, bound };
  if (left.type === 'null') return { type: right.type, bound };
  if (isNumeric(left) && isNumeric(right)) return { type: 'number', bound };
  throw refusal(at, `${what} chooses between ${typeName(left.type)} and ${typeName(right.type)}`, {
    remedy: 'both must have one type, or be null',
  });
}
