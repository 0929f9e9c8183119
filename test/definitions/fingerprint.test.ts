import { describe, expect, it } from 'vitest';
import { group, HEAD, load } from './definitions-file.ts';

const FEATURES = "n: rate((t) => t.amount > 5 && t.status === 'failed', { last: '1h', where: (t) => t.ok }),";
const OPTIONS = "entity: 'card_id', every: '5m', where: (t) => t.amount !== 0,";

async function fingerprint(text = group(FEATURES, OPTIONS), head = HEAD): Promise<string> {
  const { groups } = await load(text, head);
  return groups[0]!.fingerprint;
}

describe('a fingerprint', () => {
  it('is a SHA-256 in hex', async () => {
    expect(await fingerprint()).toMatch(/^[0-9a-f]{64}$/);
  });

  it('of trailing ranges on a fixed grid is what it was before there were other ones', async () => {
    expect(await fingerprint()).toBe('b965e17ec53dfbdb1d1c5bf0f7c6562838adb617b333325f23060699b44779a5');
  });

  it('changes with the kind of a range, its unit and its zone', async () => {
    const ranges = [
      "last: '1h'",
      "since: { unit: 'day', zone: 'UTC' }",
      "since: { unit: 'week', zone: 'UTC' }",
      "since: { unit: 'day', zone: 'Asia/Kolkata' }",
      'lifetime: true',
    ];
    const all = ranges.map((range) => fingerprint(group(FEATURES.replace("last: '1h'", range), OPTIONS)));
    expect(new Set(await Promise.all(all)).size).toBe(ranges.length);
  });

  it('changes with the unit, the zone and the length on a calendar grid', async () => {
    const on = (unit: string, zone: string, count: number): Promise<string> =>
      fingerprint(
        group(
          `n: count({ last: { ${unit}s: ${count}, zone: '${zone}' } }),`,
          `entity: 'card_id', every: { unit: '${unit}', zone: '${zone}' },`,
        ),
      );
    const given = [
      on('day', 'UTC', 1),
      on('week', 'UTC', 1),
      on('day', 'Asia/Kolkata', 1),
      on('day', 'UTC', 2),
    ];
    expect(new Set(await Promise.all(given)).size).toBe(4);
    expect(await on('day', 'utc', 1)).toBe(await given[0]);
  });

  it('changes with the gap and the longest duration of sessions', async () => {
    const given = ["session: '30m'", "session: '31m'", "session: '30m', maxDuration: '30m'"].map((options) =>
      fingerprint(group('n: count(),', `entity: 'card_id', ${options},`)),
    );
    expect(new Set(await Promise.all(given)).size).toBe(3);
  });

  it.each([
    ['names of parameters', FEATURES.replaceAll('t.', 'record.').replaceAll('(t)', '(record)'), OPTIONS],
    [
      'spaces, comments and parentheses',
      FEATURES.replace('t.amount > 5', '(t.amount)  /* many */ > (5)'),
      OPTIONS,
    ],
    ['a body in braces', FEATURES.replace('(t) => t.ok', '(t) => { return t.ok; }'), OPTIONS],
    ['fields taken out', FEATURES.replace('(t) => t.ok', '({ ok }) => ok'), OPTIONS],
    ['quotes', FEATURES.replaceAll("'failed'", '"failed"'), OPTIONS],
    ['another text of a duration', FEATURES.replace("'1h'", "'60m'"), OPTIONS],
    [
      'a default written out',
      FEATURES,
      `${OPTIONS} offset: '0s', emit: 'change', allowedLateness: '0s', maxEntityState: 1_000_000,`,
    ],
    ['an offset of whole steps', FEATURES, `${OPTIONS} offset: '10m',`],
    ['a ttl', FEATURES, `${OPTIONS} ttl: '30d',`],
  ])('does not change with %s', async (_, features, options) => {
    expect(await fingerprint(group(features, options))).toBe(await fingerprint());
  });

  it.each([
    ['a constant', FEATURES.replace('> 5', '> 6'), OPTIONS],
    ['the type of a constant', FEATURES.replace('> 5', '> 5.0'), OPTIONS],
    ['a range', FEATURES.replace("'1h'", "'2h'"), OPTIONS],
    ['the where of a feature', FEATURES.replace('=> t.ok', '=> !t.ok'), OPTIONS],
    ['a default', FEATURES.replace("'1h',", "'1h', default: 0,"), OPTIONS],
    ['the name of a feature', FEATURES.replace('n:', 'm:'), OPTIONS],
    ['an aggregate', FEATURES.replace('rate', 'count'), OPTIONS],
    ['the grid', FEATURES, OPTIONS.replace("'5m'", "'10m'")],
    ['the offset', FEATURES, `${OPTIONS} offset: '1m',`],
    ['the lateness', FEATURES, `${OPTIONS} allowedLateness: '1m',`],
    ['what is emitted', FEATURES, `${OPTIONS} emit: 'close',`],
    ['the limit on the state of an entity', FEATURES, `${OPTIONS} maxEntityState: 999_999,`],
    ['the where of the group', FEATURES, OPTIONS.replace('!== 0', '!== 1')],
    ['the entity', FEATURES, OPTIONS.replace("'card_id'", "['card_id', 'status']")],
  ])('changes with %s', async (_, features, options) => {
    expect(await fingerprint(group(features, options))).not.toBe(await fingerprint());
  });

  it.each([
    ['the type of a field', HEAD.replace('field.double', 'field.float')],
    ['a field that may be null', HEAD.replace('field.double', 'field.nullable(field.double)')],
    [
      'the watermark',
      HEAD.replace("key: 'card_id'", "key: 'card_id', watermark: { maxOutOfOrderness: '1s' }"),
    ],
    [
      'what is done without a time',
      HEAD.replace("key: 'card_id'", "key: 'card_id', onNullEventTime: 'logTime'"),
    ],
    ['the key', HEAD.replace("key: 'card_id',", '')],
  ])('changes with %s of the source', async (_, head) => {
    expect(await fingerprint(undefined, head)).not.toBe(await fingerprint());
  });

  it.each([
    [
      'the order of fields',
      HEAD.replace('    amount: field.long,\n', '').replace(
        'ok: field',
        'amount: field.long,\n    ok: field',
      ),
    ],
    ['the topic', HEAD.replace("key: 'card_id'", "key: 'card_id', topic: 'payments'")],
    ['the epoch', HEAD.replace("key: 'card_id'", "key: 'card_id', epoch: 3")],
  ])('does not change with %s of the source', async (_, head) => {
    expect(await fingerprint(undefined, head)).toBe(await fingerprint());
  });
});
