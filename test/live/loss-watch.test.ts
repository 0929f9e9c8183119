import { expect, test } from 'vitest';
import type { LivePartition } from '../../src/live/live-partition.ts';
import { LossWatch } from '../../src/live/loss-watch.ts';
import type { OnlineStore } from '../../src/sinks/sink.ts';
import { SqliteOnlineStore } from '../../src/sinks/sqlite-store.ts';

/** Whether workers notice that their online store has lost its data. */

const silent = { info: () => {}, warn: () => {} };

/** A store that may be started again without its data, and workers that watch it. */
class Play {
  #store = new SqliteOnlineStore({ file: ':memory:' });
  /** The positions whose rows were sent again. */
  readonly refilled: number[] = [];

  lose(): void {
    this.#store = new SqliteOnlineStore({ file: ':memory:' });
  }

  worker(): LossWatch {
    const remember: OnlineStore['remember'] = (positions) => this.#store.remember(positions);
    return new LossWatch({ remember } as OnlineStore, 'app', silent);
  }

  /** A partition whose last step came to there. */
  at(position: number, meanwhile = () => {}): LivePartition {
    const refill = async () => {
      meanwhile();
      return this.refilled.push(position);
    };
    const partition = { topic: 't', partition: 0, nextOffset: position, committedOffset: position, refill };
    return partition as unknown as LivePartition;
  }
}

test('who takes a partition over sends its rows again when they are not all there', async () => {
  const play = new Play();
  await play.worker().takenOver(play.at(0));
  expect(play.refilled).toEqual([]);
  await play.worker().takenOver(play.at(3));
  expect(play.refilled).toEqual([3]);
  await play.worker().takenOver(play.at(3));
  expect(play.refilled).toEqual([3]);
});

test('a loss shows after the next step', async () => {
  const play = new Play();
  const owner = play.worker();
  await owner.takenOver(play.at(0));
  expect(await owner.written([play.at(5)])).toEqual([]);
  play.lose();
  const partition = play.at(5);
  expect(await owner.written([partition])).toEqual([partition]);
  await owner.refill([partition]);
  expect(await owner.written([partition])).toEqual([]);
});

test('a former owner that fills the store again hides nothing from the owner', async () => {
  const play = new Play();
  const former = play.worker();
  const owner = play.worker();
  await former.takenOver(play.at(0));
  await owner.takenOver(play.at(0));
  play.lose();
  await former.refill([play.at(20)]);
  const partition = play.at(10);
  expect(await owner.written([partition])).toEqual([partition]);
});

test('a loss while the rows are sent again shows at the next look', async () => {
  const play = new Play();
  const owner = play.worker();
  await owner.takenOver(play.at(0));
  const partition = play.at(5, () => play.lose());
  await owner.refill([partition]);
  expect(await owner.written([partition])).toEqual([partition]);
});
