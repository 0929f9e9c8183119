import { describe, expect, it } from 'vitest';
import { compareText } from '../../src/definitions/expression-runtime.ts';
import { codeOf, evaluate, evaluateCounting, parse, row } from './lambda.ts';

describe('nulls in a lambda', () => {
  it.each([
    ['t.ni + 1', null],
    ['t.ni > 1', null],
    ['t.ns === "a"', null],
    ['t.ns !== "a"', null],
    ['t.ns.length', null],
    ['t.ns?.toLowerCase()', null],
    ['`x$'.concat('{t.ns}`'), null],
    ['["a"].includes(t.ns)', null],
    ['!t.nb', null],
    ['t.nb && false', false],
    ['t.nb && true', null],
    ['false && t.nb', false],
    ['t.nb || true', true],
    ['t.nb || false', null],
    ['t.ni === null', true],
    ['t.ni !== null', false],
    ['t.ni == undefined', true],
    ['null != t.ni', false],
    ['(t.ni + 1) === null', true],
    ['t.ni ?? 7', 7],
    ['t.ni ?? t.nl ?? 8', 8],
    ['t.nb ? 1 : 2', 2],
    ['!t.nb ? 1 : 2', 2],
    ['t.ni > 1 || true ? 1 : 2', 1],
    ['t.i > 0 ? null : 3', 3],
    ['t.s.at(5)', null],
    ['t.s.at(5) ?? "none"', 'none'],
  ])('%s is %s when its nullable fields are null', (body, expected) => {
    expect(evaluate(`(t) => ${body}`, { i: 0, s: 'abc' })).toBe(expected);
  });

  it('takes a field that the source lets through as null for one that can be null', () => {
    expect(parse('(t) => t.ni').nullable).toBe(true);
    expect(parse('(t) => t.i').nullable).toBe(false);
  });
});

describe('integers in a lambda', () => {
  it.each([
    ['t.l', 'integer'],
    ['t.i + 1', 'integer'],
    ['-t.ts * 2 - t.l', 'integer'],
    ['t.nl ?? 0', 'integer'],
    ['t.b ? 1 : 0', 'integer'],
    ['t.b ? 1 : 0.5', 'number'],
    ['t.i + 1.0', 'number'],
    ['t.i + 1e3', 'number'],
    ['t.i / 1', 'number'],
    ['t.i % 2', 'number'],
    ['t.i ** 2', 'number'],
    ['t.us', 'number'],
    ['Math.abs(t.i)', 'number'],
    ['t.s.length', 'number'],
  ])('%s is of type %s', (body, type) => {
    expect(parse(`(t) => ${body}`).type).toBe(type);
  });

  it('are null beyond 2^53−1 at any step, and counted', () => {
    const given = row({ l: Number.MAX_SAFE_INTEGER });
    expect(evaluateCounting('(t) => t.l + 1', given)).toEqual({ value: null, overflows: 1 });
    expect(evaluateCounting('(t) => t.l + 1 - 1', given)).toEqual({ value: null, overflows: 1 });
    expect(evaluateCounting('(t) => t.l * t.l / 2', given)).toEqual({ value: null, overflows: 1 });
    expect(evaluateCounting('(t) => t.l + 1.0', given)).toEqual({ value: 2 ** 53, overflows: 0 });
    expect(evaluateCounting('(t) => -t.l', given)).toEqual({ value: -(2 ** 53 - 1), overflows: 0 });
  });
});

describe('numbers in a lambda', () => {
  it('are null and counted when a step is not finite', () => {
    expect(evaluateCounting('(t) => t.d / 0', row({ d: 1 }))).toEqual({ value: null, overflows: 1 });
    expect(evaluateCounting('(t) => 1 / (t.d / 0)', row({ d: 1 }))).toEqual({ value: null, overflows: 1 });
    expect(evaluateCounting('(t) => t.d * t.d > 1', row({ d: 1e200 }))).toEqual({
      value: null,
      overflows: 1,
    });
    expect(evaluateCounting('(t) => Math.sqrt(t.d)', row({ d: -1 }))).toEqual({ value: null, overflows: 1 });
    expect(evaluateCounting('(t) => Number(t.s)', row({ s: 'x' }))).toEqual({ value: null, overflows: 1 });
    expect(evaluateCounting('(t) => t.nd / 0', row({}))).toEqual({ value: null, overflows: 0 });
  });

  it('are never −0', () => {
    expect(evaluate('(t) => t.i * -1', { i: 0 })).toBe(0);
    expect(evaluate('(t) => -t.i', { i: 0 })).toBe(0);
    expect(evaluate('(t) => Math.round(t.d)', { d: -0.2 })).toBe(0);
    expect(evaluate('(t) => -0')).toBe(0);
  });
});

describe('texts in a lambda', () => {
  it('are ordered by code point, as their UTF-8 bytes are', () => {
    const [emoji, fullwidth] = ['😀', '！'];
    expect(emoji < fullwidth).toBe(true);
    expect(evaluate('(t) => t.s < t.ns', { s: emoji, ns: fullwidth })).toBe(false);
    expect(compareText('a', 'ab')).toBeLessThan(0);
    expect(compareText('b', 'ab')).toBeGreaterThan(0);
    expect(compareText('ab', 'ab')).toBe(0);
  });
});

describe('the ways to write a lambda', () => {
  it.each([
    '(t) => t.i > 2',
    't => t.i > 2',
    '(record) => (record.i) > /* two */ 2',
    '(t) => { return t.i > 2; }',
    'function (t) { return t.i > 2 }',
    'function named(t) { return t.i > 2; }',
    'where(t) { return t.i > 2; }',
    '({ i }) => i > 2',
    '({ i: amount }) => amount > 2',
    "(t) => t['i'] > 2",
    '(t) => t?.i > 2',
  ])('%s means the same', (text) => {
    expect(evaluate(text, { i: 3 })).toBe(true);
    expect(evaluate(text, { i: 2 })).toBe(false);
  });

  it('reads a field of any name', () => {
    expect(evaluate("(t) => t['odd name'] * 2", { 'odd name': 4 })).toBe(8);
  });
});

describe('the code of a lambda', () => {
  it.each([
    ["(t) => t.e === 'red'", '(record.e === "red")'],
    ['(t) => t.s', 'record.s'],
    ['(t) => t.ns', 'record.ns'],
    ['(t) => t.i > 1 && t.b', '((record.i > 1) && record.b)'],
    ['(t) => t.i + t.i * 2', '(record.i + (record.i * 2))'],
    ['(t) => t.ni > 1', '(record.ni === null ? null : (record.ni > 1))'],
    ["(t) => ['red', 'blue'].includes(t.e)", '(record.e === "red" || record.e === "blue")'],
  ])('of %s is straight-line', (text, code) => {
    expect(codeOf(text)).toBe(code);
  });

  it('tests the nulls of a whole calculation once', () => {
    expect(codeOf('(t) => (t.ni + t.i) * 2 > t.ni')).toBe(
      '(record.ni === null ? null : (((record.ni + record.i) * 2) > record.ni))',
    );
  });
});
