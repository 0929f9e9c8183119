import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FeatureGroup, FieldKind, Scalar } from '../../src/definitions/definition.ts';
import { VectorJson } from '../../src/definitions/value.ts';
import { OnlineReader } from '../../src/serving/online-reader.ts';
import type { ReadRequest } from '../../src/serving/read-request.ts';
import type { OnlineStoreOptions } from '../../src/sinks/open-online-store.ts';
import type { OnlineStore, Upsert } from '../../src/sinks/sink.ts';
import { aGroup } from '../sinks/a-group.ts';
import { aName } from '../sinks/online-store-contract.ts';

const MINUTE = 60_000;
const T = 1_700_000_000_000;

/** What a reader answers, whatever store stands behind it. */
export function onlineReaderContract(
  open: () => Promise<{ readonly store: OnlineStore; readonly options: OnlineStoreOptions }>,
): void {
  const cards = aGroup({
    name: aName(),
    features: {
      n: 'integer',
      share: 'number',
      geo: 'string',
      flag: 'boolean',
      raw: 'bytes',
      recent: { kind: 'list', of: 'number' },
      by_shop: { kind: 'map', key: 'string', value: 'integer' },
    },
  });
  const newCards: FeatureGroup = { ...cards, version: 2, fingerprint: 'e'.repeat(64) };
  const kinds: Record<string, FieldKind> = {
    card: 'string',
    shop: 'long',
    online: 'boolean',
    hash: 'bytes',
    kind: 'enum',
    score: 'double',
    day: 'localDateTime',
    at: 'timestampMillis',
  };
  const pairs = aGroup({
    name: aName(),
    entity: Object.keys(kinds),
    entityKinds: kinds,
    features: { n: 'integer' },
  });
  const groups = [newCards, cards, pairs];

  let now = T;
  let store: OnlineStore;
  let reader: OnlineReader;
  beforeAll(async () => {
    const opened = await open();
    store = opened.store;
    reader = await OnlineReader.open({ groups, store: opened.options, now: () => now });
  });
  afterAll(async () => {
    await reader.close();
    await store.close();
  });

  const upsert = (entity: readonly Scalar[], more: Partial<Upsert> = {}): Upsert => ({
    entity,
    windowEnd: T,
    version: 41,
    knownAt: T + 7,
    leave: null,
    values: [1, null, null, null, null, null, null],
    watermark: T,
    ...more,
  });
  const read = async (request: ReadRequest) => (await reader.read([request]))[0]!;

  it('gives values of the types that the definitions say, nulls as nulls', async () => {
    const values = [
      12,
      0.1,
      '7',
      false,
      Uint8Array.of(0, 255),
      new VectorJson('[0.1,1e+21]'),
      new VectorJson('{"9":1,"a b":2}'),
    ];
    await store.write(cards, [
      upsert(['types'], { values }),
      upsert(['nulls'], { values: values.map(() => null) }),
    ]);
    const [types, nulls] = await reader.read([
      { group: `${cards.name}:1`, entity: 'types' },
      { group: `${cards.name}:1`, entity: { card_id: 'nulls' } },
    ]);
    expect(types).toEqual({
      group: cards.name,
      groupVersion: 1,
      fingerprint: cards.fingerprint,
      entity: { card_id: 'types' },
      windowEnd: T,
      version: 41,
      knownAt: T + 7,
      leave: null,
      dueToFall: false,
      values: {
        n: 12,
        share: 0.1,
        geo: '7',
        flag: false,
        raw: Uint8Array.of(0, 255),
        recent: [0.1, 1e21],
        by_shop: new Map([
          ['9', 1],
          ['a b', 2],
        ]),
      },
    });
    expect(Object.values(nulls!.values)).toEqual(values.map(() => null));
    expect(nulls).toMatchObject({ windowEnd: T, version: 41 });
  });

  it('answers for an entity without a row with nulls, whatever the defaults', async () => {
    const answer = await read({ group: pairs.name, entity: anEntity });
    expect(answer).toMatchObject({
      windowEnd: null,
      version: null,
      knownAt: null,
      leave: null,
      dueToFall: false,
      values: { n: null },
    });
  });

  it('takes the highest version of a group, unless one is named', async () => {
    await store.write(cards, [upsert(['versions'], { version: 1 })]);
    await store.write(newCards, [upsert(['versions'], { version: 2 })]);
    expect(await read({ group: cards.name, entity: 'versions' })).toMatchObject({
      groupVersion: 2,
      version: 2,
      fingerprint: newCards.fingerprint,
    });
    expect(await read({ group: `${cards.name}:1`, entity: 'versions' })).toMatchObject({
      groupVersion: 1,
      version: 1,
    });
  });

  it('says that values are due to fall from the leave on', async () => {
    await store.write(cards, [upsert(['falls'], { leave: T + MINUTE })]);
    const dueAt = async (time: number) => {
      now = time;
      return (await read({ group: `${cards.name}:1`, entity: 'falls' })).dueToFall;
    };
    expect(await dueAt(T + MINUTE - 1)).toBe(false);
    expect(await dueAt(T + MINUTE)).toBe(true);
    expect(await read({ group: `${cards.name}:1`, entity: 'falls' })).toMatchObject({ leave: T + MINUTE });
  });

  it('gives the features that are asked for, in the order asked', async () => {
    await store.write(cards, [upsert(['some'], { values: [5, 0.5, 'x', true, null, null, null] })]);
    const { values } = await read({ group: `${cards.name}:1`, entity: 'some', features: ['geo', 'n'] });
    expect(Object.entries(values)).toEqual([
      ['geo', 'x'],
      ['n', 5],
    ]);
  });

  it('answers many entities of several groups in their order, with repeats', async () => {
    const entities = Array.from({ length: 500 }, (_, n) => `many-${n}`);
    await store.write(
      cards,
      entities.map((entity, n) => upsert([entity], { version: n + 1 })),
    );
    await store.write(pairs, [upsert(Object.values(anEntity), { version: 900, values: [3] })]);
    const requests: ReadRequest[] = [
      ...entities.map((entity) => ({ group: `${cards.name}:1`, entity })),
      { group: pairs.name, entity: anEntity },
      { group: `${cards.name}:1`, entity: 'many-0' },
    ];
    const answers = await reader.read(requests);
    expect(answers.map(({ version }) => version)).toEqual([...entities.map((_, n) => n + 1), 900, 1]);
    expect(await reader.read([])).toEqual([]);
  });

  it('finds each entity under the key it was written under', async () => {
    await fc.assert(
      fc.asyncProperty(entityArbitrary, fc.nat(), async (entity, n) => {
        // The store may hold the entity of an earlier case: only a greater version is taken.
        written++;
        await store.write(pairs, [upsert(Object.values(entity), { version: written, values: [n] })]);
        const answer = await read({ group: pairs.name, entity });
        expect(answer).toMatchObject({ version: written, values: { n } });
        expect(answer.entity).toEqual(entity);
      }),
    );
  });
  let written = 1000;

  it('answers a ping', async () => {
    await reader.ping();
  });

  it.each(refusals(cards, pairs))('refuses %s', async (_, request, message, remedy) => {
    await expect(reader.read([request])).rejects.toMatchObject({ name: 'ReadError', message, remedy });
  });
}

