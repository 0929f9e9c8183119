import { describe, expect, it } from 'vitest';
import { AGGREGATE_FUNCTIONS, readDocstrings } from '../../scripts/docs/docstrings.ts';
import { AGGREGATE_NAMES } from '../../src/definitions/aggregate-signatures.ts';

const docstrings = readDocstrings(AGGREGATE_FUNCTIONS);

describe.each(AGGREGATE_NAMES)('the docstring of %s', (name) => {
  const { meaning, tags } = docstrings.get(name) ?? { meaning: '', tags: new Map<string, string>() };

  it('says what its value means, in sentences', () => {
    expect(meaning).toMatch(/^[A-Z].*\.$/);
  });

  it('says what becomes of nulls, its type, its state and its cost, and its error if it is approximate', () => {
    const wanted = ['nulls', 'type', 'state', 'cost', ...(name.startsWith('approx') ? ['error'] : [])];
    expect([...tags.keys()]).toEqual(wanted);
    for (const text of tags.values()) expect(text).not.toBe('');
  });
});
