import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

interface Table {
  readonly notApplicable: readonly { readonly name: string; readonly reason: string }[];
}

const table: Table = JSON.parse(readFileSync(new URL('flink-watermark-valve.json', import.meta.url), 'utf8'));

describe('Flink StatusWatermarkValveTest, not applicable', () => {
  for (const { name, reason } of table.notApplicable) it.skip(`${name}: ${reason}`, () => {});

  it('accounts for all 13 cases', () => {
    expect(table.notApplicable.length).toBe(13);
  });
});
