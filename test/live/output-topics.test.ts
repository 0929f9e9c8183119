import { expect, test } from 'vitest';
import { PendingOutputs } from '../../src/live/output-topics.ts';
import type { WorkerMeter } from '../../src/live/worker-meter.ts';
import { Rejection } from '../../src/sources/record.ts';
import { aSource } from '../sources/a-source.ts';

/** What goes to the topics of dead letters, late records and revisions. */

const TOPICS = { deadLetters: 'dead', late: 'late', revisions: null };
const source = aSource({ at: 'long' });
const rejection = new Rejection('undecodable', 'the value is not JSON');

function rejected(key: Uint8Array | null, value: Uint8Array) {
  const leftOut: string[] = [];
  const meter = { valueLeftOut: (topic: string) => leftOut.push(topic) } as unknown as WorkerMeter;
  const outputs = new PendingOutputs(TOPICS, { topic: 'events', partition: 3 }, meter);
  outputs.rejectedBySource(source, { offset: 8, timestamp: 99, key, value }, rejection);
  const { pendingBytes } = outputs;
  const [record] = outputs.take().get('dead')!;
  return { record: record!, leftOut, pendingBytes };
}

const HEADERS = {
  topic: 'events',
  partition: '3',
  offset: '8',
  timestamp: '99',
  by: 'source events',
  reason: 'undecodable',
  detail: 'the value is not JSON',
};

test('a rejected record keeps its key and value, up to what a topic takes', () => {
  const [key, value] = [Buffer.from('k'), Buffer.alloc(899_999, 1)];
  const { record, leftOut, pendingBytes } = rejected(key, value);
  expect(record).toMatchObject({ key, headers: HEADERS });
  expect(record.value).toBe(value);
  expect(leftOut).toEqual([]);
  expect(pendingBytes).toBe(900_000);
});

test('a larger one goes without its value, says so, and is counted', () => {
  const key = Buffer.from('k');
  const { record, leftOut, pendingBytes } = rejected(key, Buffer.alloc(20_000_000));
  expect(record).toEqual({ key, value: null, headers: { ...HEADERS, left_out_bytes: '20000000' } });
  expect(leftOut).toEqual(['dead']);
  expect(pendingBytes).toBe(1);
});

test('a key that is too large is left out as well', () => {
  const { record } = rejected(Buffer.alloc(1_000_000), Buffer.alloc(5));
  expect(record).toEqual({ key: null, value: null, headers: { ...HEADERS, left_out_bytes: '1000005' } });
});
