import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  MATH_CONSTANTS,
  MATH_FUNCTIONS,
  STRING_METHODS,
} from '../../src/definitions/expression-functions.ts';
import { load } from './definitions-file.ts';

const page = readFileSync(new URL('../../docs/definitions.md', import.meta.url), 'utf8');

describe('the page on definitions', () => {
  it.each([
    ['string methods', STRING_METHODS],
    ['`Math` functions', MATH_FUNCTIONS],
    ['`Math` constants', MATH_CONSTANTS],
  ])('lists exactly the %s that lambdas may use', (row, allowed) => {
    const line = page.split('\n').find((each) => each.startsWith(`| ${row} |`))!;
    const listed = [...line.slice(row.length + 4).matchAll(/`(\w+)`/g)].map(([, name]) => name);
    expect(listed).toEqual([...allowed.keys()]);
  });

  it('shows definitions that load', async () => {
    const text = /```ts\n(.*?)```/s.exec(page)![1]!;
    const { groups } = await load(text, '');
    expect(groups.map(({ name }) => name)).toEqual(['card_risk']);
  });
});
