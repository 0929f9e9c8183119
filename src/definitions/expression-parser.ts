import {
  type AnyNode,
  type ArrowFunctionExpression,
  type BinaryExpression,
  type CallExpression,
  type FunctionExpression,
  type Literal,
  type LogicalExpression,
  type MemberExpression,
  type Pattern,
  parseExpressionAt,
  type Expression as Syntax,
  type TemplateLiteral,
  type UnaryExpression,
} from 'acorn';
import type { FieldType } from './definition.ts';
import {
  CONVERSIONS,
  type FunctionSpec,
  MATH_CONSTANTS,
  MATH_FUNCTIONS,
  type OperandType,
  STRING_METHODS,
} from './expression-functions.ts';
import {
  describeForeignName,
  describeSyntax,
  LambdaError,
  METHOD_ADVICE,
  typeName,
} from './expression-refusals.ts';
import {
  type ArithmeticOperator,
  arithmetic,
  type ComparisonOperator,
  canOverflow,
  INTEGER_BOUND,
  isNumeric,
  type Node,
  NUMBER_BOUND,
  usableBound,
} from './expression-tree.ts';
import { suggestName } from './nearest.ts';

/** The field types of a record; a field that the source lets through as null counts as nullable. */
export type FieldTypes = ReadonlyMap<string, FieldType>;

/**
 * Parses the text of a function and checks it against the fields of the record.
 * @throws LambdaError for everything that a lambda may not do, with the place of the token within the text
 */