const anEntity: Readonly<Record<string, Scalar>> = {
  card: 'c:1',
  shop: 7,
  online: true,
  hash: Uint8Array.of(1, 2),
  kind: 'a',
  score: 0.5,
  day: '2026-03-08T02:30',
  at: T,
};

const entityArbitrary = fc.record({
  card: fc.string({ unit: 'binary' }).map((text) => text.toWellFormed()),
  shop: fc.maxSafeInteger().map((n) => n + 0),
  online: fc.boolean(),
  hash: fc.uint8Array(),
  kind: fc.constantFrom('a', 'b'),
  score: fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0),
  day: fc.constantFrom('2026-03-08T02:30', '2026-03-08 02:30:15.250'),
  at: fc.integer(),
});

type Refusal = [what: string, request: ReadRequest, message: string, remedy: unknown];

function refusals(cards: FeatureGroup, pairs: FeatureGroup): Refusal[] {
  const { name } = cards;
  const takes = `An entity of ${name} is {card_id}, with values as the source's records hold them.`;
  const pairsTakes = expect.stringContaining(`An entity of ${pairs.name} is {card, shop, online,`);
  const near = `${name.slice(0, -1)}`;
  const entity = 'c1';
  return [
    [
      'an unknown group',
      { group: near, entity },
      `there is no feature group "${near}"`,
      `did you mean '${name}'?`,
    ],
    [
      'an unknown version',
      { group: `${name}:3`, entity },
      `there is no feature group "${name}:3"`,
      `There is ${name}:1, ${name}:2.`,
    ],
    [
      'an unknown feature',
      { group: name, entity, features: ['share', 'geos'] },
      `feature group ${name} has no feature "geos"`,
      "did you mean 'geo'?",
    ],
    [
      'an entity of the wrong type',
      { group: name, entity: 7 },
      `feature group ${name}: field 'card_id': found the number 7, expected a string`,
      takes,
    ],
    [
      'an entity without its field',
      { group: name, entity: {} },
      `feature group ${name}: field 'card_id': found nothing, expected a string`,
      takes,
    ],
    [
      'an entity with a field too many',
      { group: name, entity: { card_id: 'c1', card: 'c2' } },
      `feature group ${name}: "card" is no field of its entity`,
      takes,
    ],
    [
      'one value for several fields',
      { group: pairs.name, entity },
      `feature group ${pairs.name}: its entity has 8 fields, found the text "c1"`,
      pairsTakes,
    ],
    [
      'a long beyond 2^53',
      { group: pairs.name, entity: { ...anEntity, shop: 2 ** 53 } },
      `feature group ${pairs.name}: field 'shop': found the number 9007199254740992, ` +
        'expected a long (an integer within ±(2^53−1))',
      pairsTakes,
    ],
    [
      'a value that the enum does not list',
      { group: pairs.name, entity: { ...anEntity, kind: 'c' } },
      `feature group ${pairs.name}: field 'kind': found the text "c", expected one of "a", "b"`,
      pairsTakes,
    ],
  ];
}
