import { expect, test } from 'vitest';
import type { FeatureGroup } from '../../src/definitions/definition.ts';
import { LostPartitionError } from '../../src/live/durability.ts';
import { IdlePartitions } from '../../src/live/idle-partitions.ts';
import { finish, SourcePartition } from '../../src/operators/source-partition.ts';
import { Task } from '../../src/operators/task.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import type { TopicPartition } from '../../src/sources/log-reader.ts';
import type { JournalEntry, Mark } from '../../src/watermark/mark.ts';
import { click, groupOver, PARTITION } from './worker-parts.ts';

/** A worker's idle partitions, from its reader's lag to the journal and the rows. */

/** What the wall clock says when the monotonic one stands at 0. */
const EPOCH = 1_700_000_000_000;

/** A worker with one partition, whose reader, journal and clocks the test plays. */
class Play {
  now = 0;
  /** What the brokers say; null while they are away. */
  end: number | null = 0;
  position = 0;
  readonly journal: JournalEntry[] = [];
  /** Rows by window end, as they were sent, and marks as they were applied. */
  readonly happened: string[] = [];
  readonly pipelines: readonly SourcePartition[];
  readonly idle: IdlePartitions;
  /** Ends the write that is under way; null when the journal answers at once. */
  #durable: PromiseWithResolvers<void> | null = null;

  constructor(groups: readonly FeatureGroup[]) {
    const nowhere = { dropped: () => {}, rejected: () => {} };
    this.pipelines = groups.map(
      (group) =>
        new SourcePartition({
          source: group.source,
          partition: 0,
          decoder: createDecoder(group.source),
          tasks: [new Task(group, 0, nowhere, null)],
          rejected: nowhere.rejected,
        }),
    );
    this.idle = new IdlePartitions({
      lag: () => {
        const { position, end } = this;
        const isCurrent = end !== null;
        return Promise.resolve([{ ...PARTITION, position, end: end ?? position, isCurrent }]);
      },
      writeJournal: (_: TopicPartition, entries) => {
        this.journal.push(...entries);
        return this.#durable?.promise ?? Promise.resolve();
      },
      clock: { monotonic: () => this.now, wall: () => EPOCH + this.now },
    });
    this.idle.add({
      ...PARTITION,
      pipelines: this.pipelines,
      mark: async (marks) => {
        for (const { pipeline, mark } of marks) this.#apply(pipeline, mark);
      },
    });
  }

  /** A record is in the log, fetched and applied. */
  async click(at: number): Promise<void> {
    const offset = this.position;
    this.end = offset + 1;
    await this.idle.records(PARTITION);
    for (const pipeline of this.pipelines) {
      finish(pipeline.process([{ ...click(offset, 'ana', at), timestamp: EPOCH + this.now }]));
      this.#send(pipeline);
    }
    this.happened.push(`click ${at}`);
    this.position++;
  }

  async advanceAt(now: number): Promise<void> {
    this.now = now;
    await this.idle.advance();
  }

  /** The journal answers when it is told to. */
  delayJournal(): PromiseWithResolvers<void> {
    this.#durable = Promise.withResolvers();
    return this.#durable;
  }

  #apply(pipeline: SourcePartition, mark: Mark): void {
    finish(pipeline.mark(mark));
    this.happened.push(`W=${mark.watermark}`);
    this.#send(pipeline);
  }

  #send({ tasks }: SourcePartition): void {
    for (const { revisions } of tasks) {
      for (let row = 0; row < revisions.length; row++) {
        const { timing, windowEnd, version, knownAt } = revisions.at(row);
        if (timing !== 'early')
          this.happened.push(`${timing} ${windowEnd} v${version} at ${knownAt - EPOCH}`);
      }
    }
    for (const task of tasks) task.drained();
  }
}

