import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, Cluster } from 'kafkajs';
import { createKafkaClient, type Log } from './kafka-client.ts';
import { memberOfProcess } from './kafka-member.ts';
import type { KafkaOptions } from './kafka-options.ts';
import { reasonOf } from './kafka-reachable.ts';
import { createCluster } from './kafkajs-internals.ts';

const ATTEMPTS = 5;
const PAUSE_MS = 200;

/** What the library's own type leaves out. */
type Coordinator = Broker & { leaveGroup(member: GroupMember): Promise<unknown> };

interface GroupMember {
  readonly groupId: string;
  readonly memberId: string;
}

/**
 * Leaves a group in the name of a member that is no more; a group takes everybody's word for it. Otherwise it would
 * wait for that one until its session is over.
 *
 * @throws when the group cannot be told; that it knows of no such member is no error
 */
export async function leaveFor(
  member: GroupMember,
  cluster: Pick<Cluster, 'findGroupCoordinator'>,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const coordinator = (await cluster.findGroupCoordinator(member)) as Coordinator;
      await coordinator.leaveGroup(member);
      return;
    } catch (error) {
      const { type, retriable } = error as { readonly type?: string; readonly retriable?: boolean };
      if (type === 'UNKNOWN_MEMBER_ID') return;
      // A coordinator that just starts may still have to load the group.
      if (retriable !== true || attempt === ATTEMPTS) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

export interface EndedReader {
  readonly kafka: KafkaOptions;
  readonly group: string;
  /** In which it has kept its membership. */
  readonly memberFile: string;
  /** Its process, which has ended. */
  readonly pid: number;
}

/** Leaves the group for a reader that had not left when its process ended. Failure is logged: its session ends later. */
export async function sayFarewellFor(
  { kafka, group, memberFile, pid }: EndedReader,
  log: Log,
): Promise<void> {
  const memberId = memberOfProcess(pid, group, memberFile);
  if (memberId === null) return;
  try {
    const cluster = createCluster(createKafkaClient(kafka, log));
    try {
      await cluster.connect();
      await leaveFor({ groupId: group, memberId }, cluster);
    } finally {
      await cluster.disconnect().catch(() => {});
    }
    log.info({ member: memberId }, 'left the group for a worker that has died');
  } catch (error) {
    const reason = reasonOf(error);
    log.warn({ member: memberId, reason }, 'the group waits for the session of a worker that has died');
  }
}
