import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { onTestFinished } from 'vitest';
import { join } from '../../src/training/join.ts';
import type { JoinOptions, JoinSummary } from '../../src/training/options.ts';

const DEFINITIONS = `
import { count, countBy, defineFeatureGroup, defineSource, field, max, sum } from 'tidemark';

export const payments = defineSource({
  name: 'payments',
  key: 'card',
  schema: { card: field.string, shop: field.long, amount: field.double, at: field.timestampMillis },
  eventTime: { field: 'at' },
});

export const cards = defineFeatureGroup({
  name: 'cards',
  version: 1,
  source: payments,
  entity: 'card',
  every: '1m',
  ttl: '1h',
  features: { n: count({ last: '5m' }), spent: sum((p) => p.amount, { last: '5m' }) },
});

export const shops = defineFeatureGroup({
  name: 'shops',
  version: 2,
  source: payments,
  entity: ['card', 'shop'],
  every: '1m',
  features: {
    most: max((p) => p.amount, { last: '5m' }),
    amounts: countBy((p) => p.amount, { last: '5m' }),
  },
});
`;

/** Midnight: payments of cards 007 and b at so many minutes after it, in the order of the log. */
export const MIDNIGHT = Date.UTC(2026, 2, 1);
const MINUTE = 60_000;
const PAYMENTS = [
  { card: '007', shop: 1, amount: 1.5, minute: 1 },
  { card: '007', shop: 2, amount: 2.25, minute: 2 },
  { card: 'b', shop: 1, amount: 10, minute: 2 },
  { card: '007', shop: 1, amount: 4, minute: 10 },
];

/** The time that is so many minutes after midnight. */
export function minutes(count: number): number {
  return MIDNIGHT + count * MINUTE;
}

/** A folder with definitions and an archive for one test, which removes it. */
export class JoinFolder {
  readonly path: string;

  constructor() {
    this.path = mkdtempSync(joinPath(tmpdir(), 'tidemark-join-test-'));
    onTestFinished(() => rmSync(this.path, { recursive: true }));
    writeFileSync(this.file('definitions.ts'), DEFINITIONS);
    const folder = this.file('archive/payments/0');
    mkdirSync(folder, { recursive: true });
    const lines = PAYMENTS.map(({ card, shop, amount, minute }, offset) =>
      JSON.stringify({
        offset,
        timestamp: minutes(minute),
        key: card,
        value: { card, shop, amount, at: minutes(minute) },
      }),
    );
    writeFileSync(joinPath(folder, `${'0'.repeat(20)}.jsonl`), `${lines.join('\n')}\n`);
  }

  file(name: string): string {
    return joinPath(this.path, name);
  }

  write(name: string, text: string | Uint8Array): void {
    writeFileSync(this.file(name), text);
  }

  /** Writes what a query gives, in the format of the file's name. */
  async writeQuery(name: string, sql: string): Promise<void> {
    await this.query(`COPY (${sql}) TO '${this.file(name)}'`);
  }

  /** The rows that a query gives, as JSON. */
  async query(sql: string): Promise<unknown[]> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    try {
      await connection.run("SET TimeZone = 'UTC'");
      return (await connection.runAndReadAll(sql)).getRowObjectsJson();
    } finally {
      connection.disconnectSync();
      instance.closeSync();
    }
  }

  join(options: Partial<JoinOptions> & { readonly spine: string }): Promise<JoinSummary> {
    return join({
      definitionsFile: this.file('definitions.ts'),
      entityTime: 'ts',
      spineZone: null,
      from: this.file('archive'),
      as: 'served',
      servingDelayMs: 0,
      features: ['cards'],
      fullNames: false,
      withAge: false,
      checkLeaks: false,
      skipCorrupt: false,
      journal: null,
      overwrite: false,
      ...options,
      spine: this.file(options.spine),
      out: this.file(options.out ?? 'train.jsonl'),
    });
  }
}
