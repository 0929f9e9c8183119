import {
  type LogHandlers,
  type LogPosition,
  type LogReader,
  type PartitionLag,
  partitionName,
  type TopicPartition,
} from '../../src/sources/log-reader.ts';
import type { ModelGroup } from './model-group.ts';
import type { Process, Scheduler } from './scheduler.ts';
import { LOG, TOPIC } from './workload.ts';

const MOST_RECORDS = 5;

/** The partitions of a member from one join to the next. */
interface Assignment {
  readonly partitions: readonly OwnedPartition[];
  /** Records may come. */
  isOpen: boolean;
  isOver: boolean;
}

interface OwnedPartition extends TopicPartition {
  /** Null until the handlers have said it. */
  position: number | null;
  /** How often its position was asked for: what was fetched before does not count. */
  starts: number;
}

/** A member of the group as the contract of `LogReader` has it, and its doc comments alone. */
export class ModelReader implements LogReader {
  readonly process: Process;
  readonly #scheduler: Scheduler;
  readonly #group: ModelGroup;
  #handlers: LogHandlers | null = null;
  #assignment: Assignment | null = null;
  #announcement: Promise<void> = Promise.resolve();
  readonly #inFlight = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;
  #isStopping = false;
  readonly #ended = Promise.withResolvers<void>();

  constructor(process: Process, scheduler: Scheduler, group: ModelGroup) {
    this.process = process;
    this.#scheduler = scheduler;
    this.#group = group;
  }

  run(handlers: LogHandlers): Promise<void> {
    this.#handlers = handlers;
    this.#join();
    return this.#ended.promise;
  }

  /** The group tells that there is an assignment. */
  assigned(): void {
    if (this.#isStopping) return;
    if (!this.#group.isMember(this)) {
      this.#join();
      return;
    }
    if (this.#assignment !== null) end(this.#assignment);
    const assignment: Assignment = {
      partitions: this.#group
        .assignmentOf(this)
        .map((partition) => ({ topic: TOPIC, partition, position: null, starts: 0 })),
      isOpen: false,
      isOver: false,
    };
    this.#assignment = assignment;
    this.#announcement = this.#announcement
      .then(() => this.#handlersDone())
      .then(() => this.#announce(assignment))
      .catch((error) => this.#fail(error));
  }

  async commit(): Promise<void> {}

  restart({ topic, partition }: TopicPartition): void {
    const assignment = this.#assignment;
    if (assignment === null || !assignment.isOpen) return;
    for (const owned of assignment.partitions) {
      if (partitionName(owned) !== partitionName({ topic, partition })) continue;
      owned.position = null;
      this.#start(assignment, owned);
    }
  }

  async lag(): Promise<readonly PartitionLag[]> {
    const owned = (this.#assignment?.partitions ?? []).filter(({ position }) => position !== null);
    const ends = await this.#scheduler.request(this.process, 'asks for the ends of the log', () =>
      owned.map(({ partition }) => this.#group.endOf(partition)),
    );
    return owned.flatMap(({ topic, partition, position }, index) => {
      return position === null ? [] : [{ topic, partition, position, end: ends[index]!, isCurrent: true }];
    });
  }

  async stop(): Promise<void> {
    if (!this.#isStopping) {
      this.#isStopping = true;
      void this.#leave();
    }
    await this.#ended.promise.catch(() => {});
  }

  #join(): void {
    if (this.#isStopping) return;
    void this.#scheduler.request(this.process, 'joins the group', () => this.#group.join(this));
  }

  async #leave(): Promise<void> {
    if (this.#assignment !== null) this.#assignment.isOpen = false;
    await this.#announcement;
    await this.#handlersDone();
    if (this.#failure === null) await this.#handlers!.leaving?.().catch((error) => this.#fail(error));
    if (this.#assignment !== null) end(this.#assignment);
    void this.#scheduler.request(this.process, 'leaves the group', () => this.#group.remove(this));
    if (this.#failure === null) this.#ended.resolve();
    else this.#ended.reject(this.#failure.error);
  }

  async #announce(assignment: Assignment): Promise<void> {
    if (assignment.isOver || this.#isStopping) return;
    await this.#handlers!.assigned(
      assignment.partitions.map(({ topic, partition }) => ({ topic, partition })),
    );
    assignment.isOpen = !assignment.isOver && !this.#isStopping;
    for (const owned of assignment.partitions) this.#start(assignment, owned);
  }

  #start(assignment: Assignment, owned: OwnedPartition): void {
    this.#read(assignment, owned, ++owned.starts).catch((error) => this.#fail(error));
  }

  async #read(assignment: Assignment, owned: OwnedPartition, start: number): Promise<void> {
    const { topic, partition } = owned;
    const isCurrent = () => assignment.isOpen && owned.starts === start;
    if (!(await this.#confirms(partition)) || !isCurrent()) return;
    const position = await this.#handlers!.positionOf({ topic, partition });
    if (position === null || !isCurrent()) return;
    let next = offsetOf(position);
    owned.position = next;
    while (isCurrent()) {
      const records = await this.#fetch(partition, next, isCurrent);
      if (!isCurrent()) return;
      const work = this.#handlers!.records(topic, { partition, records }, this.#group.endOf(partition));
      await this.#track(work);
      if (assignment.isOver || owned.starts !== start) return;
      next += records.length;
      owned.position = next;
    }
  }

  /** Whether the group still gives the partition to this member; one that it does not hears of it later. */
  #confirms(partition: number): Promise<boolean> {
    const ask = () => this.#group.isMember(this) && this.#group.assignmentOf(this).includes(partition);
    return this.#scheduler.request(this.process, `asks whose ${partition} is`, ask);
  }

  /** Waits for records. */
  #fetch(partition: number, position: number, isWanted: () => boolean) {
    const isReady = () => this.#group.endOf(partition) > position || !isWanted();
    const fetch = () => {
      const end = Math.min(this.#group.endOf(partition), position + 1 + this.#scheduler.below(MOST_RECORDS));
      return LOG[partition]!.slice(position, end);
    };
    return this.#scheduler.request(this.process, `fetches ${partition} from ${position}`, fetch, isReady);
  }

  async #track(work: Promise<void>): Promise<void> {
    // Whoever waits for the handlers to be done does not care how they ended.
    const settled = work.catch(() => {});
    this.#inFlight.add(settled);
    await settled;
    this.#inFlight.delete(settled);
    await work;
  }

  async #handlersDone(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    void this.stop();
  }
}

function end(assignment: Assignment): void {
  assignment.isOpen = false;
  assignment.isOver = true;
}

function offsetOf(position: LogPosition): number {
  return typeof position === 'number' ? position : 0;
}