export function parseLambda(text: string, fields: FieldTypes): Node {
  const { lambda, shift } = parseFunction(text);
  try {
    return new LambdaParser(lambda, fields).tree();
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

class LambdaParser {
  readonly #lambda: Lambda;
  readonly #fields: FieldTypes;
  #record: string | null = null;
  readonly #bindings = new Map<string, string>();

  constructor(lambda: Lambda, fields: FieldTypes) {
    this.#lambda = lambda;
    this.#fields = fields;
  }

  tree(): Node {
    const lambda = this.#lambda;
    if (lambda.async || lambda.generator) {
      throw refusal(lambda, `${lambda.async ? 'an async function' : 'a generator'} cannot be a lambda`, {
        remedy: 'write a plain arrow function, like (t) => t.amount > 0',
      });
    }
    if (lambda.params.length > 1) {
      throw refusal(lambda.params[1]!, 'a lambda takes one parameter, the record', {
        remedy: 'leave the others out; only the record and constants can be read',
      });
    }
    if (lambda.params[0] !== undefined) this.#bind(lambda.params[0]);
    const tree = this.#node(this.#result());
    if (tree.type === 'null') {
      throw refusal(this.#result(), 'this lambda is always null', { remedy: 'read a field of the record' });
    }
    return tree;
  }

  #result(): Syntax {
    const { body } = this.#lambda;
    if (body.type !== 'BlockStatement') return body;
    const [statement] = body.body;
    if (statement?.type === 'ReturnStatement' && statement.argument) return statement.argument;
    throw refusal(statement ?? body, `${describeSyntax(statement ?? body)} is not allowed in a lambda`, {
      remedy: 'write one expression: the body is `=> expression` or `{ return expression; }`',
    });
  }

  #bind(pattern: Pattern): void {
    if (pattern.type === 'Identifier') {
      this.#record = pattern.name;
      return;
    }
    if (pattern.type === 'ObjectPattern') {
      for (const property of pattern.properties) {
        if (property.type === 'RestElement') {
          throw refusal(property, 'a rest element is not allowed in a lambda', {
            remedy: 'name the fields that the lambda reads',
          });
        }
        if (property.value.type !== 'Identifier' || property.computed) {
          throw refusal(property, 'only plain field names can be taken out of the record', {
            remedy: 'write ({ field }) or ({ field: name }); a default is written name ?? value',
          });
        }
        const { key } = property;
        const field = key.type === 'Identifier' ? key.name : String((key as Literal).value);
        this.#field(key, field);
        this.#bindings.set(property.value.name, field);
      }
      return;
    }
    throw refusal(pattern, `${describeSyntax(pattern)} is not allowed as the parameter of a lambda`, {
      remedy: 'write (t) => … or ({ field }) => …',
    });
  }

  #field(at: AnyNode, name: string): Node {
    const type = this.#fields.get(name);
    if (type === undefined) {
      throw refusal(at, `the source has no field '${name}'`, {
        remedy: suggestName(name, this.#fields.keys()),
      });
    }
    const { nullable } = type;
    switch (type.kind) {
      case 'int':
        return { op: 'field', name, type: 'integer', nullable, bound: 2 ** 31 };
      case 'long':
      case 'timestampMillis':
        return { op: 'field', name, type: 'integer', nullable, bound: INTEGER_BOUND };
      case 'float':
      case 'double':
      case 'timestampMicros':
        return { op: 'field', name, type: 'number', nullable, bound: NUMBER_BOUND };
      case 'boolean':
      case 'bytes':
        return { op: 'field', name, type: type.kind, nullable, bound: 0 };
      case 'string':
      case 'enum':
      case 'localDateTime':
        return { op: 'field', name, type: 'string', nullable, bound: 0 };
    }
  }

  #node(syntax: Syntax): Node {
    switch (syntax.type) {
      case 'Literal':
        return literal(syntax);
      case 'TemplateLiteral':
        return this.#template(syntax);
      case 'Identifier':
        return this.#identifier(syntax);
      case 'MemberExpression':
        return this.#member(syntax);
      case 'ChainExpression':
      case 'ParenthesizedExpression':
        return this.#node(syntax.expression);
      case 'UnaryExpression':
        return this.#unary(syntax);
      case 'BinaryExpression':
        return this.#binary(syntax);
      case 'LogicalExpression':
        return this.#logical(syntax);
      case 'ConditionalExpression': {
        const condition = this.#boolean(syntax.test, 'the condition of ?:');
        const [then, otherwise] = [this.#node(syntax.consequent), this.#node(syntax.alternate)];
        const joined = join(syntax, [then, otherwise], '?:');
        return {
          op: 'conditional',
          condition,
          then,
          otherwise,
          ...joined,
          nullable: then.nullable || otherwise.nullable,
        };
      }
      case 'CallExpression':
        return this.#call(syntax);
      default:
        throw refuseSyntax(syntax);
    }
  }

  #identifier(syntax: AnyNode & { type: 'Identifier' }): Node {
    const field = this.#bindings.get(syntax.name);
    if (field !== undefined) return this.#field(syntax, field);
    if (syntax.name === this.#record) {
      throw refusal(syntax, `the record '${syntax.name}' itself is no value`, {
        remedy: `read one of its fields, like ${syntax.name}.${this.#fields.keys().next().value ?? 'field'}`,
      });
    }
    if (syntax.name === 'undefined') return NULL;
    const { message, remedy } = describeForeignName(syntax.name);
    throw refusal(syntax, message, { remedy });
  }

  #isRecord(syntax: AnyNode): boolean {
    return syntax.type === 'Identifier' && syntax.name === this.#record;
  }

  #member(syntax: MemberExpression): Node {
    const { object } = syntax;
    const name = memberName(syntax);
    if (object.type === 'Super' || name === null) {
      throw refusal(syntax.property, 'a computed name is not allowed in a lambda', {
        remedy: 'name the field in the text; a character of a string is text.at(index)',
      });
    }
    if (this.#isRecord(object)) return this.#field(syntax.property, name);
    if (this.#isForeign(object)) {
      const constant = object.name === 'Math' ? MATH_CONSTANTS.get(name) : undefined;
      if (constant !== undefined) return numberConstant(constant, 'number');
      throw this.#foreignMember(syntax, object.name, name);
    }
    const operand = this.#node(object);
    if (operand.type === 'string' && name === 'length') {
      return call('.length', STRING_METHODS.get('length')!, [operand]);
    }
    if (operand.type === 'string' && STRING_METHODS.has(name)) {
      throw refusal(syntax.property, `'.${name}' is a method`, { remedy: `call it: .${name}(…)` });
    }
    throw refusal(syntax.property, `${article(operand)} has no property '${name}' in a lambda`, {
      remedy: this.#methodAdvice(operand, name),
    });
  }

  /** A name that is neither the record nor one of its fields. */
  #isForeign(syntax: AnyNode): syntax is AnyNode & { type: 'Identifier' } {
    return syntax.type === 'Identifier' && !this.#isRecord(syntax) && !this.#bindings.has(syntax.name);
  }

  #foreignMember(at: MemberExpression, object: string, name: string): LambdaError {
    if (object === 'Math' && name !== 'random') {
      return refusal(at.property, `'Math.${name}' is not on the list of functions`, {
        remedy: suggestName(name, [...MATH_FUNCTIONS.keys(), ...MATH_CONSTANTS.keys()]),
      });
    }
    const { message, remedy } = describeForeignName(object, name);
    return refusal(at.object, message, { remedy });
  }

  #methodAdvice(operand: Node, name: string): string {
    const advice = METHOD_ADVICE.get(name);
    if (advice !== undefined) return advice;
    if (operand.type === 'string') return suggestName(name, STRING_METHODS.keys());
    return 'only strings have methods here; for numbers use operators and Math';
  }

  #call(syntax: CallExpression): Node {
    const { callee } = syntax;
    const operands = syntax.arguments.map((argument) => {
      if (argument.type === 'SpreadElement') throw refuseSyntax(argument);
      return argument;
    });
    if (callee.type === 'Identifier') {
      const conversion = CONVERSIONS.get(callee.name);
      if (conversion !== undefined && this.#isForeign(callee)) {
        return this.#apply(syntax, callee.name, conversion, operands, []);
      }
      if (callee.name === 'Boolean' || callee.name === 'parseFloat' || callee.name === 'parseInt') {
        throw refusal(callee, `'${callee.name}' is not on the list of functions`, {
          remedy:
            callee.name === 'Boolean'
              ? "write the condition out, like t.amount !== 0 or t.name !== ''"
              : 'write Number(text), and Math.trunc(…) for an integer',
        });
      }
      const { message, remedy } = describeForeignName(callee.name);
      throw refusal(callee, message, { remedy });
    }
    if (callee.type !== 'MemberExpression') {
      throw refusal(callee, `a call of ${describeSyntax(callee)} is not allowed in a lambda`, {
        remedy: 'call only string methods and Math functions of the documented list',
      });
    }
    const name = memberName(callee);
    if (name === null || callee.object.type === 'Super') throw refuseSyntax(callee);
    if (this.#isForeign(callee.object)) {
      const math = callee.object.name === 'Math' ? MATH_FUNCTIONS.get(name) : undefined;
      if (math !== undefined) return this.#apply(syntax, `Math.${name}`, math, operands, []);
      throw this.#foreignMember(callee, callee.object.name, name);
    }
    if (callee.object.type === 'ArrayExpression') return this.#membership(syntax, callee, name);
    if (this.#isRecord(callee.object)) {
      throw refusal(callee.property, `'${name}' is called like a method of the record`, {
        remedy: 'a record has fields only; call a string method of a field, like t.name.trim()',
      });
    }
    const receiver = this.#node(callee.object);
    const method = STRING_METHODS.get(name);
    if (receiver.type !== 'string' || method === undefined || name === 'length') {
      throw refusal(callee.property, `${article(receiver)} has no method '${name}' in a lambda`, {
        remedy: this.#methodAdvice(receiver, name),
      });
    }
    return this.#apply(syntax, `.${name}`, method, operands, [receiver]);
  }

  #apply(
    at: AnyNode,
    callee: string,
    spec: FunctionSpec,
    given: readonly Syntax[],
    receiver: readonly Node[],
  ): Node {
    const most = spec.variadic ? Number.POSITIVE_INFINITY : spec.operands.length - receiver.length;
    const least = spec.operands.length - spec.optional - receiver.length;
    if (given.length < least || given.length > most) {
      const wanted = least === most ? String(least) : `${least} to ${most}`;
      throw refusal(at, `'${callee}' takes ${most === Infinity ? `${least} or more` : wanted} argument(s)`, {
        remedy: `${given.length} stand here`,
      });
    }
    const operands = given.map((syntax, index) => {
      const place = Math.min(index + receiver.length, spec.operands.length - 1);
      const operand = this.#node(syntax);
      this.#expect(syntax, operand, spec.operands[place]!, `an argument of ${callee}`);
      if (spec.constantLength === place) expectLength(syntax, operand, callee);
      return operand;
    });
    return call(callee, spec, [...receiver, ...operands]);
  }

  #expect(at: AnyNode, operand: Node, wanted: OperandType, what: string): void {
    if (wanted === 'any' ? operand.type !== 'bytes' && operand.type !== 'null' : fits(operand, wanted))
      return;
    throw refusal(at, `${what} is ${article(operand)}, not ${wanted === 'any' ? 'a value' : `a ${wanted}`}`, {
      remedy: conversionAdvice(operand, wanted),
    });
  }

  #membership(syntax: CallExpression, callee: MemberExpression, name: string): Node {
    if (name !== 'includes' || syntax.arguments.length !== 1) {
      throw refusal(callee.property, `a list can only be asked '.includes(x)', with one argument`, {
        remedy: "write ['a', 'b'].includes(t.field)",
      });
    }
    const [argument] = syntax.arguments;
    const list = (callee.object as AnyNode & { type: 'ArrayExpression' }).elements.map((element) => {
      if (element === null || element.type === 'SpreadElement') throw refuseSyntax(element ?? callee);
      const node = this.#node(element);
      const value = constantOf(node);
      if (value === null) {
        throw refusal(element, 'a list holds constants only, and not null', {
          remedy: 'write the values themselves; null is tested with === null',
        });
      }
      return { element, node, value };
    });
    if (list.length === 0) {
      throw refusal(callee.object, 'this list is empty, so nothing is in it', { remedy: 'list the values' });
    }
    const operand = this.#node(argument as Syntax);
    for (const { element, node } of list) this.#comparable(element, operand, node);
    return {
      op: 'in',
      operand,
      list: list.map(({ value }) => value),
      type: 'boolean',
      nullable: operand.nullable,
      bound: 0,
    };
  }

  #template(syntax: TemplateLiteral): Node {
    let tree: Node = textConstant(syntax.quasis[0]!.value.cooked ?? '');
    syntax.expressions.forEach((expression, index) => {
      let part = this.#node(expression);
      if (part.type !== 'string') {
        this.#expect(expression, part, 'any', 'a part of a template');
        part = call('String', CONVERSIONS.get('String')!, [part]);
      }
      tree = concat(tree, part);
      tree = concat(tree, textConstant(syntax.quasis[index + 1]!.value.cooked ?? ''));
    });
    return tree;
  }

  #unary(syntax: UnaryExpression): Node {
    switch (syntax.operator) {
      case '!': {
        const operand = this.#boolean(syntax.argument, 'the operand of !');
        return { op: 'not', operand, type: 'boolean', nullable: operand.nullable, bound: 0 };
      }
      case '-':
      case '+': {
        const operand = this.#number(syntax.argument, `the operand of unary ${syntax.operator}`);
        if (syntax.operator === '+') return operand;
        if (operand.op === 'constant') return { ...operand, value: -Number(operand.value) };
        return {
          op: 'negate',
          operand,
          type: operand.type,
          nullable: operand.nullable,
          bound: usableBound(operand),
        };
      }
      default:
        throw refusal(syntax, `'${syntax.operator}' is not allowed in a lambda`, {
          remedy:
            "the operators are + - * / % ** === !== < <= > >= && || ! ?? and ?:, lists ['a'].includes(x)",
        });
    }
  }

  #boolean(syntax: Syntax, what: string): Node {
    const node = this.#node(syntax);
    if (node.type === 'boolean') return node;
    throw refusal(syntax, `${what} is ${article(node)}, not a boolean`, {
      remedy: 'compare it, like t.amount !== 0; a null is tested with === null and replaced with ??',
    });
  }

  #number(syntax: Syntax, what: string): Node {
    const node = this.#node(syntax);
    if (isNumeric(node)) return node;
    throw refusal(syntax, `${what} is ${article(node)}, not a number`, {
      remedy: conversionAdvice(node, 'number'),
    });
  }

  #binary(syntax: BinaryExpression): Node {
    const { operator } = syntax;
    if (syntax.left.type === 'PrivateIdentifier') throw refuseSyntax(syntax.left);
    switch (operator) {
      case '+': {
        const [left, right] = [this.#node(syntax.left), this.#node(syntax.right)];
        if (left.type === 'string' && right.type === 'string') return concat(left, right);
        for (const [side, node] of [
          [syntax.left, left],
          [syntax.right, right],
        ] as const) {
          if (isNumeric(node)) continue;
          const mixed = left.type === 'string' || right.type === 'string';
          throw refusal(mixed ? syntax : side, `'+' stands between ${article(left)} and ${article(right)}`, {
            remedy: mixed
              ? 'turn the other side into a string with String(…), or the string into a number with Number(…)'
              : conversionAdvice(node, 'number'),
          });
        }
        return arithmetic('+', left, right);
      }
      case '-':
      case '*':
      case '/':
      case '%':
      case '**':
        return arithmetic(
          operator satisfies ArithmeticOperator,
          this.#number(syntax.left, `the left side of ${operator}`),
          this.#number(syntax.right, `the right side of ${operator}`),
        );
      case '===':
      case '==':
      case '!==':
      case '!=': {
        const [left, right] = [this.#node(syntax.left), this.#node(syntax.right)];
        const negated = operator.startsWith('!');
        const test = left.type === 'null' ? right : right.type === 'null' ? left : null;
        if (test !== null) {
          if (test.type === 'null') {
            throw refusal(syntax, 'null is compared with null', { remedy: 'compare a field' });
          }
          const isNull: Node = { op: 'isNull', operand: test, type: 'boolean', nullable: false, bound: 0 };
          return negated
            ? { op: 'not', operand: isNull, type: 'boolean', nullable: false, bound: 0 }
            : isNull;
        }
        this.#comparable(syntax, left, right);
        return compare(negated ? '!==' : '===', left, right);
      }
      case '<':
      case '<=':
      case '>':
      case '>=': {
        const [left, right] = [this.#node(syntax.left), this.#node(syntax.right)];
        if (left.type === 'boolean' || left.type === 'null' || right.type === 'null') {
          const odd = left.type === 'boolean' || left.type === 'null' ? left : right;
          throw refusal(syntax, `'${operator}' does not order ${article(odd)}`, {
            remedy: 'booleans are compared with ===, nulls are tested with === null',
          });
        }
        this.#comparable(syntax, left, right);
        return compare(operator, left, right);
      }
      default:
        throw refusal(syntax, `'${operator}' is not allowed in a lambda`, {
          remedy:
            operator === 'in'
              ? "write ['a', 'b'].includes(t.field)"
              : 'the operators are + - * / % ** === !== < <= > >= && || ! ?? and ?:',
        });
    }
  }

  #comparable(at: AnyNode, left: Node, right: Node): void {
    const same = left.type === right.type || (isNumeric(left) && isNumeric(right));
    if (!same) {
      throw refusal(at, `${article(left)} is compared with ${article(right)}`, {
        remedy: 'both sides must have one type; convert one with String(…) or Number(…)',
      });
    }
    if (left.type === 'bytes') {
      throw refusal(at, 'bytes cannot be compared', {
        remedy: 'bytes can only be tested for null or counted: count((t) => t.field, …)',
      });
    }
    for (const [one, other] of [
      [left, right],
      [right, left],
    ] as const) {
      if (one.op !== 'field' || other.op !== 'constant') continue;
      const type = this.#fields.get(one.name)!;
      if (type.kind === 'enum' && !type.symbols.includes(String(other.value))) {
        throw refusal(at, `the enum '${one.name}' has no value '${other.value}'`, {
          remedy: suggestName(String(other.value), type.symbols),
        });
      }
    }
  }

  #logical(syntax: LogicalExpression): Node {
    const { operator } = syntax;
    if (operator === '??') {
      const [left, right] = [this.#node(syntax.left), this.#node(syntax.right)];
      return {
        op: 'coalesce',
        left,
        right,
        ...join(syntax, [left, right], '??'),
        nullable: left.nullable && right.nullable,
      };
    }
    const advice = operator === '||' ? ' (for a null write ??)' : '';
    const left = this.#boolean(syntax.left, `the left side of ${operator}${advice}`);
    const right = this.#boolean(syntax.right, `the right side of ${operator}${advice}`);
    return {
      op: operator === '&&' ? 'and' : 'or',
      left,
      right,
      type: 'boolean',
      nullable: left.nullable || right.nullable,
      bound: 0,
    };
  }
}

