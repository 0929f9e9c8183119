import { Temporal } from '@js-temporal/polyfill';
import { describe, expect, it } from 'vitest';
import { loadSnippet } from '../../scripts/docs/snippet.ts';
import { calendarOf } from '../../src/definitions/calendar.ts';
import type { CalendarUnit, FeatureGroup, Value } from '../../src/definitions/definition.ts';
import { isVectorValue, vectorText } from '../../src/definitions/value.ts';
import { finish, SourcePartition } from '../../src/operators/source-partition.ts';
import { Task } from '../../src/operators/task.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import { Rejection } from '../../src/sources/record.ts';
import { codeBlocks, plain, readPage, tableRows } from './markdown.ts';

const page = readPage('nulls-numbers-and-time-zones.md');
const [definition] = codeBlocks(page, 'ts') as [string];
const [record] = codeBlocks(page, 'json') as [string];

/** A group over the page's source. */
function load(feature: string, source = definition): Promise<FeatureGroup> {
  const clicks = `${source.replace('export const orders', 'export const clicks')}`;
  return loadSnippet(clicks, `every: '1m', features: { value: ${feature} },`);
}

/** The record with a field as it is written. */
function written(field: string, json: string): Buffer {
  const line = new RegExp(`("${field}": ).*?(,?)$`, 'm');
  expect(record).toMatch(line);
  return Buffer.from(record.replace(line, (_, name: string, comma: string) => `${name}${json}${comma}`));
}

describe('the page on nulls, numbers and time zones', async () => {
  const { source } = await load(`count({ last: '1d' })`);
  const decoder = createDecoder(source);

  it.each(tableRows(page, 'expression', 'value', ''))('says what $expression is', async (line) => {
    const group = await load(`first((t) => ${plain(line.expression)}, { last: '1d' })`);
    const { value, overflows } = run(group, [Buffer.from(record)]);
    expect(JSON.stringify(value)).toBe(plain(line.value));
    expect(value).not.toBe(-0);
    expect(overflows).toBe(line[''].startsWith('overflow') ? 1 : 0);
  });

  it.each(tableRows(page, 'feature', 'of', 'value'))('says what $feature of $of is', async (line) => {
    const group = await load(plain(line.feature));
    const field = /t\.(\w+)/.exec(line.feature)?.[1] ?? 'discount';
    const values = (JSON.parse(plain(line.of)) as unknown[]).map((value) => JSON.stringify(value));
    const { value } = run(
      group,
      values.map((json) => written(field, json)),
    );
    const text = value !== null && isVectorValue(value) ? vectorText(value) : JSON.stringify(value);
    expect(text).toBe(plain(line.value));
  });

  it.each(tableRows(page, 'field', 'written', 'read'))('says how $written in $field is read', (line) => {
    const field = plain(line.field);
    const row = decoder.decode(written(field, plain(line.written)));
    const read =
      row instanceof Rejection ? `rejected: \`${row.reason}\`` : `\`${JSON.stringify(row[field])}\``;
    expect(read).toBe(line.read);
    if (!(row instanceof Rejection)) expect(row[field]).not.toBe(-0);
  });

  it.each(tableRows(page, 'text', 'zone', 'instant'))('says when $text is in $zone', async (line) => {
    const local = definition
      .replace('at: field.timestampMillis', 'at: field.localDateTime')
      .replace("{ field: 'at' }", `{ field: 'at', zone: '${plain(line.zone)}' }`);
    const { eventTime, decode } = createDecoder((await load(`count({ last: '1d' })`, local)).source);
    const row = decode(written('at', `"${plain(line.text)}"`));
    const time = row instanceof Rejection ? row : eventTime(row);
    if (time instanceof Rejection) expect(`rejected: \`${time.reason}\``).toBe(line.instant);
    else expect(time).toBe(Temporal.Instant.from(plain(line.instant)).epochMilliseconds);
  });

  it.each(tableRows(page, 'unit', 'zone', 'of', 'starts', 'hours'))(
    'says when the $unit of $of starts in $zone, and how long it is',
    ({ unit, zone, of, starts, hours }) => {
      const calendar = calendarOf(plain(unit) as CalendarUnit, plain(zone));
      const noon = Temporal.PlainDateTime.from(`${plain(of)}T12:00`).toZonedDateTime(plain(zone));
      const ordinal = calendar.ordinalOf(noon.epochMilliseconds);
      const start = calendar.startOf(ordinal);
      expect(start).toBe(Temporal.Instant.from(plain(starts)).epochMilliseconds);
      expect((calendar.startOf(ordinal + 1) - start) / 3_600_000).toBe(Number(hours));
    },
  );
});

/** The group's first feature after these records, and what was counted as out of range. */
function run(
  group: FeatureGroup,
  values: readonly Buffer[],
): { readonly value: Value | null; readonly overflows: number } {
  const task = new Task(group, 0, { dropped() {}, rejected() {} }, null);
  const partition = new SourcePartition({
    source: group.source,
    partition: 0,
    decoder: createDecoder(group.source),
    tasks: [task],
    rejected: (_, { detail }) => expect.fail(detail),
  });
  const timestamp = (JSON.parse(record) as { at: number }).at;
  const records = values.map((value, offset) => ({ offset, timestamp, key: Buffer.from('ana'), value }));
  finish(partition.process(records));
  expect(task.counters.records).toBe(values.length);
  return { value: task.revisions.value(task.revisions.length - 1, 0), overflows: task.overflows };
}
