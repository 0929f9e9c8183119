import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runDemo } from '../../src/demo/run-demo.ts';
import { compare } from '../../src/replay/compare.ts';

/** A small demo leaves an online store and replay's rows, which agree; each test then harms a copy of the store. */

const folder = mkdtempSync(join(tmpdir(), 'tidemark-compare-'));
const demo = join(folder, 'demo');
const signal = new AbortController().signal;
let copies = 0;

beforeAll(async () => {
  const { comparison } = await runDemo({ seed: 3, events: 5000, cards: 200, out: demo, signal });
  expect(comparison.differences).toEqual([]);
  expect(comparison.rows).toBeGreaterThan(200);
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function differencesAfter(sql: string): Promise<readonly string[]> {
  const file = join(folder, `online-${copies++}.sqlite`);
  cpSync(join(demo, 'online.sqlite'), file);
  const database = new DatabaseSync(file);
  const { changes } = database.prepare(sql).run();
  expect(changes).toBeGreaterThan(0);
  database.close();
  const [result] = await compare({
    definitionsFile: join(demo, 'card-risk.ts'),
    groups: null,
    rows: join(demo, 'rows'),
    store: { kind: 'sqlite', file },
    signal,
  });
  return result!.differences;
}

test('a value that was edited by hand is found', async () => {
  const found = await differencesAfter(
    `UPDATE windows SET json = replace(json, ',', ',1')
     WHERE (entity_id, window_end) IN (SELECT entity_id, max(window_end) FROM windows GROUP BY entity_id LIMIT 1)`,
  );
  expect(found.length).toBeGreaterThan(0);
  expect(found[0]).toContain('online known_at');
});

test('a row of a version that the log never made is found', async () => {
  const found = await differencesAfter(
    `UPDATE windows SET version = version + 100000, json = '[' || (version + 100000) || substr(json, instr(json, ','))
     WHERE (entity_id, window_end) IN (SELECT entity_id, max(window_end) FROM windows GROUP BY entity_id LIMIT 1)`,
  );
  expect(found.join('\n')).toContain('replay has no such revision');
});

test('an entity that is missing is found', async () => {
  const found = await differencesAfter(
    `DELETE FROM windows WHERE entity_id = (SELECT min(entity_id) FROM windows)`,
  );
  expect(found).toEqual([expect.stringContaining('is not in the online store')]);
});

test('a latest row that was lost is found', async () => {
  const found = await differencesAfter(
    `DELETE FROM windows WHERE (entity_id, window_end) IN (
       SELECT entity_id, max(window_end) FROM windows GROUP BY entity_id HAVING count(*) > 1 LIMIT 1)`,
  );
  expect(found.join('\n')).toContain('latest row: online window_end');
});
