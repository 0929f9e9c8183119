import avro from 'avsc';
import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { describe, expect, test } from 'vitest';
import { avroEncoder, encodeJson, TRANSACTION_AVRO_SCHEMA } from '../../src/demo/encode.ts';
import {
  generateTransactions,
  TRANSACTION_DEFAULTS,
  type TransactionOptions,
} from '../../src/demo/transactions.ts';

const MANY = 100_000;

function generate(options: Partial<TransactionOptions> = {}) {
  return Array.from(generateTransactions({ ...TRANSACTION_DEFAULTS, ...options }));
}

/** The share of the transactions for which something is true. */
function share<T>(all: readonly T[], isTrue: (one: T) => boolean): number {
  return all.filter(isTrue).length / all.length;
}

describe('the generator of card transactions', () => {
  test('gives the same bytes for the same seed', () => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(encodeJson, avroEncoder()), (seed, encode) => {
        const twice = [0, 1].map(() => generate({ seed, count: 50, defects: 0.1 }).map(encode));
        expect(twice[0]).toEqual(twice[1]);
      }),
      { numRuns: 20 },
    );
  });

  test('gives other transactions for another seed', () => {
    expect(generate({ seed: 1, count: 20 })).not.toEqual(generate({ seed: 2, count: 20 }));
  });

  test('stays as it is: results that were published with a seed can be made again', () => {
    const [first] = generate({ seed: 7, count: 1 });
    expect({ ...first, key: String(first!.key) }).toMatchInlineSnapshot(`
      {
        "defect": null,
        "key": "c490",
        "offset": 0,
        "partition": 3,
        "row": {
          "amount_minor": 39033,
          "card_id": "c490",
          "event_ts": 1767225599998,
          "geo": "IN-MH",
          "merchant_id": "m42",
          "status": "settled",
          "txn_id": "t0",
        },
        "timestamp": 1767225600000,
      }
    `);
  });

  test('numbers offsets from 0 in each partition and never lets log time go back', () => {
    const next = [0, 0, 0, 0];
    let logTime = 0;
    for (const transaction of generate({ count: 10_000 })) {
      expect(transaction.offset).toBe(next[transaction.partition]!++);
      expect(transaction.timestamp).toBeGreaterThanOrEqual(logTime);
      logTime = transaction.timestamp;
    }
    expect(Math.min(...next)).toBeGreaterThan(0);
  });

  test('puts a card where a Kafka producer would', () => {
    const choose = Partitioners.DefaultPartitioner();
    const partitionMetadata = [0, 1, 2].map((partitionId) => ({
      partitionId,
      partitionErrorCode: 0,
      leader: 0,
      replicas: [],
      isr: [],
    }));
    for (const { row, key, partition } of generate({ count: 1000, partitions: 3 })) {
      expect(String(key)).toBe(row.card_id);
      const message = { key: row.card_id, value: null };
      expect(partition).toBe(choose({ topic: 'transactions', partitionMetadata, message }));
    }
  });

  test('lets a tenth of the payments fail', () => {
    expect(share(generate(), ({ row }) => row.status === 'failed')).toBeCloseTo(0.1, 2);
  });

  test('is late in the promised shares, and never early', () => {
    const delays = generate({ count: MANY }).map(({ row, timestamp }) => timestamp - row.event_ts!);
    const within = (from: number, to: number) => share(delays, (delay) => delay >= from && delay < to);
    expect(Math.min(...delays)).toBe(0);
    expect(within(200, 30_000)).toBeCloseTo(0.05, 2);
    expect(within(30_000, 600_000)).toBeGreaterThan(0.004);
    expect(within(30_000, 600_000)).toBeLessThan(0.006);
    expect(within(600_000, 3_600_000)).toBeGreaterThan(0.0001);
    expect(within(3_600_000, 8 * 86_400_000)).toBe(0);
    expect(within(8 * 86_400_000, 9 * 86_400_000)).toBeGreaterThan(0);
    expect(within(8 * 86_400_000, 9 * 86_400_000)).toBeLessThan(0.0002);
  });

  test('draws cards by the law of Zipf: rank r as often as 1 / r', () => {
    const drawn = new Map<string, number>();
    for (const { row } of generate({ count: MANY, cards: 100 })) {
      drawn.set(row.card_id, (drawn.get(row.card_id) ?? 0) + 1);
    }
    const harmonic = Array.from({ length: 100 }, (_, rank) => 1 / (rank + 1)).reduce((a, b) => a + b);
    for (const rank of [0, 1, 4, 9, 49]) {
      const expected = MANY / ((rank + 1) * harmonic);
      expect(Math.abs(drawn.get(`c${rank}`)! - expected)).toBeLessThan(5 * Math.sqrt(expected));
    }
    expect(drawn.size).toBe(100);
  });

  test('spoils as many records as asked, in every way', () => {
    const all = generate({ count: MANY, defects: 0.01 });
    for (const defect of ['garbage', 'noEventTime', 'ahead'] as const) {
      const spoilt = share(all, (transaction) => transaction.defect === defect);
      expect(spoilt).toBeGreaterThan(0.008);
      expect(spoilt).toBeLessThan(0.012);
    }
    expect(generate({ count: 1000 }).every(({ defect }) => defect === null)).toBe(true);
  });
});

describe('the encodings of a transaction', () => {
  const type = avro.Type.forSchema(TRANSACTION_AVRO_SCHEMA, { wrapUnions: false });

  test('hold the same row', () => {
    const encode = avroEncoder();
    for (const transaction of generate({ count: 500 })) {
      expect(JSON.parse(String(encodeJson(transaction)))).toEqual(transaction.row);
      const decoded = type.fromBuffer(Buffer.from(encode(transaction)));
      expect({ ...decoded }).toEqual(transaction.row);
    }
  });

  test('hold garbage where a record is garbage', () => {
    const garbage = generate({ count: 1000, defects: 0.1 }).find(({ defect }) => defect === 'garbage')!;
    expect(() => JSON.parse(String(encodeJson(garbage)))).toThrow();
    expect(() => type.fromBuffer(Buffer.from(avroEncoder()(garbage)))).toThrow();
  });
});
