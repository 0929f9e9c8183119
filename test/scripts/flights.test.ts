import { expect, test } from 'vitest';
import { Disorder } from '../../scripts/disorder.ts';
import { type FlightReport, readFlights } from '../../scripts/flights.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';

async function reports(limit: number): Promise<FlightReport[]> {
  const all: FlightReport[] = [];
  for await (const report of readFlights(limit)) all.push(report);
  return all;
}

test('flights are reported in the order in which they land, and that is not the order in which they leave', async () => {
  const landed = await reports(5000);
  expect(landed).toHaveLength(5000);
  const disorder = new Disorder();
  for (const [index, { departedMs, landedMs }] of landed.entries()) {
    expect(landedMs).toBeGreaterThanOrEqual(departedMs);
    if (index > 0) expect(landedMs).toBeGreaterThanOrEqual(landed[index - 1]!.landedMs);
    disorder.add(departedMs);
  }
  expect(disorder.shareBeyond(240)).toBeGreaterThan(0.01);
  expect(disorder.shareBeyond(720)).toBeLessThan(0.01);
});

test('the example reads them: the event time of a flight is its departure', async () => {
  const file = new URL('../../examples/flights.ts', import.meta.url).pathname;
  const { sources, groups } = await loadDefinitions(file);
  expect(groups.map(({ name }) => name)).toEqual(['airport']);
  const decoder = createDecoder(sources[0]!);
  for (const { flight, departedMs } of await reports(500)) {
    const row = decoder.decode(Buffer.from(JSON.stringify(flight)));
    expect(row).toEqual(flight);
    expect(decoder.eventTime(flight as never)).toBe(departedMs);
  }
});

test('disorder is how far an event is behind the latest one before it', () => {
  const disorder = new Disorder();
  for (const minutes of [0, 10, 4, 10, 9.5, 30]) disorder.add(minutes * 60_000);
  expect([0, 1, 5, 6].map((minutes) => disorder.shareBeyond(minutes))).toEqual([2 / 6, 1 / 6, 1 / 6, 0]);
  expect(disorder.mostMinutes).toBe(6);
});
