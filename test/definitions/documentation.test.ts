import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  MATH_CONSTANTS,
  MATH_FUNCTIONS,
  STRING_METHODS,
} from '../../src/definitions/expression-functions.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { HEAD, load, writeFiles } from './definitions-file.ts';

const page = readFileSync(new URL('../../docs/definitions.md', import.meta.url), 'utf8');
const examples = Array.from(page.matchAll(/```ts\n(.*?)```/gs), ([, text]) => text!);

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
    const { groups } = await load(examples[0]!, '');
    expect(groups.map(({ name }) => name)).toEqual(['card_risk']);
  });

  it("shows aggregates of the user's own that load", async () => {
    const { groups } = await loadDefinitions(
      writeFiles({ 'definitions.ts': examples[1]!, 'transactions.ts': HEAD }),
    );
    expect(groups[0]!.features.map(({ aggregate, valueType }) => [aggregate, valueType])).toEqual([
      ['geometricMean', 'number'],
      ['avg', 'number'],
      ['slope', 'number'],
    ]);
  });
});
