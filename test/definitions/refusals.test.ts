import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DefinitionError } from '../../src/definitions/definition-error.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { describeError } from '../../src/errors.ts';
import { defineFeatureGroup, defineSource, field } from '../../src/index.ts';
import { group, HEAD, ONE_FEATURE, problemsOf, writeFiles } from './definitions-file.ts';
import { WRONG_FEATURES } from './refusals/features.ts';
import { WRONG_GROUPS } from './refusals/groups.ts';
import { WRONG_LAMBDAS } from './refusals/lambdas.ts';
import { WRONG_OWN_AGGREGATES } from './refusals/own-aggregates.ts';
import { WRONG_PARAMETERS } from './refusals/parameters.ts';
import { WRONG_RANGES } from './refusals/ranges.ts';
import { WRONG_SESSIONS } from './refusals/sessions.ts';
import { WRONG_SOURCES } from './refusals/sources.ts';

/** What a person is told of a definitions file that is refused, without its folder. */
async function told(text: string, others: Readonly<Record<string, string>> = {}): Promise<string> {
  const file = writeFiles({ 'definitions.ts': text, ...others });
  return await loadDefinitions(file).then(
    () => 'nothing',
    (error: unknown) => describeError(error).replaceAll(`${dirname(file)}/`, ''),
  );
}

describe.each([
  { of: 'a group', refused: WRONG_GROUPS },
  { of: 'a group of sessions', refused: WRONG_SESSIONS },
  { of: 'a feature', refused: WRONG_FEATURES },
  { of: "the options of an aggregate's own", refused: WRONG_PARAMETERS },
  { of: 'a range', refused: WRONG_RANGES },
  { of: 'a source', refused: WRONG_SOURCES },
  { of: "an aggregate of the user's own", refused: WRONG_OWN_AGGREGATES },
  { of: 'a lambda', refused: WRONG_LAMBDAS },
])('$of is refused:', ({ refused }) => {
  it.each(refused)('%s', async (_, text, expected) => {
    expect(await told(text)).toBe(expected);
  });
});

describe('what is wrong', () => {
  it('is told all at once, in the order of the text', async () => {
    const text = group(
      "a: count({ last: '1x' }),\n b: rate((t) => t.amount > Date.now(), { last: '1h' }),",
      "entity: 'card' as never, every: '5m',",
    );
    const problems = await problemsOf(text, HEAD.replace("key: 'card_id'", 'epoch: -1'));
    expect(problems.map(({ at }) => at.slice(0, 6))).toEqual(['-1,', "'card'", "'1x' }", 'Date.n']);
  });

  it('in a source leaves its groups be, unless the fields are not known', async () => {
    const problems = await problemsOf(group(ONE_FEATURE), HEAD.replace('schema: {', 'shema: {'));
    expect(problems.map(({ message }) => message)).toEqual([
      "the source needs the option 'schema'",
      "the source has no option 'shema'",
    ]);
  });

  it('is that two fields of an entity are one column to SQL', async () => {
    const head = HEAD.replace('card_id: field.string,', 'card_id: field.string, Card_ID: field.string,');
    const text = group(ONE_FEATURE, "entity: ['card_id', 'Card_ID'], every: '5m',");
    expect(await told(head + text)).toBe(
      `definitions.ts:21:23: the entity field 'Card_ID' differs from 'card_id' only in upper and lower case, which columns do not tell apart
  leave one of them out`,
    );
  });

  it("in a user's own module has its place there", async () => {
    const text =
      HEAD + `import { spread } from './own.ts';\n${group("n: spread((t) => t.geo, { last: '1h' }),")}`;
    const spread = (part: string): string =>
      `import { defineAggregate, max, min } from 'tidemark';
export const spread = defineAggregate(
  'spread',
  { low: min((x: number) => x), high: ${part} },
  ({ low, high }) => high - low,
);\n`;
    expect(await told(text, { 'own.ts': spread('max((x: number) => x + Math.random())') })).toBe(
      `own.ts:4:62: 'Math.random' is random
  equal records must give equal rows: use a field of the record instead`,
    );
    expect(await told(text, { 'own.ts': spread('max((x: number) => x)') })).toBe(
      `definitions.ts:25:15: spread of 'n' cannot be made of a string: the left side of - is a string, not a number (own.ts:5:22)
  give it another input, or mend spread: write Number(text)`,
    );
  });

  it('is thrown by the call itself where no loader is at work, with the place of the token', () => {
    const define = (): unknown =>
      defineSource({
        name: 'events',
        schema: { at: field.timestampMillis },
        eventTime: { field: 'at' },
        epoch: 2000,
      });
    let thrown: unknown;
    try {
      define();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(DefinitionError);
    expect(describeError(thrown)).toMatch(
      /refusals\.test\.ts:\d+:16: 'epoch' of the source is 2000, which is out of range\n {2}write an integer, 0 to 1023/,
    );
  });

  it('is found when options are put together elsewhere', () => {
    const options = {
      name: 'a b',
      schema: { at: field.timestampMillis },
      eventTime: { field: 'at' },
    } as const;
    expect(() => defineSource(options)).toThrow(/'name' of the source is 'a b'/);
    const events = defineSource({ ...options, name: 'events' });
    const wrong = { name: 'g', version: 1, source: events, entity: 'at', every: '1m', features: {} } as const;
    expect(() => defineFeatureGroup(wrong)).toThrow(/'features' of the group is empty/);
  });
});