const NULL: Node = { op: 'constant', value: null, type: 'null', nullable: true, bound: 0 };

function literal(syntax: Literal): Node {
  const { value, raw = '' } = syntax;
  if (syntax.regex) {
    throw refusal(syntax, 'a regular expression is not allowed in a lambda', {
      remedy: 'use startsWith, endsWith, includes, indexOf or slice',
    });
  }
  if (syntax.bigint) {
    throw refusal(syntax, `the bigint ${raw} is not allowed in a lambda`, {
      remedy: `write ${syntax.bigint}; integers reach ±(2^53−1)`,
    });
  }
  if (value === null) return NULL;
  if (typeof value === 'string') return textConstant(value);
  if (typeof value === 'boolean') {
    return { op: 'constant', value, type: 'boolean', nullable: false, bound: 0 };
  }
  assertNumber(value);
  if (!Number.isFinite(value)) {
    throw refusal(syntax, `the constant ${raw} is not finite`, {
      remedy: 'write a number a double can hold',
    });
  }
  const integer = /^0[xob]/i.test(raw) || /^[\d_]+$/.test(raw);
  if (integer && value > INTEGER_BOUND) {
    throw refusal(syntax, `the integer ${raw} is beyond 2^53−1`, {
      remedy: `write it with a point, ${raw}.0, if a rounded double will do`,
    });
  }
  return numberConstant(value, integer ? 'integer' : 'number');
}

