import type { AnyNode } from 'acorn';
import type { ValueType } from './expression.ts';
import type { OperandType } from './expression-functions.ts';

/** Why a lambda is refused: what is said of the syntax and the names that it may not use. */
export class LambdaError extends Error {
  /** Where the offending token starts in the lambda's text, in UTF-16 units. */
  offset: number;
  readonly remedy: string;

  constructor(offset: number, message: string, options: { readonly remedy: string }) {
    super(message);
    this.offset = offset;
    this.remedy = options.remedy;
  }
}

export function refusal(at: AnyNode, message: string, options: { readonly remedy: string }): LambdaError {
  return new LambdaError(at.start, message, options);
}

/** Refuses a piece of syntax as such. */
export function refuseSyntax(at: AnyNode): LambdaError {
  if (at.type === 'NewExpression' && at.callee.type === 'Identifier') {
    const { message, remedy } = describeForeignName(at.callee.name, undefined, 'new ');
    return refusal(at, message, { remedy });
  }
  return refusal(at, `${describeSyntax(at)} is not allowed in a lambda`, {
    remedy: 'a lambda is one expression over the fields of the record and constants',
  });
}

/** How a value of one type becomes another. */
export function conversionAdvice(type: ValueType | 'null', wanted: OperandType): string {
  if (type === 'bytes') return 'bytes can only be tested for null or counted: count((t) => t.field, …)';
  if (type === 'null') return 'an operation with null is always null; a null is replaced with ??';
  if (wanted === 'string') return 'write String(value)';
  return type === 'boolean' ? 'write condition ? 1 : 0' : 'write Number(text)';
}

export function typeName(type: ValueType | 'null'): string {
  switch (type) {
    case 'integer':
      return 'an integer';
    case 'number':
      return 'a number';
    case 'string':
      return 'a string';
    case 'boolean':
      return 'a boolean';
    case 'bytes':
      return 'bytes';
    case 'null':
      return 'null';
  }
}

const CLOCK_REMEDY =
  'a row depends on the log alone: use a time field of the record, and a range like last: "1h" for how long ago';

/** What to say of a name that is no field: `Date`, `Math.random`, an outer variable. */
export function describeForeignName(
  name: string,
  member?: string,
  before = '',
): { readonly message: string; readonly remedy: string } {
  const full = before + (member === undefined ? name : `${name}.${member}`);
  if (name === 'Date' || name === 'Temporal' || name === 'performance') {
    return { message: `'${full}' reads the clock or the machine's zone`, remedy: CLOCK_REMEDY };
  }
  if (full === 'Math.random' || name === 'crypto') {
    return {
      message: `'${full}' is random`,
      remedy: 'equal records must give equal rows: use a field of the record instead',
    };
  }
  if (name === 'NaN' || name === 'Infinity') {
    return {
      message: `'${name}' is not allowed in a lambda`,
      remedy: 'no result is NaN or infinite: write null',
    };
  }
  if (name === 'arguments') {
    return { message: `'arguments' is not allowed in a lambda`, remedy: 'name the record: (t) => …' };
  }
  if (name === 'Math') {
    return {
      message: `'Math' itself is no value`,
      remedy: 'call one of its functions, like Math.abs(t.amount)',
    };
  }
  if (/^(Array|BigInt|Boolean|JSON|Map|Number|Object|RegExp|Set|String)$/.test(name)) {
    return {
      message: `'${full}' is not on the list of functions`,
      remedy: 'the conversions are Number(x) and String(x); the rest are string methods and Math functions',
    };
  }
  if (name in globalThis) {
    return {
      message: `'${full}' is outside of the lambda`,
      remedy: 'a lambda may read its parameters and constants, nothing else',
    };
  }
  return {
    message: `'${full}' is an outer variable`,
    remedy: 'a lambda may read its parameters and constants only: write its value here, in the text',
  };
}

