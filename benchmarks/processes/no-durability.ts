import type { Durability, LostPartition, PartitionStore } from '../../src/live/durability.ts';

/** Keeps nothing: what a worker costs without what makes it survive. */
export class NoDurability implements Durability {
  async acquire(): Promise<PartitionStore> {
    return {
      progress: () => null,
      entities: () => [],
      copies: () => [],
      rejectedBySource() {},
      rejectedByGroup() {},
      dropped() {},
      revised() {},
      pendingBytes: 0,
      journal: null,
      release: async () => {},
    };
  }

  async commit(): Promise<readonly LostPartition[]> {
    return [];
  }

  async confirm(): Promise<[]> {
    return [];
  }

  async close(): Promise<void> {}
}
