import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { OnlineStore, RememberedPosition, Upsert, UpsertCounts } from '../../src/sinks/sink.ts';
import { StoreModel } from '../sinks/online-store-model.ts';
import type { Process, Scheduler } from './scheduler.ts';
import { GROUPS } from './workload.ts';

const LOSES_ANSWER = 0.1;
const SPLITS = 0.2;
/** A store without a clock: nothing expires. */
const NOW = 0;

/** The online store that all workers write to; it knows every row by the rules, and nothing of its writers. */
export class SharedStore {
  readonly #models = new Map(GROUPS.map((group) => [group, new StoreModel(group)]));
  readonly #positions = new Map<string, number>();
  readonly #onWritten: (group: FeatureGroup, entity: Upsert['entity']) => void;

  /** `onWritten` hears of each entity whose rows may have changed. */
  constructor(onWritten: (group: FeatureGroup, entity: Upsert['entity']) => void) {
    this.#onWritten = onWritten;
  }

  windows(group: FeatureGroup, entity: Upsert['entity']) {
    return this.#models.get(group)!.windows(entity, NOW);
  }

  latest(group: FeatureGroup, entity: Upsert['entity']) {
    return this.#models.get(group)!.latest(entity, NOW);
  }

  remember(positions: readonly RememberedPosition[]): readonly string[] {
    return positions.flatMap(({ name, position, expected }) => {
      const known = this.#positions.get(name) ?? null;
      if (expected !== null && (known === null || known < expected)) return [name];
      this.#positions.set(name, Math.max(position, known ?? position));
      return [];
    });
  }

  write(group: FeatureGroup, rows: readonly Upsert[]): UpsertCounts {
    const counts = this.#models.get(group)!.write(rows, NOW);
    for (const [{ entity }] of byEntity(rows)) this.#onWritten(group, entity);
    return counts;
  }
}

/** A worker's connection: entities' rows may go by themselves, and what may be lost is sent again. */
export function connectStore(store: SharedStore, process: Process, scheduler: Scheduler): OnlineStore {
  const send = async (group: FeatureGroup, rows: readonly Upsert[]): Promise<UpsertCounts> => {
    const counts = await scheduler.request(process, `writes rows of ${group.name}`, () =>
      store.write(group, rows),
    );
    return scheduler.fault(LOSES_ANSWER) ? send(group, rows) : counts;
  };
  return {
    async write(group, rows) {
      const parts = scheduler.chance(SPLITS) ? byEntity(rows) : [rows];
      const all = await Promise.all(parts.map((part) => send(group, part)));
      return all.reduce((sum, counts) => ({
        accepted: sum.accepted + counts.accepted,
        equal: sum.equal + counts.equal,
        stale: sum.stale + counts.stale,
      }));
    },
    remember: (positions) =>
      scheduler.request(process, 'remembers positions', () => store.remember(positions)),
    latest: async (group, entity) => store.latest(group, entity),
    windows: async (group, entity) => store.windows(group, entity),
    close: async () => {},
  };
}

function byEntity(rows: readonly Upsert[]): [Upsert, ...Upsert[]][] {
  return [...Map.groupBy(rows, ({ entity }) => entity.join()).values()] as [Upsert, ...Upsert[]][];
}