function assertNumber(value: unknown): asserts value is number {
  if (typeof value !== 'number') throw new Error(`assertion failed: literal ${String(value)}`);
}

function numberConstant(value: number, type: 'integer' | 'number'): Node {
  return { op: 'constant', value, type, nullable: false, bound: Math.abs(value) };
}

function textConstant(value: string): Node {
  return { op: 'constant', value, type: 'string', nullable: false, bound: 0 };
}

function constantOf(node: Node): number | string | boolean | null {
  return node.op === 'constant' ? node.value : null;
}

/** Joins two texts; an empty constant adds nothing. */
function concat(left: Node, right: Node): Node {
  if (left.op === 'constant' && left.value === '') return right;
  if (right.op === 'constant' && right.value === '') return left;
  return { op: 'concat', left, right, type: 'string', nullable: left.nullable || right.nullable, bound: 0 };
}

function compare(operator: ComparisonOperator, left: Node, right: Node): Node {
  return {
    op: 'compare',
    operator,
    left,
    right,
    type: 'boolean',
    nullable: left.nullable || right.nullable,
    bound: 0,
  };
}

function call(callee: string, spec: FunctionSpec, operands: readonly Node[]): Node {
  const node: Node = { op: 'call', callee, operands, type: spec.type, nullable: false, bound: spec.bound };
  const nullable = canOverflow(node) || spec.missing || operands.some((operand) => operand.nullable);
  return { ...node, nullable };
}