/** Global functions that have something to be written in their place. */
export const FUNCTION_ADVICE: ReadonlyMap<string, { readonly message: string; readonly remedy: string }> =
  new Map(
    Object.entries({
      Boolean: "write the condition out, like t.amount !== 0 or t.name !== ''",
      parseFloat: 'write Number(text)',
      parseInt: 'write Math.trunc(Number(text))',
      isNaN: 'no value is NaN: test for null with === null',
      isFinite: 'every number is finite: test for null with === null',
    }).map(([name, remedy]) => [name, { message: `'${name}' is not on the list of functions`, remedy }]),
  );

/** Methods that have something to be written in their place. */
export const METHOD_ADVICE: ReadonlyMap<string, string> = new Map([
  ['toLocaleLowerCase', 'no locale of a machine may matter: write toLowerCase()'],
  ['toLocaleUpperCase', 'no locale of a machine may matter: write toUpperCase()'],
  ['localeCompare', 'no locale of a machine may matter: compare with < and >, which order by code point'],
  ['toString', 'write String(value)'],
  ['toFixed', 'write Math.round(x * 100) / 100, or String(x)'],
  ['toLocaleString', 'no locale of a machine may matter: write String(value)'],
  ['match', 'regular expressions are not allowed: use startsWith, endsWith, includes, indexOf or slice'],
  ['test', 'regular expressions are not allowed: use startsWith, endsWith, includes, indexOf or slice'],
  ['search', 'regular expressions are not allowed: use indexOf'],
  ['split', 'take a part with slice and indexOf'],
  ['charCodeAt', 'write codePointAt'],
  ['substr', 'write slice or substring'],
  ['repeat', 'write the text out, or use padStart'],
  ['trimLeft', 'write trimStart'],
  ['trimRight', 'write trimEnd'],
  ['normalize', 'normalise texts before they are written to the topic'],
  ['getTime', 'timestamps are numbers already: milliseconds since 1970'],
]);

const SYNTAX: Readonly<Record<string, string>> = {
  ArrayExpression: 'a list (but for [...].includes(x))',
  ArrayPattern: 'an array pattern',
  ArrowFunctionExpression: 'a function inside',
  AssignmentExpression: 'an assignment',
  AssignmentPattern: 'a default value',
  AwaitExpression: 'await',
  BlockStatement: 'a block without return',
  BreakStatement: 'break',
  ClassDeclaration: 'a class',
  ClassExpression: 'a class',
  DebuggerStatement: 'debugger',
  DoWhileStatement: 'a loop',
  EmptyStatement: 'an empty statement',
  ExpressionStatement: 'a statement',
  ForInStatement: 'a loop',
  ForOfStatement: 'a loop',
  ForStatement: 'a loop',
  FunctionDeclaration: 'a function inside',
  FunctionExpression: 'a function inside',
  IfStatement: 'if (use ?:)',
  ImportExpression: 'import',
  LabeledStatement: 'a label',
  NewExpression: 'new',
  ObjectExpression: 'an object',
  ObjectPattern: 'an object pattern',
  RestElement: 'a rest element',
  ReturnStatement: 'return without a value',
  SequenceExpression: 'the comma operator',
  SpreadElement: 'a spread',
  Super: 'super',
  SwitchStatement: 'switch (use ?:)',
  TaggedTemplateExpression: 'a tagged template',
  ThisExpression: "'this'",
  ThrowStatement: 'throw',
  TryStatement: 'try',
  UpdateExpression: 'an assignment (++ or --)',
  VariableDeclaration: 'a variable',
  WhileStatement: 'a loop',
  YieldExpression: 'yield',
};

/** The name of a piece of syntax, for a sentence that refuses it. */
export function describeSyntax(node: AnyNode): string {
  if (node.type === 'MetaProperty') return `${node.meta.name}.${node.property.name}`;
  return SYNTAX[node.type] ?? `this syntax (${node.type})`;
}
