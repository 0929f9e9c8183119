import { describe, expect, it } from 'vitest';
import { group, HEAD, load, problemsOf } from './definitions-file.ts';

type Case = readonly [what: string, features: string, options: string, message: string, remedy: string];

const OWN = `${HEAD}const faded = defineAggregate(
  'faded',
  { total: decayedSum((x: number) => x, { halfLife: '1h' }) },
  ({ total }) => total * 2,
);
`;
const STEPS = "entity: 'card_id', every: '5m',";
const DAYS = "entity: 'card_id', every: { unit: 'day', zone: 'UTC' },";
const NAME = "'halfLife' of decayedCount of 'n' is ";

const REFUSED: readonly Case[] = [
  [
    'a range of more than 1000 half-lives',
    "n: decayedCount({ halfLife: '1m', last: '24h' }),",
    STEPS,
    `${NAME}'1m', so that it looks back over 1000 times that, but the range is up to '1d' long`,
    "write halfLife: '1m26s400ms' or longer, or last: '16h40m' or shorter",
  ],
  [
    'a half-life with which not even a step would do',
    "n: decayedCount({ halfLife: '1ms', last: '24h' }),",
    STEPS,
    `${NAME}'1ms', so that it looks back over 1000 times that, but the range is up to '1d' long`,
    "write halfLife: '1m26s400ms' or longer",
  ],
  [
    'a lifetime',
    "n: decayedCount({ halfLife: '1h', lifetime: true }),",
    STEPS,
    `${NAME}'1h', so that it looks back over 1000 times that, but the range has no end`,
    "write last: '41d16h'",
  ],
  [
    'a lifetime, where not even a step would do',
    "n: decayedCount({ halfLife: '1ms', lifetime: true }),",
    STEPS,
    `${NAME}'1ms', so that it looks back over 1000 times that, but the range has no end`,
    "write last: '5m', and halfLife: '300ms' or longer",
  ],
  [
    'so many days',
    "n: decayedCount({ halfLife: '1h', last: { days: 60, zone: 'UTC' } }),",
    DAYS,
    `${NAME}'1h', so that it looks back over 1000 times that, but the range is up to '60d' long`,
    "write halfLife: '1h26m24s' or longer, or last: { days: 41, zone: 'UTC' } or shorter",
  ],
  [
    'a month, which may have 31 days and an hour more',
    "n: decayedCount({ halfLife: '2m', since: { unit: 'month', zone: 'Europe/Berlin' } }),",
    "entity: 'card_id', every: '1h',",
    `${NAME}'2m', so that it looks back over 1000 times that, but the range is up to '31d1h' long`,
    "write halfLife: '44m42s' or longer",
  ],
  [
    'sessions without limit',
    "n: decayedCount({ halfLife: '10s' }),",
    "entity: 'card_id', session: '30m',",
    `${NAME}'10s', so that it looks back over 1000 times that, but the range has no end`,
    "write maxDuration: '2h46m40s' beside session",
  ],
  [
    'sessions that are too long',
    "n: decayedCount({ halfLife: '10s' }),",
    "entity: 'card_id', session: '30m', maxDuration: '3h',",
    `${NAME}'10s', so that it looks back over 1000 times that, but the range is up to '3h' long`,
    "write halfLife: '10s800ms' or longer, or maxDuration: '2h46m40s' beside session or shorter",
  ],
];

describe('an aggregate that cannot look back for ever is refused', () => {
  it.each(REFUSED)('over %s', async (_, features, options, message, remedy) => {
    const problems = await problemsOf(group(features, options));
    expect(problems).toMatchObject([{ message, remedy }]);
  });

  it("as part of one of the user's own, where that is used", async () => {
    const problems = await problemsOf(group('n: faded((t) => t.price, { lifetime: true }),', STEPS), OWN);
    const message =
      "'halfLife' of decayedSum in faded of 'n' is '1h', so that it looks back over 1000 times that, but the range has no end";
    expect(problems).toMatchObject([{ at: '{ lifetime: true }),', message, remedy: "write last: '41d16h'" }]);
  });

  it('and not over what is just short enough', async () => {
    const features =
      "n: decayedCount({ halfLife: '1m', last: '1000m' }), m: faded((t) => t.price, { last: '41d' }),";
    const { groups } = await load(group(features, STEPS), OWN);
    expect(groups[0]!.features.map(({ name }) => name)).toEqual(['n', 'm']);
  });
});
