import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, test } from 'vitest';
import { OnlineReader } from '../../src/serving/online-reader.ts';
import { SqliteOnlineStore } from '../../src/sinks/sqlite-store.ts';
import { aGroup } from '../sinks/a-group.ts';
import { onlineReaderContract } from './online-reader-contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-reader-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const group = aGroup({ name: 'cards', features: { n: 'integer' } });

describe('a reader of SQLite', () => {
  onlineReaderContract(async () => {
    const file = join(folder, 'contract.sqlite');
    return { store: new SqliteOnlineStore({ file }), options: { kind: 'sqlite', file } };
  });
});

test('a reader makes no store where there is none', async () => {
  const file = join(folder, 'absent.sqlite');
  const opened = OnlineReader.open({ groups: [group], store: { kind: 'sqlite', file } });
  await expect(opened).rejects.toMatchObject({ code: 'SQLITE_MISSING', place: { file } });
});

test('a store that cannot be read is said to be so, with its file', async () => {
  const file = join(folder, 'broken.sqlite');
  await new SqliteOnlineStore({ file }).close();
  const reader = await OnlineReader.open({ groups: [group], store: { kind: 'sqlite', file } });
  const database = new DatabaseSync(file);
  database.exec('DROP TABLE windows');
  database.close();
  await expect(reader.read([{ group: 'cards', entity: 'c1' }])).rejects.toMatchObject({
    code: 'SQLITE_READ',
    place: { file },
  });
  await reader.close();
});

test('what outlived its time to live is no row', async () => {
  const file = join(folder, 'mortal.sqlite');
  const mortal = { ...group, ttlMs: 60_000 };
  const row = { windowEnd: 1000, version: 1, knownAt: 1000, leave: null, values: [1], watermark: 1000 };
  const writtenAt = async (now: number, entity: string) => {
    const store = new SqliteOnlineStore({ file, now: () => now });
    await store.write(mortal, [{ ...row, entity: [entity] }]);
    await store.close();
  };
  await writtenAt(Date.now() - 60_000, 'old');
  await writtenAt(Date.now() - 30_000, 'young');
  const reader = await OnlineReader.open({ groups: [mortal], store: { kind: 'sqlite', file } });
  const answers = await reader.read(['old', 'young'].map((entity) => ({ group: 'cards', entity })));
  expect(answers.map(({ version, values }) => [version, values['n']])).toEqual([
    [null, null],
    [1, 1],
  ]);
  await reader.close();
});
