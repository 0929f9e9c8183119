import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { finish, SourcePartition } from '../../src/operators/source-partition.ts';
import { type DroppedRecord, Task } from '../../src/operators/task.ts';
import type { Lateness } from '../../src/operators/windows.ts';
import { createDecoder } from '../../src/sources/decode-record.ts';
import type { EventTimeMs, Version } from '../../src/time.ts';
import { versionOf } from '../../src/time.ts';

/** A record of the small logs that the pictures show. */
export interface Click {
  readonly user: string;
  /** Event time. */
  readonly at: EventTimeMs;
  /** The record's timestamp. */
  readonly logged: EventTimeMs;
}

/** The partition was idle, and a mark moved its watermark. */
export interface IdleMark {
  readonly watermark: EventTimeMs;
  /** When it was made. */
  readonly logged: EventTimeMs;
}

/** A click or a mark, and what a task made of it. */
export interface LogStep {
  /** Null: a mark. */
  readonly click: Click | null;
  readonly logged: EventTimeMs;
  /** Of a mark, that of the click before it. */
  readonly version: Version;
  /** W after it. */
  readonly watermark: EventTimeMs;
  readonly lateness: Lateness;
  readonly dropped: DroppedRecord | null;
  readonly revisions: readonly Revision[];
}

export interface Step extends LogStep {
  readonly click: Click;
}

/** Runs a task of the group over a log of clicks alone. */
export function run(group: FeatureGroup, log: readonly Click[]): Step[] {
  return runMarked(group, log) as Step[];
}

/** Runs a task of the group over a log, as a replay would. */
export function runMarked(group: FeatureGroup, log: readonly (Click | IdleMark)[]): LogStep[] {
  const dropped: DroppedRecord[] = [];
  const refuse = (_: unknown, { detail }: { readonly detail: string }): never => {
    throw new Error(`a click was rejected: ${detail}`);
  };
  const task = new Task(group, 0, { dropped: (record) => dropped.push(record), rejected: refuse }, null);
  const { source } = group;
  const partition = new SourcePartition({
    source,
    partition: 0,
    decoder: createDecoder(source),
    tasks: [task],
    rejected: refuse,
  });
  let offset = -1;
  return log.map((item) => {
    const before = { ...task.counters };
    const { logged } = item;
    const click = 'user' in item ? item : null;
    if (click !== null) {
      offset++;
      const value = Buffer.from(JSON.stringify({ user: click.user, at: click.at }));
      finish(partition.process([{ offset, timestamp: logged, key: Buffer.from(click.user), value }]));
    } else {
      const { watermark } = item as IdleMark;
      finish(partition.mark({ after: offset, watermark, logTime: logged }));
    }
    const { revisions, counters } = task;
    const made = Array.from({ length: revisions.length }, (_, row) => revisions.at(row));
    task.drained();
    return {
      click,
      logged,
      version: versionOf(offset, source.epoch),
      watermark: partition.clock.watermark,
      lateness: latenessOf(before, counters),
      dropped: counters.dropped > before.dropped ? dropped.at(-1)! : null,
      revisions: made,
    };
  });
}

type Counts = Pick<Task['counters'], 'late' | 'partlyLate' | 'dropped'>;

function latenessOf(before: Counts, after: Counts): Lateness {
  if (after.dropped > before.dropped) return 'dropped';
  if (after.partlyLate > before.partlyLate) return 'partly-late';
  return after.late > before.late ? 'late' : 'in-time';
}

/** The last revision of each row of a user, by window_end. */
export function finalRows(steps: readonly LogStep[], user: string): ReadonlyMap<EventTimeMs, Revision> {
  const rows = new Map<EventTimeMs, Revision>();
  for (const { revisions } of steps) {
    for (const revision of revisions) if (revision.entity[0] === user) rows.set(revision.windowEnd, revision);
  }
  return new Map([...rows].sort(([a], [b]) => a - b));
}

/** The instant of a time of day, `12:03` or `12:03:30`, on 17 June 2026, UTC. */
export function clock(text: string): EventTimeMs {
  const [hours, minutes, seconds = 0] = text.split(':').map(Number) as [number, number, number?];
  return Date.UTC(2026, 5, 17, hours, minutes, seconds);
}
