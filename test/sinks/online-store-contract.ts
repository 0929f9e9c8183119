import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FeatureGroup, FeatureType, Scalar, Value } from '../../src/definitions/definition.ts';
import { VectorJson } from '../../src/definitions/value.ts';
import type { OnlineStore, RememberedPosition, Upsert } from '../../src/sinks/sink.ts';
import { aGroup, type GroupShape } from './a-group.ts';
import {
  HISTORIES,
  HISTORY_ENTITIES,
  HISTORY_FEATURES,
  StoreModel,
  writesArbitrary,
} from './online-store-model.ts';

const MINUTE = 60_000;
const T = 1_700_000_000_000;

/** A name that no other run has used: the store may be shared. */
export function aName(): string {
  return `contract_${randomUUID().replaceAll('-', '')}`;
}

/** What every online store does, whatever it stands on. */
export function onlineStoreContract(open: () => Promise<OnlineStore>): void {
  let store: OnlineStore;
  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  const cards = (shape: Partial<GroupShape> = {}): FeatureGroup =>
    aGroup({ name: aName(), features: { count: 'integer', rate: 'number' }, ...shape });
  const row = (windowEnd: number, version: number, more: Partial<Upsert> = {}): Upsert => ({
    entity: ['c1'],
    windowEnd,
    version,
    knownAt: T + version,
    leave: null,
    values: [version, version / 7],
    watermark: -Infinity,
    ...more,
  });
  const accepted = (n: number) => ({ accepted: n, equal: 0, stale: 0 });
  const ends = async (group: FeatureGroup) =>
    (await store.windows(group, ['c1'])).map((kept) => kept.windowEnd);

  it('knows nothing of an entity that was never written', async () => {
    const group = cards();
    expect(await store.latest(group, ['c1'])).toBeNull();
    expect(await store.windows(group, ['c1'])).toEqual([]);
    expect(await store.write(group, [])).toEqual(accepted(0));
  });

  it('remembers the greatest position of a name, and says what it does not remember', async () => {
    const [one, other] = [aName(), aName()];
    const remember = (name: string, position: number, expected: number | null) =>
      store.remember([told(name, position, expected)]);
    expect(await remember(one, 5, null)).toEqual([]);
    expect(await remember(one, 9, 5)).toEqual([]);
    // A former owner may come late.
    expect(await remember(one, 7, 5)).toEqual([]);
    expect(await remember(one, 10, 9)).toEqual([]);
    expect(await store.remember([told(other, 3, 2), told(one, 12, 11)])).toEqual([other, one]);
    // Nothing was remembered of those: they are missed again until nothing is expected.
    expect(await remember(other, 3, 2)).toEqual([other]);
    expect(await remember(one, 10, 10)).toEqual([]);
    expect(await remember(other, 3, null)).toEqual([]);
    expect(await remember(other, 4, 3)).toEqual([]);
    expect(await store.remember([])).toEqual([]);
  });

  it('remembers who told a position last', async () => {
    const name = aName();
    const remember = (writer: string, position: number, expected: RememberedPosition['expected']) =>
      store.remember([{ name, position, writer, expected }]);
    expect(await remember('a', 5, null)).toEqual([]);
    expect(await remember('a', 6, { position: 5, writer: 'b' })).toEqual([name]);
    expect(await remember('b', 5, { position: 5, writer: null })).toEqual([]);
    expect(await remember('a', 6, { position: 5, writer: 'a' })).toEqual([name]);
    expect(await remember('b', 5, { position: 5, writer: 'b' })).toEqual([]);
    // Whoever expects nothing is told of nothing, and hides nothing.
    expect(await remember('a', 0, null)).toEqual([]);
    expect(await remember('b', 9, { position: 5, writer: 'b' })).toEqual([name]);
    expect(await remember('a', 9, { position: 5, writer: 'a' })).toEqual([]);
  });

  it('answers with the row of the greatest window_end, as it was written', async () => {
    const group = cards();
    await store.write(group, [row(T + MINUTE, 1, { leave: T + 9 * MINUTE }), row(T, 2)]);
    expect(await store.latest(group, ['c1'])).toEqual({
      windowEnd: T + MINUTE,
      version: 1,
      knownAt: T + 1,
      leave: T + 9 * MINUTE,
      values: [1, 1 / 7],
    });
    expect(await ends(group)).toEqual([T, T + MINUTE]);
  });

  it('lets a later correction of a window win', async () => {
    const group = cards();
    await store.write(group, [row(T, 5)]);
    expect(await store.write(group, [row(T, 9)])).toEqual(accepted(1));
    expect(await store.latest(group, ['c1'])).toMatchObject({ version: 9, values: [9, 9 / 7] });
  });

  it('corrects an older window without touching the latest row', async () => {
    const group = cards();
    await store.write(group, [row(T, 5), row(T + MINUTE, 5)]);
    await store.write(group, [row(T, 9)]);
    expect(await store.latest(group, ['c1'])).toMatchObject({ windowEnd: T + MINUTE, version: 5 });
    expect((await store.windows(group, ['c1']))[0]).toMatchObject({ windowEnd: T, version: 9 });
  });

  it('changes nothing when a row is written again', async () => {
    const group = cards();
    await store.write(group, [row(T, 5)]);
    const before = await store.windows(group, ['c1']);
    expect(await store.write(group, [row(T, 5)])).toEqual({ accepted: 0, equal: 1, stale: 0 });
    expect(await store.windows(group, ['c1'])).toEqual(before);
  });

  it('never shows an older version', async () => {
    const group = cards();
    await store.write(group, [row(T, 10)]);
    expect(await store.write(group, [row(T, 9)])).toEqual({ accepted: 0, equal: 0, stale: 1 });
    expect(await store.latest(group, ['c1'])).toMatchObject({ version: 10 });
  });

  it('compares versions as numbers up to 2^53', async () => {
    const group = cards();
    await store.write(group, [row(T, 2 ** 53 - 2)]);
    expect(await store.write(group, [row(T, 2 ** 53 - 1)])).toEqual(accepted(1));
    expect(await store.write(group, [row(T, 2 ** 53 - 2)])).toMatchObject({ stale: 1 });
    expect(await store.write(group, [row(T, 99)])).toMatchObject({ stale: 1 });
    expect((await store.latest(group, ['c1']))?.version).toBe(2 ** 53 - 1);
  });

  it('keeps the newest of several revisions of a row in one write', async () => {
    const group = cards();
    await store.write(group, [row(T, 3), row(T, 8), row(T, 5)]);
    expect(await store.windows(group, ['c1'])).toMatchObject([{ version: 8 }]);
  });

  it('takes a window that comes out of order while no older one was dropped', async () => {
    const group = cards({ allowedLatenessMs: 10 * MINUTE });
    await store.write(group, [row(T, 1, { watermark: T - MINUTE })]);
    expect(await store.write(group, [row(T - MINUTE, 2, { watermark: T - MINUTE })])).toEqual(accepted(1));
    expect(await ends(group)).toEqual([T - MINUTE, T]);
  });

  it('drops the rows that can be revised no more, but for the newest of them', async () => {
    const group = cards({ allowedLatenessMs: 10 * MINUTE });
    const watermark = T + 12 * MINUTE;
    await store.write(group, [
      row(T, 1),
      row(T + MINUTE, 2),
      row(T + 2 * MINUTE, 3),
      row(T + 3 * MINUTE, 4, { watermark }),
    ]);
    expect(await ends(group)).toEqual([T + 2 * MINUTE, T + 3 * MINUTE]);
  });

  it('keeps the only row, however old', async () => {
    const group = cards();
    await store.write(group, [row(T, 1, { watermark: T + 1000 * MINUTE })]);
    expect(await ends(group)).toEqual([T]);
  });

  it('calls a dropped row stale when it is sent again, with the watermark of then', async () => {
    const group = cards();
    const sent = [0, 1, 2].map((n) => row(T + n * MINUTE, n + 1, { watermark: T + n * MINUTE }));
    for (const upsert of sent) await store.write(group, [upsert]);
    expect(await ends(group)).toEqual([T + 2 * MINUTE]);
    expect(await store.write(group, [sent[0]!])).toEqual({ accepted: 0, equal: 0, stale: 1 });
    expect(await store.write(group, sent)).toEqual({ accepted: 0, equal: 1, stale: 2 });
    expect(await ends(group)).toEqual([T + 2 * MINUTE]);
  });

  it('gives back every value as it was, nulls as nulls', async () => {
    const group = cards({
      features: { i: 'integer', d: 'number', s: 'string', b: 'boolean', y: 'bytes', z: 'integer' },
    });
    const numbers = [
      0.1,
      5e-324,
      1.7976931348623157e308,
      -1e21,
      1e-7,
      2 ** 53 - 1,
      1 / 3,
      -0.5,
      123456789012345680000,
    ];
    const texts = [
      '',
      ' ',
      '"',
      '\\',
      'a,b]',
      '\u0000',
      '\n',
      'ünï',
      '日本',
      '👍',
      'null',
      'true',
      '\u001f',
      '\u2028',
    ];
    let version = 0;
    const check = async (values: (Scalar | null)[]) => {
      await store.write(group, [row(T, ++version, { values })]);
      expect((await store.latest(group, ['c1']))?.values).toEqual(values);
      expect((await store.windows(group, ['c1']))[0]?.values).toEqual(values);
    };
    for (const number of numbers)
      await check([Number.isInteger(number) ? 7 : null, number, null, null, null, 0]);
    for (const text of texts) await check([-(2 ** 53 - 1), null, text, text.length > 1, null, null]);
    for (const bytes of [[], [0, 255, 128], [34, 92]])
      await check([null, null, null, null, Uint8Array.from(bytes), 3]);
    await check([null, null, null, null, null, null]);
  });

  it('gives back lists and maps of every type, in the order of their keys', async () => {
    const list = (of: 'integer' | 'number' | 'string' | 'boolean'): FeatureType => ({ kind: 'list', of });
    const cases: [FeatureType, string, Value][] = [
      [list('integer'), '[]', []],
      [list('integer'), `[${2 ** 53 - 1},${1 - 2 ** 53},0]`, [2 ** 53 - 1, 1 - 2 ** 53, 0]],
      [list('number'), '[5e-324,1e+21,0.30000000000000004]', [5e-324, 1e21, 0.1 + 0.2]],
      [list('boolean'), '[true,false]', [true, false]],
      [
        list('string'),
        '["","a,b]","\\u0000\\"\\\\","\ufeffx","[{","👍"]',
        ['', 'a,b]', '\u0000"\\', '\ufeffx', '[{', '👍'],
      ],
      [{ kind: 'map', key: 'string', value: 'integer' }, '{}', new Map()],
      [
        { kind: 'map', key: 'string', value: 'number' },
        '{"":1,"10":2,"9":0.1,"__proto__":4,"a\\"}":5}',
        new Map([
          ['', 1],
          ['10', 2],
          ['9', 0.1],
          ['__proto__', 4],
          ['a"}', 5],
        ]),
      ],
      [
        { kind: 'map', key: 'integer', value: 'string' },
        '{"-5":"x","9":"","10":"]"}',
        new Map([
          [-5, 'x'],
          [9, ''],
          [10, ']'],
        ]),
      ],
      [
        { kind: 'map', key: 'number', value: 'boolean' },
        '{"5e-324":true,"0.5":false,"1e+21":true}',
        new Map([
          [5e-324, true],
          [0.5, false],
          [1e21, true],
        ]),
      ],
      [
        { kind: 'map', key: 'boolean', value: 'boolean' },
        '{"false":true,"true":false}',
        new Map([
          [false, true],
          [true, false],
        ]),
      ],
    ];
    for (const [type, json, value] of cases) {
      const group = cards({ features: { before: 'integer', vector: type, after: 'string' } });
      await store.write(group, [row(T, 1, { values: [1, new VectorJson(json), 'x'] })]);
      const read = [await store.latest(group, ['c1']), ...(await store.windows(group, ['c1']))];
      expect(
        read.map((one) => one?.values),
        json,
      ).toEqual([
        [1, value, 'x'],
        [1, value, 'x'],
      ]);
      const vector = read[0]!.values[1]!;
      if (vector instanceof Map) expect([...vector]).toEqual([...(value as Map<Scalar, Scalar>)]);
    }
  });

  it('keeps entities apart, whatever their fields hold', async () => {
    const group = cards({ entity: ['a', 'b'] });
    const parts: Scalar[] = [
      '',
      'a',
      ':',
      'a:',
      '%',
      '%3A',
      '{',
      '}',
      '{}',
      '%%',
      'ü',
      '日本語',
      '👍',
      ' ',
      '\n',
      '"',
      0,
      1.5,
    ];
    const entities = parts.flatMap((a) => parts.map((b): Scalar[] => [a, b])).concat([[true, -3]]);
    await store.write(
      group,
      entities.map((entity, n) => row(T, n + 1, { entity, values: [n, null] })),
    );
    for (const [n, entity] of entities.entries()) {
      expect((await store.latest(group, entity))?.values, JSON.stringify(entity)).toEqual([n, null]);
    }
  });

  it('keeps groups and their versions apart', async () => {
    const one = cards();
    const two = { ...one, version: 2 };
    await store.write(one, [row(T, 1)]);
    await store.write(two, [row(T, 2)]);
    expect(await store.latest(one, ['c1'])).toMatchObject({ version: 1 });
    expect(await store.latest(two, ['c1'])).toMatchObject({ version: 2 });
  });

  it('writes thousands of entities at once, each once', async () => {
    const group = cards();
    const rows = Array.from({ length: 5000 }, (_, n) => row(T, n + 1, { entity: [`c${n}`] }));
    expect(await store.write(group, rows)).toEqual(accepted(5000));
    expect(await store.write(group, rows)).toEqual({ accepted: 0, equal: 5000, stale: 0 });
    expect(await store.latest(group, ['c4999'])).toMatchObject({ version: 5000 });
  });

  it('forgets an entity when its group has a time to live and it is written no more', async () => {
    const group = cards({ ttlMs: 300 });
    await store.write(group, [row(T, 5), row(T + MINUTE, 5)]);
    await vi.waitFor(
      async () => {
        expect(await store.latest(group, ['c1'])).toBeNull();
        expect(await store.windows(group, ['c1'])).toEqual([]);
      },
      { timeout: 30_000, interval: 20 },
    );
    expect(await store.write(group, [row(T - MINUTE, 1)])).toEqual(accepted(1));
  });

  describe('a row that is deleted', () => {
    const sessions = (shape: Partial<GroupShape> = {}) =>
      cards({ grid: { kind: 'session', gapMs: MINUTE, maxDurationMs: null }, ...shape });
    const gone = (windowEnd: number, version: number, more: Partial<Upsert> = {}) =>
      row(windowEnd, version, { deleted: true, values: [null, null], ...more });

    it('goes with the write that brings the row in its place', async () => {
      const group = sessions();
      await store.write(group, [row(T, 1)]);
      expect(await store.write(group, [gone(T, 2), row(T + MINUTE, 2)])).toEqual(accepted(2));
      expect(await ends(group)).toEqual([T + MINUTE]);
      expect(await store.latest(group, ['c1'])).toMatchObject({ windowEnd: T + MINUTE, version: 2 });
    });

    it('leaves the row before it as the latest, to the bit', async () => {
      const group = sessions({
        features: {
          i: 'integer',
          d: 'number',
          z: 'number',
          s: 'string',
          b: 'boolean',
          l: { kind: 'list', of: 'string' },
          m: { kind: 'map', key: 'string', value: 'number' },
          t: 'string',
        },
      });
      const texts = ['', ',', '"', '\\', '\\"', ']', '[1,2]', '\u0000', '日本 👍', 'null'];
      for (const [n, text] of texts.entries()) {
        const json = JSON.stringify([text, '"],', '\\']);
        const map = `{${JSON.stringify(text)}:5e-324,"}":0.1}`;
        const vectors = [new VectorJson(json), new VectorJson(map)];
        const values = [2 ** 53 - 1 - n, 0.1 + 0.2, null, text, n % 2 === 0, ...vectors, text];
        const entity = [`c${n}`];
        await store.write(group, [row(T, 1, { entity, values }), row(T + MINUTE, 2, { entity, values })]);
        const before = (await store.windows(group, entity))[0];
        await store.write(group, [gone(T + MINUTE, 3, { entity, values: values.map(() => null) })]);
        expect(await store.latest(group, entity)).toEqual({ ...before, leave: null });
        expect(before?.values.slice(0, 5)).toEqual(values.slice(0, 5));
      }
    });

    it('leaves nothing when it was the only one', async () => {
      const group = sessions();
      await store.write(group, [row(T, 1)]);
      await store.write(group, [gone(T, 2)]);
      expect(await store.latest(group, ['c1'])).toBeNull();
      expect(await ends(group)).toEqual([]);
    });

    it('does not touch the latest row when that is another', async () => {
      const group = sessions();
      await store.write(group, [row(T, 1), row(T + MINUTE, 1)]);
      await store.write(group, [gone(T, 2)]);
      expect(await ends(group)).toEqual([T + MINUTE]);
      expect(await store.latest(group, ['c1'])).toMatchObject({ windowEnd: T + MINUTE, version: 1 });
    });

    it('does not come back when what was written before is written again', async () => {
      const group = sessions();
      const sent = [
        [row(T, 1)],
        [gone(T, 2), row(T + MINUTE, 2)],
        [gone(T + MINUTE, 3), row(T + 2 * MINUTE, 3)],
      ];
      for (const rows of sent) await store.write(group, rows);
      expect(await store.write(group, sent[0]!)).toEqual({ accepted: 0, equal: 0, stale: 1 });
      expect(await store.write(group, sent[1]!)).toEqual({ accepted: 0, equal: 1, stale: 1 });
      expect(await store.write(group, sent[2]!)).toEqual({ accepted: 0, equal: 2, stale: 0 });
      expect(await ends(group)).toEqual([T + 2 * MINUTE]);
      expect(await store.latest(group, ['c1'])).toMatchObject({ windowEnd: T + 2 * MINUTE, version: 3 });
    });

    it('does not come back either when it is final, and no row is', async () => {
      const group = sessions();
      await store.write(group, [row(T, 1)]);
      await store.write(group, [gone(T, 2), row(T + 9 * MINUTE, 2, { watermark: T + MINUTE })]);
      await store.write(group, [row(T + 10 * MINUTE, 3, { watermark: T + 2 * MINUTE })]);
      expect(await store.write(group, [row(T, 1)])).toEqual({ accepted: 0, equal: 0, stale: 1 });
      expect(await ends(group)).toEqual([T + 9 * MINUTE, T + 10 * MINUTE]);
    });

    it('is kept away also when it was never seen before it was deleted', async () => {
      const group = sessions();
      expect(await store.write(group, [gone(T, 2), row(T + MINUTE, 2)])).toEqual(accepted(2));
      expect(await store.write(group, [row(T, 1)])).toMatchObject({ stale: 1 });
      expect(await ends(group)).toEqual([T + MINUTE]);
    });

    it('comes back with a greater version', async () => {
      const group = sessions();
      await store.write(group, [row(T, 1)]);
      await store.write(group, [gone(T, 2)]);
      expect(await store.write(group, [row(T, 3)])).toEqual(accepted(1));
      expect(await store.latest(group, ['c1'])).toMatchObject({ windowEnd: T, version: 3 });
    });

    it('stays when the deletion is older than it', async () => {
      const group = sessions();
      await store.write(group, [row(T, 5)]);
      expect(await store.write(group, [gone(T, 4)])).toEqual({ accepted: 0, equal: 0, stale: 1 });
      expect(await ends(group)).toEqual([T]);
    });

    it('is forgotten with its entity when the time to live is over', async () => {
      const group = sessions({ ttlMs: 300 });
      await store.write(group, [row(T, 1), row(T + MINUTE, 1)]);
      await store.write(group, [gone(T, 2)]);
      await vi.waitFor(async () => expect(await store.latest(group, ['c1'])).toBeNull(), {
        timeout: 30_000,
        interval: 20,
      });
      expect(await store.write(group, [row(T, 1)])).toEqual(accepted(1));
    });
  });

  it.each(HISTORIES)('keeps what it must after every write of a random history of %s', async (_, grid) => {
    await fc.assert(
      fc.asyncProperty(
        writesArbitrary(grid),
        fc.constantFrom(0, MINUTE, 3 * MINUTE),
        async (writes, allowedLatenessMs) => {
          const group = cards({ grid, allowedLatenessMs, features: HISTORY_FEATURES });
          const model = new StoreModel(group);
          for (const rows of writes) {
            expect(await store.write(group, rows)).toEqual(model.write(rows, 0));
            for (const entity of HISTORY_ENTITIES) {
              expect(await store.windows(group, entity)).toEqual(model.windows(entity, 0));
              expect(await store.latest(group, entity)).toEqual(model.latest(entity, 0));
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });
}

/** Of the one writer there is. */
function told(name: string, position: number, expected: number | null): RememberedPosition {
  const writer = 'w';
  return { name, position, writer, expected: expected === null ? null : { position: expected, writer } };
}
