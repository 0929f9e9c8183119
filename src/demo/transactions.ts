import { Partitioners } from 'kafkajs';
import type { EventTimeMs, Offset } from '../time.ts';

import { Random } from './random.ts';
import { Zipf } from './zipf.ts';

export interface TransactionOptions {
  /** Equal options give equal transactions, to the bit, on every machine. */
  readonly seed: number;
  readonly count: number;
  readonly cards: number;
  readonly merchants: number;
  readonly partitions: number;
  /** Log time of the first record. */
  readonly startMs: EventTimeMs;
  /** Records per second of log time. */
  readonly perSecond: number;
  /** Of this share of the records each: undecodable bytes, no event time, an event time far ahead. */
  readonly defects: number;
}

export const TRANSACTION_DEFAULTS: TransactionOptions = {
  seed: 1,
  count: 100_000,
  cards: 10_000,
  merchants: 1_000,
  partitions: 4,
  startMs: Date.UTC(2026, 0, 1),
  perSecond: 100,
  defects: 0,
};

export const STATUSES = ['initiated', 'settled', 'failed'] as const;

/** One card transaction, as the source of interface.md declares it. */
interface TransactionRow {
  readonly txn_id: string;
  readonly card_id: string;
  readonly merchant_id: string;
  readonly amount_minor: number;
  readonly status: (typeof STATUSES)[number];
  readonly geo: string | null;
  /** Null where `defect` says so. */
  readonly event_ts: EventTimeMs | null;
}

export interface Transaction {
  readonly partition: number;
  readonly offset: Offset;
  /** When the log took it; grows with the offsets of all partitions. */
  readonly timestamp: EventTimeMs;
  readonly key: Uint8Array;
  readonly row: TransactionRow;
  readonly defect: Defect | null;
}

/** What is wrong with a record, to be seen rejected. */
type Defect = 'garbage' | 'noEventTime' | 'ahead';
const DEFECTS: readonly Defect[] = ['garbage', 'noEventTime', 'ahead'];

/** Codes of places where cards are used; each card has a home among them. */
const PLACES = ['IN-MH', 'IN-KA', 'IN-DL', 'IN-TN', 'IN-WB', 'AE-DU', 'SG-01', 'GB-LND', 'US-NY', 'DE-BE'];

/** Shares of a million; what is left arrives at once. */
const LATE_WITHIN_30S = 50_000;
const LATE_WITHIN_10M = 5_000;
const LATE_WITHIN_1H = 300;
const LATE_BY_DAYS = 50;

const DAY_MS = 86_400_000;

/**
 * Card transactions in the order of their arrival. Cards and merchants follow Zipf's law; 10 % fail; 5 % arrive up
 * to 30 s late, 0.5 % up to 10 minutes, 0.03 % up to an hour, 0.005 % after more than a week (from a terminal that
 * was cut off), the others within 200 ms.
 */
export function* generateTransactions(options: TransactionOptions): Generator<Transaction, void, undefined> {
  const random = new Random(options.seed);
  const cards = new Cards(options);
  const merchants = new Zipf(options.merchants);
  const merchantNames = Array.from({ length: options.merchants }, (_, rank) => `m${rank}`);
  const offsets = new Float64Array(options.partitions);
  const defectBelow = options.defects * DEFECTS.length * 2 ** 32;
  for (let i = 0; i < options.count; i++) {
    const timestamp = options.startMs + Math.floor((i * 1000) / options.perSecond);
    const card = cards.draw(random);
    const defect =
      defectBelow > 0 && random.uint32() < defectBelow ? DEFECTS[random.below(DEFECTS.length)]! : null;
    const partition = cards.partition[card]!;
    yield {
      partition,
      offset: offsets[partition]!++,
      timestamp,
      key: cards.key(card),
      row: {
        txn_id: `t${i}`,
        card_id: cards.name(card),
        merchant_id: merchantNames[merchants.next(random)]!,
        amount_minor: amountMinor(random),
        status: status(random),
        geo: place(card, random),
        event_ts: eventTime(timestamp, defect, random),
      },
      defect,
    };
  }
}

/** Names, keys and partitions of cards, made when a card is first drawn. */
class Cards {
  readonly partition: Int32Array;
  readonly #partitionOf: (key: Buffer) => number;
  readonly #zipf: Zipf;
  readonly #names: (string | undefined)[];
  readonly #keys: (Uint8Array | undefined)[];

  constructor(options: TransactionOptions) {
    this.#zipf = new Zipf(options.cards);
    this.#partitionOf = kafkaPartitioner(options.partitions);
    this.partition = new Int32Array(options.cards);
    this.#names = new Array<string | undefined>(options.cards);
    this.#keys = new Array<Uint8Array | undefined>(options.cards);
  }

  draw(random: Random): number {
    const card = this.#zipf.next(random);
    if (this.#keys[card] === undefined) {
      const name = `c${card}`;
      const key = Buffer.from(name);
      this.#names[card] = name;
      this.#keys[card] = key;
      this.partition[card] = this.#partitionOf(key);
    }
    return card;
  }

  name(card: number): string {
    return this.#names[card]!;
  }

  key(card: number): Uint8Array {
    return this.#keys[card]!;
  }
}

/** The partition that a Kafka producer would choose for a key. */
function kafkaPartitioner(partitions: number): (key: Buffer) => number {
  const choose = Partitioners.DefaultPartitioner();
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({
    partitionId,
    partitionErrorCode: 0,
    leader: 0,
    replicas: [],
    isr: [],
  }));
  return (key) => choose({ topic: '', partitionMetadata, message: { key, value: null } });
}

/** Many small amounts, few large ones; 1 % are checks of a card, over nothing. */
function amountMinor(random: Random): number {
  const skewed = random.unit() * random.unit() * random.unit();
  return random.below(100) === 0 ? 0 : 100 + Math.floor(skewed * 500_000);
}

function status(random: Random): TransactionRow['status'] {
  const share = random.below(100);
  return share < 10 ? 'failed' : share < 25 ? 'initiated' : 'settled';
}

function place(card: number, random: Random): string | null {
  const share = random.below(100);
  if (share < 3) return null;
  return PLACES[share < 15 ? random.below(PLACES.length) : card % PLACES.length]!;
}

function eventTime(timestamp: EventTimeMs, defect: Defect | null, random: Random): EventTimeMs | null {
  const share = random.below(1_000_000);
  const how = random.unit();
  if (defect === 'noEventTime') return null;
  if (defect === 'ahead') return timestamp + DAY_MS + Math.floor(how * 3_600_000);
  if (share < LATE_WITHIN_30S) return timestamp - 200 - Math.floor(how * 29_800);
  if (share < LATE_WITHIN_30S + LATE_WITHIN_10M) return timestamp - 30_000 - Math.floor(how * 570_000);
  if (share < LATE_WITHIN_30S + LATE_WITHIN_10M + LATE_WITHIN_1H) {
    return timestamp - 600_000 - Math.floor(how * 3_000_000);
  }
  if (share < LATE_WITHIN_30S + LATE_WITHIN_10M + LATE_WITHIN_1H + LATE_BY_DAYS) {
    return timestamp - 8 * DAY_MS - Math.floor(how * DAY_MS);
  }
  return timestamp - Math.floor(how * 200);
}