/** The one type of the values that `?:` and `??` choose between. */
function join(at: AnyNode, nodes: readonly [Node, Node], what: string): Pick<Node, 'type' | 'bound'> {
  const bound = Math.max(usableBound(nodes[0]), usableBound(nodes[1]));
  const [a, b] = nodes.map((node) => node.type) as [Node['type'], Node['type']];
  if (a === 'bytes' || b === 'bytes') {
    throw refusal(at, `${what} cannot choose between bytes`, {
      remedy: 'bytes can only be tested for null or counted: count((t) => t.field, …)',
    });
  }
  if (a === b || b === 'null') return { type: a, bound };
  if (a === 'null') return { type: b, bound };
  if (nodes.every(isNumeric)) return { type: 'number', bound };
  throw refusal(at, `${what} chooses between ${article(nodes[0])} and ${article(nodes[1])}`, {
    remedy: 'both must have one type, or be null',
  });
}

function fits(node: Node, wanted: 'string' | 'number'): boolean {
  return wanted === 'string' ? node.type === 'string' : isNumeric(node);
}

function expectLength(at: AnyNode, node: Node, callee: string): void {
  const value = constantOf(node);
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 1000) return;
  throw refusal(at, `the length in '${callee}' is no constant between 0 and 1000`, {
    remedy: 'write the length as a number',
  });
}

function conversionAdvice(node: Node, wanted: OperandType): string {
  if (node.type === 'boolean' && wanted === 'number') return 'write condition ? 1 : 0';
  if (node.type === 'string' && wanted === 'number') return 'write Number(text)';
  if (wanted === 'string' && node.type !== 'bytes' && node.type !== 'null') return 'write String(value)';
  if (node.type === 'bytes') return 'bytes can only be tested for null or counted';
  return 'an operation with null is always null; replace a null with ??';
}

function memberName(syntax: MemberExpression): string | null {
  const { property } = syntax;
  if (!syntax.computed) return property.type === 'Identifier' ? property.name : null;
  return property.type === 'Literal' && typeof property.value === 'string' ? property.value : null;
}

function article(node: Node): string {
  return typeName(node.type);
}

function refusal(at: AnyNode, message: string, options: { readonly remedy: string }): LambdaError {
  return new LambdaError(at.start, message, options);
}

function refuseSyntax(at: AnyNode): LambdaError {
  return refusal(at, `${describeSyntax(at)} is not allowed in a lambda`, {
    remedy: 'a lambda is one expression over the fields of the record and constants',
  });
}
