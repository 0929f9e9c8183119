import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, {
  type Cluster,
  type Consumer,
  type ConsumerGroupJoinEvent,
  type EachBatchPayload,
  type Kafka,
} from 'kafkajs';
import { assert } from '../errors.ts';
import type { DurationMs, Offset } from '../time.ts';
import { KafkaAssignment } from './kafka-assignment.ts';
import { createKafkaClient, type Log } from './kafka-client.ts';
import { leaveFor } from './kafka-farewell.ts';
import { type HeartbeatOptions, KafkaHeartbeats } from './kafka-heartbeats.ts';
import { KafkaMember } from './kafka-member.ts';
import { KafkaMembership } from './kafka-membership.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { OutageReport } from './kafka-outage.ts';
import { unlessAborted } from './kafka-patience.ts';
import { reachTopics, reasonOf, refusalOf } from './kafka-reachable.ts';
import type { LogHandlers, LogReader, PartitionLag, TopicPartition } from './log-reader.ts';

export interface KafkaLogOptions {
  readonly kafka: KafkaOptions;
  /** The consumer group. */
  readonly group: string;
  readonly topics: readonly string[];
  readonly log: Log;
  /** `run` fails with `KAFKA_UNREACHABLE` when the brokers do not answer for so long at its start; default never. */
  readonly connectTimeoutMs?: DurationMs | null;
  /**
   * When the log no longer holds the records that come next: `fail` (default) with `LOG_TRUNCATED`, or `skip`
   * to what there is, with a warning.
   */
  readonly onTruncated?: 'fail' | 'skip';
  /** Another member takes over when this one has been silent for so long. Default 15 s. */
  readonly sessionTimeoutMs?: DurationMs;
  /** Members tell each other that they are there; default no. */
  readonly heartbeats?: HeartbeatOptions | null;
  /** Where its membership is kept, so that the next reader with this file need not wait for it; default nowhere. */
  readonly memberFile?: string;
  /** Records are {@link ArchivedRecord}s, with headers. Default false. */
  readonly withHeaders?: boolean;
  /** What one request may bring of one partition. Default 1 MiB. */
  readonly maxBytesPerPartition?: number;
}

/** A request waits so long for records to come: what stopping and resuming may wait, too. */
const FETCH_WAIT_MS = 500;
/** A member hears so often whether the group rebalances; until all have heard, nobody has what another gave up. */
const HEARTBEAT_MS = 1000;
/** At the end of the log this goes by between an answer and the next request: latency against CPU time. */
const GATHER_MS = 10;
/** So many partitions at most are inside `records` at once; one that waits does not hold up the others. */
const CONCURRENT_PARTITIONS = 16;
/** A broker that is away may hold up a farewell for so long. */
const FAREWELL_MS = 5000;
const LAST_WORD_MS = 1000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;

/**
 * Follows topics through kafkajs. The library offers no hook before partitions are taken away and starts where
 * the group's committed offsets say; both are not good enough for exact state. So at each join, before any
 * record can come, every partition is paused; when the handlers of the former assignment have ended, the new
 * one is announced, its positions are sought, and the partitions go on. What arrives from anywhere else than
 * the position is never handed over.
 */
export class KafkaLogReader implements LogReader {
  readonly #options: KafkaLogOptions;
  readonly #kafka: Kafka;
  readonly #outage: OutageReport;
  readonly #sessionTimeoutMs: DurationMs;
  readonly #heartbeatMs: DurationMs;
  readonly #stopping = new AbortController();
  /** Aborted some time after {@link #stopping}: from then on no broker is waited for. */
  readonly #farewell = new AbortController();
  #handlers: LogHandlers | null = null;
  #consumer: Consumer | null = null;
  readonly #member: KafkaMember;
  #assignment: KafkaAssignment | null = null;
  #joins = 0;
  /** Work of the handlers that is under way. */
  readonly #inFlight = new Set<Promise<void>>();
  /** Assignments are announced one after the other. */
  #announcement: Promise<void> = Promise.resolve();
  /** Ends the run: an error that waiting cannot mend. */
  #failure: { readonly error: unknown } | null = null;
  #finished: Promise<void> = Promise.resolve();
  #beat: (() => Promise<void>) | null = null;
  #gathering: Promise<void> | null = null;

