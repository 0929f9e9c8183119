import { expect, test } from 'vitest';
import { TidemarkError } from '../../src/errors.ts';
import { encodeJournalEntry, parseJournalEntry } from '../../src/watermark/mark.ts';

const ENTRY = { source: 'payments', mark: { after: 41, watermark: -5, logTime: 1_700_000_000_000 } };

test('a mark is one line of JSON in the journal', () => {
  const text = encodeJournalEntry(ENTRY);
  expect(text).toBe('{"source":"payments","after":41,"watermark":-5,"log_time":1700000000000}');
  expect(parseJournalEntry(text, 'offset 0')).toEqual(ENTRY);
});

test.each([
  ['', 'source is missing'],
  ['{"source":', 'source is missing'],
  ['null', 'source is missing'],
  ['"text"', 'source is missing'],
  ['{"source":7}', 'source is 7'],
  ['{"source":"s"}', 'after is missing'],
  ['{"source":"s","after":-1}', 'after is -1'],
  ['{"source":"s","after":1,"watermark":"12"}', 'watermark is "12"'],
  ['{"source":"s","after":1,"watermark":null,"log_time":1}', 'watermark is null'],
  ['{"source":"s","after":1,"watermark":2,"log_time":0.5}', 'log_time is 0.5'],
])('%s is no mark', (text, fault) => {
  const parse = () => parseJournalEntry(text, 'offset 3 of j/0');
  expect(parse).toThrow(TidemarkError);
  expect(parse).toThrow(`offset 3 of j/0 is no mark: ${fault}`);
});
