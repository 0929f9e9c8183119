import kafkajs, { type Cluster } from 'kafkajs';
import { partitionName } from './log-reader.ts';

/** What the library's own type leaves out. */
interface Coordinator {
  describeGroups(request: { groupIds: readonly string[] }): Promise<{
    readonly groups: readonly {
      readonly members: readonly { readonly memberId: string; readonly memberAssignment: Buffer }[];
    }[];
  }>;
}

/**
 * What a consumer group says of one of its members. A member whose process hung, or had no turn for long, believes
 * for a while in an assignment that is no more, and the library asks the group only between its batches.
 */
export class KafkaMembership {
  readonly #cluster: Cluster;
  readonly #groupId: string;
  readonly #memberId: string;

  constructor(cluster: Cluster, groupId: string, memberId: string) {
    this.#cluster = cluster;
    this.#groupId = groupId;
    this.#memberId = memberId;
  }

  /** Names of the partitions that are the member's now: none while the group rebalances. One attempt. */
  async partitions(): Promise<ReadonlySet<string>> {
    const coordinator = (await this.#cluster.findGroupCoordinator({
      groupId: this.#groupId,
    })) as unknown as Coordinator;
    const { groups } = await coordinator.describeGroups({ groupIds: [this.#groupId] });
    const member = groups[0]!.members.find(({ memberId }) => memberId === this.#memberId);
    if (member === undefined || member.memberAssignment.length === 0) return new Set();
    const decoded = kafkajs.AssignerProtocol.MemberAssignment.decode(member.memberAssignment);
    return new Set(
      Object.entries(decoded?.assignment ?? {}).flatMap(([topic, partitions]) =>
        partitions.map((partition) => partitionName({ topic, partition })),
      ),
    );
  }
}