  constructor(options: KafkaLogOptions) {
    this.#options = options;
    this.#outage = new OutageReport(options.kafka.brokers, options.log);
    this.#kafka = createKafkaClient(options.kafka, options.log, (reason) => this.#outage.failed(reason));
    this.#sessionTimeoutMs = options.sessionTimeoutMs ?? 15_000;
    this.#heartbeatMs = Math.min(HEARTBEAT_MS, this.#sessionTimeoutMs / 3);
    this.#member = new KafkaMember(options.group, options.memberFile ?? null);
    this.#stopping.signal.addEventListener('abort', () => {
      setTimeout(() => this.#farewell.abort(), FAREWELL_MS).unref();
    });
  }

  run(handlers: LogHandlers): Promise<void> {
    assert(this.#handlers === null, 'a log reader runs once');
    this.#handlers = handlers;
    const running = this.#follow();
    this.#finished = running.catch(() => {});
    return running;
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#finished;
  }

  async commit(positions: readonly (TopicPartition & { readonly position: Offset })[]): Promise<void> {
    const owned = positions.filter(({ topic, partition }) => this.#assignment?.owns(topic, partition));
    if (owned.length === 0 || this.#consumer === null) return;
    const offsets = owned.map(({ topic, partition, position }) => ({
      topic,
      partition,
      offset: String(position),
    }));
    try {
      await unlessAborted(this.#consumer.commitOffsets(offsets), this.#farewell.signal);
    } catch (error) {
      // Nobody depends on them: the next commit shows more.
      this.#options.log.debug({ reason: reasonOf(error) }, 'Kafka did not take the offsets');
    }
  }

  restart(partition: TopicPartition): void {
    this.#assignment?.restart(partition);
  }

  async lag(): Promise<readonly PartitionLag[]> {
    return (await this.#assignment?.lag()) ?? [];
  }

  async #follow(): Promise<void> {
    const { topics, kafka } = this.#options;
    let timeoutMs = this.#options.connectTimeoutMs ?? null;
    const heartbeats = this.#createHeartbeats();
    const beating = setInterval(() => this.#keepMembership(), this.#heartbeatMs / 2);
    try {
      for (let pause = FIRST_PAUSE_MS; !this.#isOver(); pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
        await reachTopics(this.#kafka, {
          brokers: kafka.brokers,
          topics,
          timeoutMs,
          signal: this.#stopping.signal,
          outage: this.#outage,
        });
        if (this.#isOver()) break;
        timeoutMs = null;
        const joins = this.#joins;
        await this.#followUntilBroken();
        if (this.#joins > joins) pause = FIRST_PAUSE_MS;
        if (!this.#isOver()) await sleep(pause, undefined, { signal: this.#stopping.signal }).catch(() => {});
      }
    } finally {
      clearInterval(beating);
      await heartbeats?.close();
    }
    if (this.#failure !== null) throw this.#failure.error;
  }

  #createHeartbeats(): KafkaHeartbeats | null {
    const { heartbeats = null, kafka, group, log } = this.#options;
    if (heartbeats === null) return null;
    const options = { ...heartbeats, kafka, group, sessionTimeoutMs: this.#sessionTimeoutMs };
    return new KafkaHeartbeats(options, log, () => (this.#consumer === null ? null : this.#member.id));
  }

  /** One life of a consumer: resolves when it has broken down, or is to end, and everything is at rest. */
  async #followUntilBroken(): Promise<void> {
    const { group, topics } = this.#options;
    let cluster: Cluster | null = null;
    const consumer = this.#kafka.consumer({
      groupId: group,
      partitionAssigners: [
        (config) => {
          cluster = config.cluster;
          return kafkajs.PartitionAssigners.roundRobin(config);
        },
      ],
      sessionTimeout: this.#sessionTimeoutMs,
      heartbeatInterval: this.#heartbeatMs,
      maxWaitTimeInMs: FETCH_WAIT_MS,
      maxBytesPerPartition: this.#options.maxBytesPerPartition ?? 1 << 20,
      // New partitions of the topic are seen within a minute.
      metadataMaxAge: 60_000,
      retry: { retries: 5, initialRetryTime: 200, maxRetryTime: 1000, restartOnFailure: async () => false },
    });
    this.#consumer = consumer;
    const broken = new Promise<void>((resolve) => {
      consumer.on(consumer.events.CRASH, ({ payload }) => {
        this.#judge(payload.error);
        resolve();
      });
    });
    consumer.on(consumer.events.HEARTBEAT, () => this.#outage.answered());
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      // A former consumer may take long to say farewell.
      if (consumer !== this.#consumer) return;
      this.#member.joined(payload.memberId);
      this.#joined(consumer, cluster!, payload);
    });
    consumer.on(consumer.events.START_BATCH_PROCESS, ({ payload }) => {
      if (payload.batchSize === 0) this.#assignment?.passOver(payload);
    });
    const begin = async () => {
      await consumer.connect();
      await this.#leaveForFormer(cluster);
      if (this.#isOver()) return;
      // Where kafkajs jumps to when the broker no longer has a position: to where a record shows the jump.
      await consumer.subscribe({ topics: [...topics], fromBeginning: true });
      if (this.#isOver()) return;
      await consumer.run({
        autoCommit: false,
        eachBatchAutoResolve: false,
        partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
        eachBatch: (payload) => this.#onBatch(consumer, payload),
      });
    };
    try {
      // Who has just joined leaves in good order, so that nobody waits for it.
      await unlessAborted(begin(), this.#farewell.signal);
      await unlessAborted(broken, this.#stopping.signal);
    } catch (error) {
      this.#judge(error);
    }
    await this.#rest();
    this.#consumer = null;
    // A broker that let the time for farewells pass is not given it again.
    const patienceMs = this.#farewell.signal.aborted ? LAST_WORD_MS : FAREWELL_MS;
    await Promise.race([consumer.disconnect().catch(() => {}), sleep(patienceMs, undefined, { ref: false })]);
  }

  /** For the member that this one was before its connection broke, or its predecessor that was killed. */
  async #leaveForFormer(cluster: Cluster | null): Promise<void> {
    const memberId = this.#member.id;
    if (memberId === null || cluster === null) return;
    this.#member.left();
    await leaveFor({ groupId: this.#options.group, memberId }, cluster).catch((error) => {
      this.#options.log.debug({ reason: reasonOf(error) }, 'the former member did not leave');
    });
  }

  /** Nothing is handed over any more; what is under way ends; the driver may say farewell. */
  async #rest(): Promise<void> {
    if (this.#isOver()) this.#assignment?.close();
    else this.#assignment?.end();
    await this.#announcement;
    await this.#handlersDone();
    if (this.#failure === null && this.#isOver()) {
      try {
        await this.#handlers?.leaving?.();
      } catch (error) {
        this.#fail(error);
      }
    }
    this.#assignment?.end();
    this.#assignment = null;
  }

  async #handlersDone(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  #isOver(): boolean {
    return this.#stopping.signal.aborted;
  }

  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stopping.abort();
  }

  /** After an error of the library: over, if nothing but the user can mend it. */
  #judge(error: unknown): void {
    const refusal = refusalOf(error);
    const isBug = ['TypeError', 'RangeError', 'ReferenceError'].includes((error as Error).name);
    if (refusal !== null || isBug) this.#fail(refusal ?? error);
    else this.#options.log.debug({ reason: reasonOf(error) }, 'the connection to Kafka broke');
  }

  #joined(
    consumer: Consumer,
    cluster: Cluster,
    { memberId, memberAssignment: partitions }: ConsumerGroupJoinEvent['payload'],
  ): void {
    const { onTruncated = 'fail', withHeaders = false, log } = this.#options;
    const assignment = new KafkaAssignment(consumer, partitions, {
      kafka: this.#kafka,
      handlers: this.#handlers!,
      membership: new KafkaMembership(cluster, this.#options.group, memberId),
      signal: this.#stopping.signal,
      onFailure: (error) => this.#fail(error),
      onTruncated,
      withHeaders,
      log,
    });
    this.#joins++;
    this.#outage.answered();
    this.#assignment?.end();
    this.#assignment = assignment;
    this.#announcement = this.#announcement
      .then(() => this.#handlersDone())
      .then(() => assignment.announce())
      .catch((error) => this.#fail(error));
  }

  async #onBatch(consumer: Consumer, payload: EachBatchPayload): Promise<void> {
    if (this.#assignment === null || consumer !== this.#consumer) return;
    this.#beat = payload.heartbeat;
    const work = this.#assignment.take(payload).catch((error) => this.#fail(error));
    this.#inFlight.add(work);
    await work;
    this.#inFlight.delete(work);
    const { batch } = payload;
    if (Number(batch.lastOffset()) + 1 >= Number(batch.highWatermark)) await this.#gather();
  }

  /**
   * With nothing left to read the next request waits a little, so that it brings some records and not one. The
   * library asks when all partitions of an answer are done with: they wait together.
   */
  #gather(): Promise<void> {
    this.#gathering ??= sleep(GATHER_MS).then(() => {
      this.#gathering = null;
    });
    return this.#gathering;
  }

  /** kafkajs sends heartbeats between batches only; a handler that waits must not cost the membership. */
  #keepMembership(): void {
    if (this.#inFlight.size === 0 || this.#beat === null) return;
    // That the group rebalances shows again when the batch is done.
    this.#beat().catch(() => {});
  }
}
