import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { join } from '../../src/training/join.ts';

/**
 * Card 7 pays once a minute; on day 7 a thief adds 500 payments. A row of day 5 that is joined with what the features
 * say today learns from the theft: 1,940 payments in 24 hours, where there had been 1,440.
 */

const DAY_MS = 86_400_000;
const START = Date.UTC(2026, 5, 1);
const MINUTES = 7 * 1440;
const BURST = 500;

const DEFINITIONS = `
import { count, defineFeatureGroup, defineSource, field } from 'tidemark';
export const transactions = defineSource({
  name: 'transactions',
  key: 'card_id',
  schema: { card_id: field.string, event_ts: field.timestampMillis },
  eventTime: { field: 'event_ts' },
});
export const cardRisk = defineFeatureGroup({
  name: 'card_risk',
  version: 1,
  source: transactions,
  entity: 'card_id',
  every: '1m',
  features: { card_txn_count_24h: count({ last: '24h' }) },
});
`;

test('a row of day 5 does not learn from the theft of day 7', async () => {
  const folder = mkdtempSync(joinPath(tmpdir(), 'tidemark-leak-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const minutes = Array.from({ length: MINUTES }, (_, minute) => START + minute * 60_000);
  const lastDay = START + 6 * DAY_MS;
  const burst = Array.from({ length: BURST }, (_, index) => lastDay + 12 * 3_600_000 + index * 100);
  const lines = [...minutes, ...burst]
    .sort((a, b) => a - b)
    .map((at, offset) =>
      JSON.stringify({ offset, timestamp: at, key: '7', value: { card_id: '7', event_ts: at } }),
    );
  const topic = joinPath(folder, 'archive/transactions/0');
  mkdirSync(topic, { recursive: true });
  writeFileSync(joinPath(topic, `${'0'.repeat(20)}.jsonl`), `${lines.join('\n')}\n`);
  const definitionsFile = joinPath(folder, 'definitions.ts');
  writeFileSync(definitionsFile, DEFINITIONS);
  const days = [5, 7].map((day) => new Date(START + day * DAY_MS - 30_000).toISOString());
  const spine = joinPath(folder, 'spine.csv');
  writeFileSync(spine, `card_id,ts\n${days.map((day) => `7,${day}`).join('\n')}\n`);
  const out = joinPath(folder, 'train.csv');
  await join({
    definitionsFile,
    spine,
    entityTime: 'ts',
    spineZone: null,
    from: joinPath(folder, 'archive'),
    out,
    as: 'served',
    servingDelayMs: 200,
    features: null,
    fullNames: false,
    withAge: false,
    checkLeaks: true,
    skipCorrupt: false,
    journal: null,
    overwrite: false,
  });
  const counts = readFileSync(out, 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => Number(line.split(',')[2]));
  expect(counts).toEqual([1440, 1940]);
});
