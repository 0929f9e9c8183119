import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kafka, KafkaMessage, Producer } from 'kafkajs';
import type { DurationMs } from '../time.ts';
import { createKafkaClient, type Log } from './kafka-client.ts';
import { sayFarewell } from './kafka-farewell.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { KafkaPartitions } from './kafka-partitions.ts';
import { unlessAborted } from './kafka-patience.ts';
import { reasonOf, refusalOf } from './kafka-reachable.ts';
import { ensureTopics } from './kafka-topics.ts';
import { BEAT_INTERVAL_MS, type Heartbeat, SilentMembers } from './silent-members.ts';

export interface HeartbeatOptions {
  /** Made where it is missing. All members of the group use the same. */
  readonly topic: string;
  /** Leaves the group for members that are silent; false: is only heard by those who do. */
  readonly isWatching: boolean;
}

export interface GroupHeartbeatOptions extends HeartbeatOptions {
  readonly kafka: KafkaOptions;
  readonly group: string;
  readonly sessionTimeoutMs: DurationMs;
}

/** A heartbeat that is not in the log by then is given up, and the connection with it: the next one may get through. */
const BEAT_PATIENCE_MS: DurationMs = 2000;
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 5000;
const NO_HEARTBEATS =
  'workers cannot hear each other; when one is lost, the others take over at the end of its session';
/** Old heartbeats mean nothing. */
const TOPIC_CONFIG = { 'cleanup.policy': 'delete', 'retention.ms': '3600000', 'segment.ms': '3600000' };

/**
 * Heartbeats of a group's members to each other, through a topic. A group hears of a machine that is gone by nothing
 * but the end of its session, which brokers keep above 6 s unless told otherwise; a member that watches finds out
 * within 3 s, and leaves the group in its name. Whoever was only slow joins again. All of this is a help: without it
 * sessions end as always, so whatever goes wrong is tried again, and no error.
 */
export class KafkaHeartbeats {
  readonly #kafka: Kafka;
  readonly #options: GroupHeartbeatOptions;
  readonly #log: Log;
  readonly #worker = randomUUID();
  readonly #member: () => string | null;
  readonly #ending = new AbortController();
  readonly #running: Promise<unknown>;
  #producer: Producer | null = null;
  #isRefused = false;

  /** @param member as what the group knows this process now; null when it is no member */
  constructor(options: GroupHeartbeatOptions, log: Log, member: () => string | null) {
    this.#kafka = createKafkaClient(options.kafka, log);
    this.#options = options;
    this.#log = log;
    this.#member = member;
    this.#running = this.#run();
  }

  /** Says, unless the brokers are away, that this process is no member any more. */
  async close(): Promise<void> {
    this.#ending.abort();
    await this.#running;
    if (this.#producer === null) return;
    await this.#beat(null);
    await this.#producer?.disconnect().catch(() => {});
  }

  async #run(): Promise<void> {
    await this.#untilDone(() => this.#ensureTopic());
    await Promise.all([this.#beatOn(), this.#options.isWatching ? this.#watch() : null]);
  }

  async #ensureTopic(): Promise<void> {
    const { topic } = this.#options;
    await ensureTopics(this.#kafka, [{ name: topic, partitions: 1, config: TOPIC_CONFIG, required: [] }]);
  }

  async #beatOn(): Promise<void> {
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const next = sleep(BEAT_INTERVAL_MS, undefined, { signal }).catch(() => {});
      await this.#beat(this.#member());
      await next;
    }
  }

  async #beat(member: string | null): Promise<void> {
    try {
      const patience = AbortSignal.timeout(BEAT_PATIENCE_MS);
      const sent = await unlessAborted(this.#send(member), patience);
      if (sent === null) throw new Error(`no answer within ${BEAT_PATIENCE_MS} ms`);
    } catch (error) {
      this.#report(error);
      void this.#producer?.disconnect().catch(() => {});
      this.#producer = null;
    }
  }

  async #send(member: string | null): Promise<true> {
    const { topic } = this.#options;
    const isNew = this.#producer === null;
    this.#producer ??= this.#kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } });
    const producer = this.#producer;
    if (isNew) await producer.connect();
    await producer.send({ topic, messages: [{ partition: 0, key: this.#worker, value: member }] });
    return true;
  }

  /** From the end of the log on; from its end again when it has deleted what comes next. */
  async #watch(): Promise<void> {
    const { signal } = this.#ending;
    const partition = { topic: this.#options.topic, partition: 0 };
    const partitions = new KafkaPartitions(this.#kafka);
    await this.#untilDone(async () => {
      const { high } = await partitions.ends(partition, signal);
      const members = new SilentMembers(this.#worker, this.#options.sessionTimeoutMs);
      for await (const messages of partitions.read(partition, high, Number.POSITIVE_INFINITY, signal)) {
        for (const message of messages) await this.#farewellTo(members.heard(heartbeatOf(message)));
      }
    });
    await partitions.close();
  }

  async #farewellTo(members: readonly string[]): Promise<void> {
    const { group } = this.#options;
    for (const member of members) {
      await sayFarewell(this.#kafka, { group, member, fate: 'is silent' }, this.#log);
    }
  }

  /** Tries again and again; in vain when this is to end. */
  async #untilDone(work: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#ending;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        await unlessAborted(work(), signal);
        return;
      } catch (error) {
        this.#report(error);
      }
      await sleep(pause, undefined, { signal }).catch(() => {});
    }
  }

  /** Brokers that are away are no news; what waiting cannot mend is told once. */
  #report(error: unknown): void {
    const refusal = refusalOf(error);
    if (refusal === null || this.#isRefused) {
      this.#log.debug({ reason: reasonOf(error) }, 'a heartbeat did not get through');
    } else {
      this.#isRefused = true;
      this.#log.warn({ reason: refusal.message }, NO_HEARTBEATS);
    }
  }
}

function heartbeatOf({ key, value }: KafkaMessage): Heartbeat {
  return { worker: String(key), member: value === null ? null : String(value) };
}
