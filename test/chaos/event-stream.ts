import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../../src/demo/random.ts';
import { cardStream } from '../services/card-groups.ts';
import { type ProducedRecord, produce } from '../services/topics.ts';

export interface EventStreamOptions {
  readonly brokers: string;
  readonly topic: string;
  readonly partitions: number;
  readonly seed: number;
  /** Events per second. */
  readonly rate: number;
}

/** One request to the broker carries what came in so long. */
const STEP_MS = 250;
/** After the end of the stream a broker may be away for so long. */
const PATIENCE_MS = 60_000;
const CARDS = 2000;
const DEFECTS = 0.0005;
/** Later than any clock of a worker, so that marks of idle partitions leave log time to the records. */
const START_MS = Date.UTC(2040, 0, 1);

/**
 * Writes card transactions into a topic at a steady rate, until it is told to stop. While the broker is away it waits,
 * and makes up for it afterwards; what a broker took without an answer stands in the topic twice.
 */
export class EventStream {
  readonly #options: EventStreamOptions;
  readonly #random: Random;
  /** How much garbage goes before the next transactions. */
  #garbage = 0;
  /** The log's time: garbage must not move it. */
  #timestamp = 0;
  /** Nothing is written to this partition. */
  #silent: number | null = null;
  #isOver = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: EventStreamOptions) {
    this.#options = options;
    this.#random = new Random(options.seed);
  }

  start(): void {
    this.#writing = this.#write();
  }

  /** A burst of records that are nothing for a group. */
  addGarbage(count: number): void {
    this.#garbage += count;
  }

  /** Writes nothing to one of the partitions meanwhile. */
  async whileSilent(work: () => Promise<unknown>): Promise<void> {
    this.#silent = this.#random.below(this.#options.partitions);
    await work();
    this.#silent = null;
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#writing;
  }

  async #write(): Promise<void> {
    const { seed, partitions, rate } = this.#options;
    // Less than what comes: the windows of the stream go by faster than the clock.
    const perSecond = rate / 80;
    const stream = { seed, count: 1e9, cards: CARDS, partitions, defects: DEFECTS };
    const events = cardStream({ ...stream, perSecond, startMs: START_MS });
    const began = performance.now();
    let waiting: ProducedRecord[] = [];
    for (let written = 0; !this.#isOver; ) {
      const due = ((performance.now() - began) / 1000) * rate;
      for (; this.#garbage > 0; this.#garbage--) waiting.push(this.#anyGarbage());
      for (; written < due && waiting.length < rate; written++) {
        const event = events.next().value!;
        this.#timestamp = event.timestamp!;
        if (event.partition !== this.#silent) waiting.push(event);
      }
      if (await this.#send(waiting)) waiting = [];
      await sleep(STEP_MS);
    }
    for (
      const deadline = performance.now() + PATIENCE_MS;
      !(await this.#send(waiting));
      await sleep(STEP_MS)
    ) {
      if (performance.now() > deadline) throw new Error('the broker does not take the last events');
    }
  }

  async #send(records: readonly ProducedRecord[]): Promise<boolean> {
    const { brokers, topic } = this.#options;
    try {
      await produce(brokers, topic, records, 1000);
      return true;
    } catch {
      // The broker is away, or was for a moment.
      return false;
    }
  }

  #anyGarbage(): ProducedRecord {
    const random = this.#random;
    const partition = random.below(this.#options.partitions);
    const key = `c${random.below(CARDS)}`;
    const bytes = Buffer.from(Array.from({ length: random.below(200) }, () => random.below(256)));
    const row = {
      card_id: key,
      merchant_id: 'm1',
      amount_minor: 1,
      status: 'settled',
      geo: null,
      event_ts: 1,
    };
    const kinds: readonly Pick<ProducedRecord, 'key' | 'value'>[] = [
      { key, value: null },
      { key, value: '' },
      { key, value: '{"card_id":' },
      { key, value: '[]' },
      { key: bytes, value: bytes },
      { key: null, value: JSON.stringify(row) },
      { key: 'somebody else', value: JSON.stringify(row) },
      { key, value: JSON.stringify({ ...row, status: 'unheard of' }) },
      { key, value: JSON.stringify({ ...row, amount_minor: 0.5 }) },
      { key, value: JSON.stringify({ ...row, card_id: 'x'.repeat(5000), amount_minor: '1' }) },
    ];
    return { partition, timestamp: this.#timestamp, ...kinds[random.below(kinds.length)]! };
  }
}