test('an idle partition closes its windows, each when its time has come, and then is left alone', async () => {
  const play = new Play([groupOver('clicks', '5s')]);
  await play.click(2000);
  for (let now = 1000; now <= 60_000; now += 1000) await play.advanceAt(now);
  expect(play.happened).toEqual([
    'click 2000',
    'W=10000',
    'on-time 10000 v1 at 8000',
    'W=20000',
    'on-time 20000 v1 at 18000',
  ]);
  expect(play.journal).toEqual([
    { source: 'clicks', mark: { after: 0, watermark: 10_000, logTime: EPOCH + 8000 } },
    { source: 'clicks', mark: { after: 0, watermark: 20_000, logTime: EPOCH + 18_000 } },
  ]);
});

test('records that wait in the log, or brokers that are away, are no silence', async () => {
  const play = new Play([groupOver('clicks', '5s')]);
  await play.click(2000);
  play.end = 2;
  await play.advanceAt(30_000);
  play.end = null;
  await play.advanceAt(60_000);
  expect(play.journal).toEqual([]);
  play.end = 1;
  await play.advanceAt(61_000);
  expect(play.journal).toMatchObject([{ mark: { watermark: 63_000 } }]);
});

test('a position behind the last record, which only marks of transactions follow, is the end too', async () => {
  const play = new Play([groupOver('clicks', '5s')]);
  await play.click(2000);
  play.end = 4;
  play.position = 4;
  await play.advanceAt(10_000);
  expect(play.journal).toMatchObject([{ mark: { after: 0, watermark: 12_000 } }]);
});

test('a mark is durable before it is applied, and records that come meanwhile are applied after it', async () => {
  const play = new Play([groupOver('clicks', '5s')]);
  await play.click(2000);
  const journal = play.delayJournal();
  const advanced = play.advanceAt(9000);
  await new Promise(setImmediate);
  const clicked = play.click(13_000);
  await new Promise(setImmediate);
  expect(play.journal).toHaveLength(1);
  expect(play.happened).toEqual(['click 2000']);
  journal.resolve();
  await Promise.all([advanced, clicked]);
  expect(play.happened).toEqual(['click 2000', 'W=11000', 'on-time 10000 v1 at 9000', 'click 13000']);
});

test('a record that came while the brokers were asked is no silence either', async () => {
  const play = new Play([groupOver('clicks', '5s')]);
  await play.click(2000);
  const advanced = play.advanceAt(9000);
  await Promise.all([advanced, play.click(3000)]);
  expect(play.journal).toEqual([]);
});

test('each source over a topic has a time-out and a watermark of its own; without a time-out there are no marks', async () => {
  const play = new Play([groupOver('slow', '20s'), groupOver('never', null), groupOver('fast', '5s')]);
  await play.click(2000);
  await play.advanceAt(10_000);
  expect(play.journal.map(({ source }) => source)).toEqual(['fast']);
  await play.advanceAt(25_000);
  expect(play.journal.map(({ source, mark }) => `${source} ${mark.watermark}`)).toEqual([
    'fast 12000',
    'slow 27000',
    'fast 27000',
  ]);
});

test('a partition that was given up is not marked', async () => {
  const play = new Play([groupOver('clicks', '5s')]);
  await play.click(2000);
  play.idle.delete(PARTITION);
  await play.advanceAt(30_000);
  expect(play.journal).toEqual([]);
});

test('what the journal refuses is told, and nothing is applied', async () => {
  const play = new Play([groupOver('clicks', '5s')]);
  await play.click(2000);
  play.delayJournal().reject(new Error('fenced'));
  await expect(play.advanceAt(9000)).rejects.toThrow('fenced');
  expect(play.happened).toEqual(['click 2000']);
  await expect(play.click(3000)).rejects.toThrow('fenced');
});

test('records that wait for a mark go on when the partition is lost, for whoever has them to drop them', async () => {
  const play = new Play([groupOver('clicks', '5s')]);
  await play.click(2000);
  const error = new Error('fenced');
  play.delayJournal().reject(new LostPartitionError({ ...PARTITION, reason: 'fenced', error }));
  await expect(play.advanceAt(9000)).rejects.toThrow('fenced');
  await play.click(3000);
  expect(play.happened).toEqual(['click 2000', 'click 3000']);
});
