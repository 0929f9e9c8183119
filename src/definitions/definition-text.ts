import { readFileSync, statSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type AnyNode, type CallExpression, type ObjectExpression, type Property, parse } from 'acorn';
import type { Place } from '../errors.ts';

/**
 * The text of a definitions file, to name the line and column of what is wrong in it. Types are stripped by
 * blanks, here as when the file runs, so a place in the running text is the place in the file.
 */
export class DefinitionText {
  readonly file: string;
  readonly #nodes: readonly AnyNode[];
  readonly #source: string;
  readonly #lineStarts: readonly number[];

  /** @throws SyntaxError when the file is no JavaScript once its types are blanks */
  constructor(file: string, text: string) {
    this.file = file;
    this.#source = stripTypes(file, text);
    this.#lineStarts = lineStarts(this.#source);
    this.#nodes = allNodes(
      parse(this.#source, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true }),
    );
  }

  /** The place of an offset in UTF-16 units. */
  placeOf(offset: number): Place {
    let line = 0;
    while (line + 1 < this.#lineStarts.length && this.#lineStarts[line + 1]! <= offset) line++;
    return { file: this.file, line: line + 1, column: offset - this.#lineStarts[line]! + 1 };
  }

  /** The call of `name` at a place, else the only call of it in that line. */
  findCall(name: string, line: number, column: number): CallExpression | null {
    const start = this.#lineStarts[line - 1];
    if (start === undefined) return null;
    const end = this.#lineStarts[line] ?? this.#source.length + 1;
    const calls = this.#nodes.filter((node): node is CallExpression => node.type === 'CallExpression');
    const exact = calls.find((call) => calleeStart(call) === start + column - 1);
    if (exact !== undefined) return exact;
    const inLine = calls.filter((call) => {
      const at = calleeStart(call);
      return at >= start && at < end && calleeName(call) === name;
    });
    return inLine.length === 1 ? inLine[0]! : null;
  }

  /** Where a name is imported; null when it is not. */
  placeOfImport(name: string): Place | null {
    const named = (node: AnyNode): boolean =>
      node.type === 'ImportSpecifier' && node.imported.type === 'Identifier' && node.imported.name === name;
    const found = this.#nodes.find(named);
    return found === undefined ? null : this.placeOf(found.start);
  }

  /** Where something is imported from a module, by its specifier or its resolved path; null when it is not. */
  placeOfImportFrom(module: string): Place | null {
    for (const node of this.#nodes) {
      if (node.type !== 'ImportDeclaration' || typeof node.source.value !== 'string') continue;
      const specifier = node.source.value;
      const path = specifier.startsWith('.') ? resolve(dirname(this.file), specifier) : specifier;
      if (specifier === module || path === module) return this.placeOf(node.source.start);
    }
    return null;
  }

  /** Where a function with exactly this text starts: inside of `within` if it stands there, else anywhere. */
  findFunction(text: string, within: AnyNode | null): number | null {
    const starts = this.#nodes
      .filter((node) => /^(ArrowFunction|Function|Property|MethodDefinition)/.test(node.type))
      .filter((node) => node.end - node.start === text.length && this.#source.startsWith(text, node.start))
      .map((node) => node.start);
    const inside = starts.find((at) => within !== null && at >= within.start && at < within.end);
    return inside ?? starts[0] ?? null;
  }
}

/** Where a define…() or aggregate call stands, as far as it can be found. */
export class CallSite {
  readonly place: Place;
  readonly text: DefinitionText | null;
  readonly call: CallExpression | null;

  /** The site of the call of `callee`, which the caller was called by. */
  constructor(callee: (...given: never[]) => unknown) {
    const position = callPosition(callee);
    this.text = position === null ? null : readText(position.file);
    this.call = position && (this.text?.findCall(callee.name, position.line, position.column) ?? null);
    this.place =
      this.call !== null && this.text !== null ? this.text.placeOf(calleeStart(this.call)) : (position ?? {});
  }

  /** The object literal that stands as the call's argument number `index`, or as its last for −1. */
  options(index: number): ObjectSite {
    const node = this.call?.arguments.at(index);
    return new ObjectSite(this, node?.type === 'ObjectExpression' ? node : null, this.place);
  }

  /** How many arguments stand in the call; 0 where it cannot be found. */
  get argumentCount(): number {
    return this.call?.arguments.length ?? 0;
  }

  /** The place of an argument of the call. */
  argument(index: number): Place {
    const node = this.call?.arguments[index];
    return node === undefined ? this.place : this.text!.placeOf(node.start);
  }

  /** The place of an offset inside a lambda's text; that of the call for what is no function. */
  lambdaPlace(lambda: unknown, offset: number): Place {
    if (typeof lambda !== 'function') return this.place;
    const text = Function.prototype.toString.call(lambda);
    const start = this.text?.findFunction(text, this.call) ?? null;
    return start === null ? this.place : this.text!.placeOf(start + Math.max(0, offset));
  }
}

/** The text of an object literal: where its keys and values stand. */
export class ObjectSite {
  readonly #site: CallSite;
  readonly #node: ObjectExpression | null;
  readonly #fallback: Place;

  constructor(site: CallSite, node: ObjectExpression | null, fallback: Place) {
    this.#site = site;
    this.#node = node;
    this.#fallback = fallback;
  }

  get place(): Place {
    return this.#node === null ? this.#fallback : this.#site.text!.placeOf(this.#node.start);
  }

  key(name: string): Place {
    const property = this.#property(name);
    return property === null ? this.#fallback : this.#site.text!.placeOf(property.key.start);
  }

  value(name: string): Place {
    const property = this.#property(name);
    return property === null ? this.#fallback : this.#site.text!.placeOf(property.value.start);
  }

  /** The place of an element of the list that stands as a value. */
  element(name: string, index: number): Place {
    const value = this.#property(name)?.value;
    const element = value?.type === 'ArrayExpression' ? value.elements[index] : null;
    return element ? this.#site.text!.placeOf(element.start) : this.value(name);
  }

  object(name: string): ObjectSite {
    const property = this.#property(name);
    const node = property?.value.type === 'ObjectExpression' ? property.value : null;
    return new ObjectSite(this.#site, node, property === null ? this.#fallback : this.key(name));
  }

  /** Names that the literal gives more than once, each with the place of a later one. */
  *repeated(): Iterable<{ readonly name: string; readonly place: Place }> {
    const seen = new Set<string>();
    for (const property of this.#properties()) {
      const name = keyName(property);
      if (name === null) continue;
      if (seen.has(name)) yield { name, place: this.#site.text!.placeOf(property.key.start) };
      seen.add(name);
    }
  }

  #property(name: string): Property | null {
    return this.#properties().findLast((property) => keyName(property) === name) ?? null;
  }

  #properties(): readonly Property[] {
    return (this.#node?.properties ?? []).filter((each): each is Property => each.type === 'Property');
  }
}

function keyName({ key, computed }: Property): string | null {
  if (key.type === 'Identifier' && !computed) return key.name;
  return key.type === 'Literal' ? String(key.value) : null;
}

function calleeStart(call: CallExpression): number {
  return call.callee.type === 'MemberExpression' ? call.callee.property.start : call.callee.start;
}

function calleeName(call: CallExpression): string | null {
  const name = call.callee.type === 'MemberExpression' ? call.callee.property : call.callee;
  return name.type === 'Identifier' ? name.name : null;
}

/** File, line and column from which `callee` was called; null when the stack does not say. */
function callPosition(callee: (...given: never[]) => unknown): Required<Omit<Place, 'position'>> | null {
  const holder: { stack?: string } = {};
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 1;
  Error.captureStackTrace(holder, callee);
  // The text is made on first reading, with the limit that holds now.
  const frame = /(?:\(|at (?:async )?)([^()]+):(\d+):(\d+)\)?\s*$/.exec(String(holder.stack));
  Error.stackTraceLimit = limit;
  if (frame === null) return null;
  const [, name, line, column] = frame as unknown as [string, string, string, string];
  const url = name.replace(/[?#].*$/, '');
  const file = url.startsWith('file:') ? fileURLToPath(url) : url;
  return { file, line: Number(line), column: Number(column) };
}

const texts = new Map<string, { readonly modified: number; readonly text: DefinitionText | null }>();

/** The file's text, null when it cannot be read or parsed: places are then those of the stack. */
function readText(file: string): DefinitionText | null {
  const modified = statSync(file, { throwIfNoEntry: false })?.mtimeMs;
  if (modified === undefined) return null;
  const known = texts.get(file);
  if (known?.modified === modified) return known.text;
  let text: DefinitionText | null = null;
  try {
    text = new DefinitionText(file, readFileSync(file, 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  texts.set(file, { modified, text });
  return text;
}

/**
 * The file's text with blanks in place of types.
 * @throws SyntaxError for syntax that is none, or that more than blanks would have to replace (enum, namespace)
 */
export function stripTypes(file: string, text: string): string {
  if (!/\.m?ts$/.test(file)) return text;
  const { emitWarning } = process;
  // Node calls the function experimental, on standard error, where it would be no use to anybody.
  process.emitWarning = () => {};
  try {
    return stripTypeScriptTypes(text);
  } finally {
    process.emitWarning = emitWarning;
  }
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (const match of text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) starts.push(match.index + match[0].length);
  return starts;
}

function allNodes(root: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const each of value) visit(each);
    } else if (typeof value === 'object' && value !== null && 'type' in value && 'start' in value) {
      found.push(value as AnyNode);
      for (const child of Object.values(value)) visit(child);
    }
  };
  visit(root);
  return found;
}
