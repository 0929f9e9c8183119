import type { FeatureGroup } from '../../src/definitions/definition.ts';
import {
  type OnlineStore,
  type RememberedPosition,
  StoreAwayError,
  type Upsert,
  type UpsertCounts,
} from '../../src/sinks/sink.ts';
import { StoreModel } from '../sinks/online-store-model.ts';
import type { Process, Scheduler } from './scheduler.ts';
import { GROUPS } from './workload.ts';

const LOSES_ANSWER = 0.1;
const SPLITS = 0.2;
/** How often it is away when a worker is to stop. */
const AWAY = 0.5;
/** A store without a clock: nothing expires. */
const NOW = 0;

/** Hears what changes in the store. */
export interface StoreWitness {
  rowsWritten(group: FeatureGroup, entity: Upsert['entity']): void;
  /** The store remembers another position. */
  remembered(name: string): void;
}

/** The online store that all workers write to; it knows every row by the rules, and nothing of its writers. */
export class SharedStore {
  readonly #witness: StoreWitness;
  #models = newModels();
  #positions = new Map<string, Pick<RememberedPosition, 'position' | 'writer'>>();

  constructor(witness: StoreWitness) {
    this.#witness = witness;
  }

  windows(group: FeatureGroup, entity: Upsert['entity']) {
    return this.#models.get(group)!.windows(entity, NOW);
  }

  latest(group: FeatureGroup, entity: Upsert['entity']) {
    return this.#models.get(group)!.latest(entity, NOW);
  }

  /** Null: none. */
  position(name: string): number | null {
    return this.#positions.get(name)?.position ?? null;
  }

  remember(positions: readonly RememberedPosition[]): readonly string[] {
    return positions.flatMap(({ name, position, writer, expected }) => {
      const known = this.#positions.get(name);
      const isExpected =
        expected === null ||
        (known !== undefined &&
          known.position >= expected.position &&
          (expected.writer ?? known.writer) === known.writer);
      if (!isExpected) return [name];
      this.#positions.set(name, { position: Math.max(position, known?.position ?? position), writer });
      this.#witness.remembered(name);
      return [];
    });
  }

  write(group: FeatureGroup, rows: readonly Upsert[]): UpsertCounts {
    const counts = this.#models.get(group)!.write(rows, NOW);
    for (const [{ entity }] of byEntity(rows)) this.#witness.rowsWritten(group, entity);
    return counts;
  }

  /** It is started again without its data. */
  lose(): void {
    this.#models = newModels();
    this.#positions = new Map();
  }
}

function newModels(): ReadonlyMap<FeatureGroup, StoreModel> {
  return new Map(GROUPS.map((group) => [group, new StoreModel(group)]));
}

/**
 * A worker's connection: entities' rows may go by themselves, and what may be lost is sent again. When the worker is to
 * stop the store may be away; then nothing waits for it any more.
 */
export function connectStore(
  store: SharedStore,
  process: Process,
  scheduler: Scheduler,
  signal: AbortSignal,
): OnlineStore {
  const away = new Promise<never>((_, reject) => {
    const giveUp = () =>
      reject(new StoreAwayError('closed while the store was away', { code: 'STORE_AWAY' }));
    signal.addEventListener('abort', () => {
      if (scheduler.fault(AWAY)) scheduler.tell(process, `${process.name}: the store is away`, giveUp);
    });
  });
  away.catch(() => {});
  const request = <T>(label: string, effect: () => T): Promise<T> =>
    Promise.race([scheduler.request(process, label, effect), away]);
  const send = async (group: FeatureGroup, rows: readonly Upsert[]): Promise<UpsertCounts> => {
    const counts = await request(`writes rows of ${group.name}`, () => store.write(group, rows));
    return scheduler.fault(LOSES_ANSWER) ? send(group, rows) : counts;
  };
  return {
    async write(group, rows) {
      const parts = rows.length === 0 || scheduler.chance(SPLITS) ? byEntity(rows) : [rows];
      const all = await Promise.all(parts.map((part) => send(group, part)));
      const sums = { accepted: 0, equal: 0, stale: 0 };
      for (const { accepted, equal, stale } of all) {
        sums.accepted += accepted;
        sums.equal += equal;
        sums.stale += stale;
      }
      return sums;
    },
    remember: (positions) => request('remembers positions', () => store.remember(positions)),
    latest: async (group, entity) => store.latest(group, entity),
    windows: async (group, entity) => store.windows(group, entity),
    close: async () => {},
  };
}

function byEntity(rows: readonly Upsert[]): [Upsert, ...Upsert[]][] {
  return [...Map.groupBy(rows, ({ entity }) => entity.join()).values()] as [Upsert, ...Upsert[]][];
}
