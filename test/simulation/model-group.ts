import type { ModelReader } from './model-reader.ts';
import { type Scheduler, Violation } from './scheduler.ts';
import { LOG, PARTITIONS } from './workload.ts';

/**
 * The broker's side of reading: how far producers have come, and the consumer group. Its members hear of an
 * assignment at different times, if ever: two of them may each believe that a partition is theirs.
 */
export class ModelGroup {
  readonly #scheduler: Scheduler;
  readonly #ends: number[] = LOG.map(() => 0);
  #members: readonly ModelReader[] = [];
  #assignments = new Map<ModelReader, readonly number[]>();

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  get members(): readonly ModelReader[] {
    return this.#members;
  }

  get isProduced(): boolean {
    return this.#ends.every((end, partition) => end === LOG[partition]!.length);
  }

  /** The offset after the last record of a partition. */
  endOf(partition: number): number {
    return this.#ends[partition]!;
  }

  produce(): void {
    const partition = this.#scheduler.below(PARTITIONS);
    this.#ends[partition] = Math.min(
      this.#ends[partition]! + 1 + this.#scheduler.below(4),
      LOG[partition]!.length,
    );
  }

  join(member: ModelReader): void {
    if (!this.#members.includes(member)) this.#members = [...this.#members, member];
    this.rebalance();
    // What a process sent before it died.
    if (!member.process.isAlive) this.miss(member);
  }

  /** Finds out some time that it is dead. */
  miss(member: ModelReader): void {
    this.#scheduler.later(`the group misses ${member.process.name}`, () => this.remove(member));
  }

  /** It has left, or was silent for too long: then it hears of it when it asks. */
  remove(member: ModelReader): void {
    if (!this.#members.includes(member)) return;
    this.#members = this.#members.filter((other) => other !== member);
    this.rebalance();
  }

  assignmentOf(member: ModelReader): readonly number[] {
    const found = this.#assignments.get(member);
    if (found === undefined) throw new Violation('an assignment was asked for by no member');
    return found;
  }

  isMember(member: ModelReader): boolean {
    return this.#members.includes(member);
  }

  rebalance(): void {
    const members = this.#members;
    const first = this.#scheduler.below(PARTITIONS);
    const partitions = LOG.map((_, partition) => partition);
    this.#assignments = new Map(
      members.map((member, index) => [
        member,
        partitions.filter((partition) => (partition + first) % members.length === index),
      ]),
    );
    for (const member of members) {
      this.#scheduler.tell(member.process, `${member.process.name} hears of its assignment`, () =>
        member.assigned(),
      );
    }
  }
}
