import { group, HEAD, ONE_FEATURE } from '../definitions-file.ts';
import type { Refusal } from './refusal.ts';

const session = (text: string, feature = 'n: count(),'): string =>
  group(feature, `entity: 'card_id', ${text}`);

const REFUSED: readonly Refusal[] = [
  [
    'a step beside the gap',
    session("session: '30m', every: '5m',"),
    `definitions.ts:21:38: 'every' cannot stand beside 'session'
  leave one of them out: the windows of sessions end where the events do`,
  ],
  [
    'a calendar beside the gap',
    session("session: '30m', every: { unit: 'day', zone: 'UTC' },"),
    `definitions.ts:21:38: 'every' cannot stand beside 'session'
  leave one of them out: the windows of sessions end where the events do`,
  ],
  [
    'an offset beside the gap',
    session("session: '30m', offset: '1m',"),
    `definitions.ts:21:38: 'offset' cannot stand beside 'session'
  leave one of them out: the windows of sessions end where the events do`,
  ],
  [
    'a gap that is no duration',
    session("session: 'half an hour',"),
    `definitions.ts:21:31: 'session' of the group is 'half an hour', not a duration
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'a gap of nothing',
    session("session: '0s',"),
    `definitions.ts:21:31: 'session' of the group is '0s', but must be longer than nothing
  write '250ms', '30s', '5m', '1h30m' or '7d'`,
  ],
  [
    'a range',
    session("session: '30m',", "n: count({ last: '1h' }),"),
    `definitions.ts:23:16: 'last' cannot stand in count of 'n'
  leave it out: the range is the session`,
  ],
  [
    'a range since a boundary',
    session("session: '30m',", "n: sum((t) => t.amount, { since: { unit: 'day', zone: 'UTC' } }),"),
    `definitions.ts:23:31: 'since' cannot stand in sum of 'n'
  leave it out: the range is the session`,
  ],
  [
    'a lifetime',
    session("session: '30m',", 'n: count({ lifetime: true }),'),
    `definitions.ts:23:16: 'lifetime' cannot stand in count of 'n'
  leave it out: the range is the session`,
  ],
  [
    'a gap in an aggregate',
    session("session: '30m',", "n: count({ session: '30m' } as never),"),
    `definitions.ts:23:16: 'session' cannot stand in count of 'n'
  the gap belongs to the group: write session beside features, in place of every`,
  ],
  [
    'a default of another type',
    session("session: '30m',", "n: sum((t) => t.amount, { default: '0' as never }),"),
    `definitions.ts:23:40: 'default' of sum of 'n' is '0', but the feature is an integer
  write default: 0`,
  ],
  [
    'a limit without sessions',
    session("every: '5m', maxDuration: '2h',", ONE_FEATURE),
    `definitions.ts:21:35: 'maxDuration' is for session windows
  leave it out, or write session: '30m' in place of every`,
  ],
  [
    'a limit that is no duration',
    session("session: '30m', maxDuration: 7200 as never,"),
    `definitions.ts:21:51: 'maxDuration' of the group is 7200, not a duration
  milliseconds are written '7s200ms'`,
  ],
  [
    'a limit shorter than the gap',
    session("session: '30m', maxDuration: '29m',"),
    `definitions.ts:21:51: 'maxDuration' of the group is '29m', shorter than the gap of '30m' that ends a session by itself
  write '30m' or longer, or a shorter session`,
  ],
];

export const WRONG_SESSIONS = REFUSED.map(([what, text, told]): Refusal => [what, HEAD + text, told]);
