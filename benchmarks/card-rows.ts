import type { Row } from '../src/definitions/definition.ts';
import { Random } from '../src/demo/random.ts';
import { generateTransactions, TRANSACTION_DEFAULTS, type Transaction } from '../src/demo/transactions.ts';
import type { JudgedRecord } from '../src/operators/judged-record.ts';
import { PartitionClock } from '../src/watermark/partition-clock.ts';

export interface CardRowsOptions {
  readonly cards: number;
  /** Records per second of event time. */
  readonly perSecond: number;
  /** Cards by Zipf's law; or all equally often, each in its turn or at random. */
  readonly cardsBy: 'zipf' | 'turn' | 'random';
  /** As many as the demo has, unless given. */
  readonly merchants?: number;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/**
 * Card transactions of one partition, decoded and judged, made ahead in chunks so that making them is not measured.
 * As after decoding, no two rows share a string; the chunk's objects are used again, so that they are no garbage.
 */
export class CardRows {
  readonly chunk: readonly JudgedRecord[];
  readonly #records: Mutable<JudgedRecord>[];
  readonly #clock = new PartitionClock(30_000);
  readonly #transactions: Iterator<Transaction, void>;
  readonly #nextCard: (() => number) | null;

  constructor(chunkSize: number, options: CardRowsOptions) {
    this.#records = Array.from({ length: chunkSize }, () => ({
      log: { offset: 0, timestamp: 0, key: null, value: null },
      row: {
        txn_id: '',
        card_id: '',
        merchant_id: '',
        amount_minor: 0,
        status: '',
        geo: null,
        event_ts: 0.5,
      },
      eventTime: 0.5,
      watermarkBefore: 0.5,
      watermark: 0.5,
      logTime: 0.5,
    }));
    this.chunk = this.#records;
    this.#nextCard = cardChoice(options);
    this.#transactions = generateTransactions({
      ...TRANSACTION_DEFAULTS,
      cards: this.#nextCard === null ? options.cards : 1,
      partitions: 1,
      merchants: options.merchants ?? TRANSACTION_DEFAULTS.merchants,
      perSecond: options.perSecond,
      count: Number.MAX_SAFE_INTEGER,
    });
  }

  /** Makes the next records of the stream the chunk. */
  next(): void {
    const clock = this.#clock;
    for (const record of this.#records) {
      const { offset, timestamp, key, row } = this.#transactions.next().value as Transaction;
      const card = this.#nextCard === null ? (key as Buffer) : Buffer.from(`c${this.#nextCard()}`);
      record.log = { offset, timestamp, key: card, value: null };
      const to = record.row as Mutable<Row>;
      to['txn_id'] = row.txn_id;
      to['card_id'] = card.toString('latin1');
      to['merchant_id'] = copyOf(row.merchant_id);
      to['amount_minor'] = row.amount_minor;
      to['status'] = row.status;
      to['geo'] = row.geo === null ? null : copyOf(row.geo);
      to['event_ts'] = row.event_ts;
      const eventTime = row.event_ts!;
      clock.observe(timestamp);
      record.eventTime = eventTime;
      record.watermarkBefore = clock.watermark;
      clock.accept(eventTime);
      record.watermark = clock.watermark;
      record.logTime = clock.logTime;
    }
  }
}

/** Which card is next; null when the stream itself says so. */
function cardChoice({ cards, cardsBy }: CardRowsOptions): (() => number) | null {
  if (cardsBy === 'zipf') return null;
  if (cardsBy === 'random') {
    const random = new Random(1);
    return () => random.below(cards);
  }
  let made = 0;
  return () => made++ % cards;
}

function copyOf(text: string): string {
  return Buffer.from(text).toString('latin1');
}
