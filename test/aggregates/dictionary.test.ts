import { expect, test } from 'vitest';
import { Dictionary } from '../../src/aggregates/dictionary.ts';

test('equal values have one number, different kinds of value different ones', () => {
  const dictionary = new Dictionary();
  const one = dictionary.intern('1');
  expect(dictionary.intern('1')).toBe(one);
  expect(dictionary.intern(1)).not.toBe(one);
  expect(dictionary.intern(true)).not.toBe(dictionary.intern(1));
  expect(dictionary.textOf(one)).toBe('1');
});

test('a value is kept as long as something retains it, and until it is collected', () => {
  const dictionary = new Dictionary();
  const kept = dictionary.intern('kept');
  dictionary.retain(kept);
  const gone = dictionary.intern('gone');
  dictionary.collect();
  expect(dictionary.size).toBe(1);
  dictionary.release(kept);
  expect(dictionary.textOf(kept)).toBe('kept');
  dictionary.collect();
  expect(dictionary.size).toBe(0);
  expect(dictionary.intern('next')).toSatisfy((id: number) => id === kept || id === gone);
});

test('a value that is released and interned again before the collection lives on', () => {
  const dictionary = new Dictionary();
  const id = dictionary.intern('m1');
  dictionary.retain(id);
  dictionary.release(id);
  dictionary.retain(dictionary.intern('m1'));
  dictionary.collect();
  expect(dictionary.intern('m1')).toBe(id);
});

test('strings are made well-formed, so that a file or a state can hold them', () => {
  const dictionary = new Dictionary();
  expect(dictionary.textOf(dictionary.intern('a\ud800'))).toBe('a\ufffd');
});
