import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { SqliteOnlineStore } from '../../src/sinks/sqlite-store.ts';
import { aGroup } from './a-group.ts';
import { onlineStoreContract } from './online-store-contract.ts';
import {
  HISTORIES,
  HISTORY_ENTITIES,
  HISTORY_FEATURES,
  StoreModel,
  writesArbitrary,
} from './online-store-model.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-sqlite-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const group = aGroup({ name: 'cards', features: { count: 'integer' } });
const row = {
  entity: ['c1'],
  windowEnd: 1000,
  version: 1,
  knownAt: 900,
  leave: 61_000,
  values: [3],
  watermark: 900,
};

describe('the online store in SQLite, in memory', () => {
  onlineStoreContract(async () => new SqliteOnlineStore({ file: ':memory:' }));
});

describe('the online store in SQLite, in a file', () => {
  onlineStoreContract(async () => new SqliteOnlineStore({ file: join(folder, 'contract.sqlite') }));

  it('has its rows and its floor again when it is opened again', async () => {
    const file = join(folder, 'reopened.sqlite');
    const first = new SqliteOnlineStore({ file });
    await first.write(group, [row, { ...row, windowEnd: 2000, version: 2, watermark: 2000 }]);
    await first.close();
    const second = new SqliteOnlineStore({ file });
    expect(await second.latest(group, ['c1'])).toMatchObject({ windowEnd: 2000, version: 2 });
    expect(await second.write(group, [row])).toEqual({ accepted: 0, equal: 0, stale: 1 });
    await second.close();
  });

  it('takes a file that was made before rows had a leave', async () => {
    const file = join(folder, 'older.sqlite');
    const first = new SqliteOnlineStore({ file });
    await first.write(group, [row]);
    await first.close();
    const database = new DatabaseSync(file);
    database.exec('ALTER TABLE windows DROP COLUMN leave');
    database.exec('ALTER TABLE positions DROP COLUMN writer');
    database.close();
    const second = new SqliteOnlineStore({ file });
    expect(await second.latest(group, ['c1'])).toMatchObject({ version: 1, leave: null });
    await second.write(group, [{ ...row, windowEnd: 2000, version: 2 }]);
    expect(await second.latest(group, ['c1'])).toMatchObject({ version: 2, leave: 61_000 });
    await second.close();
  });

  it('is read by another connection while it is written', async () => {
    const file = join(folder, 'shared.sqlite');
    const writer = new SqliteOnlineStore({ file });
    const reader = new SqliteOnlineStore({ file });
    await writer.write(group, [row]);
    expect(await reader.latest(group, ['c1'])).toMatchObject({ version: 1 });
    await writer.close();
    await reader.close();
  });

  it('says which file it cannot open and what to do', () => {
    const file = join(folder, 'absent', 'store.sqlite');
    expect(() => new SqliteOnlineStore({ file })).toThrow(
      expect.objectContaining({
        code: 'SQLITE_OPEN',
        place: { file },
        remedy: expect.stringContaining('folder'),
      }),
    );
  });
});

describe('time to live in SQLite', () => {
  it.each(HISTORIES)('ends an entity, what was deleted and dropped of it too: %s', async (_, grid) => {
    const pauses = fc.array(fc.integer({ min: 0, max: 1500 }), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(writesArbitrary(grid), pauses, async (writes, pausesMs) => {
        let now = 0;
        const store = new SqliteOnlineStore({ file: ':memory:', now: () => now });
        const mortal = aGroup({ name: 'cards', grid, ttlMs: 1000, features: HISTORY_FEATURES });
        const model = new StoreModel(mortal);
        for (const [n, rows] of writes.entries()) {
          now += pausesMs[n % pausesMs.length]!;
          expect(await store.write(mortal, rows)).toEqual(model.write(rows, now));
          for (const entity of HISTORY_ENTITIES) {
            expect(await store.windows(mortal, entity)).toEqual(model.windows(entity, now));
            expect(await store.latest(mortal, entity)).toEqual(model.latest(entity, now));
          }
        }
        await store.close();
      }),
    );
  });

  it('removes expired entities from the file, also those that are never written again', async () => {
    let now = 0;
    const store = new SqliteOnlineStore({ file: ':memory:', now: () => now });
    const mortal = { ...group, ttlMs: 1000 };
    await store.write(mortal, [row]);
    now = 999;
    expect(await store.latest(mortal, ['c1'])).not.toBeNull();
    now = 1000;
    expect(await store.latest(mortal, ['c1'])).toBeNull();
    await store.write(mortal, [{ ...row, entity: ['c2'] }]);
    now = 500;
    expect(await store.latest(mortal, ['c1'])).toBeNull();
    await store.close();
  });
});
