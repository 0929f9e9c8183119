import { setTimeout as sleep } from 'node:timers/promises';
import type { Broker, Cluster, Kafka } from 'kafkajs';
import type { Log } from './kafka-client.ts';
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

/** A member of a group that has not left it by itself. */
export interface LostMember {
  readonly group: string;
  readonly member: string;
  /** What has become of it. */
  readonly fate: 'has died' | 'is silent';
}

/** Leaves the group for a member that cannot do so any more. Failure is logged: its session ends later. */
export async function sayFarewell(
  kafka: Kafka,
  { group, member, fate }: LostMember,
  log: Log,
): Promise<void> {
  const cluster = createCluster(kafka);
  try {
    await cluster.connect();
    await leaveFor({ groupId: group, memberId: member }, cluster);
    log.info({ member }, `left the group for a worker that ${fate}`);
  } catch (error) {
    const reason = reasonOf(error);
    log.warn({ member, reason }, `the group waits for the session of a worker that ${fate}`);
  } finally {
    await cluster.disconnect().catch(() => {});
  }
}
