import type { DurationMs } from '../time.ts';

/** Who works says so this often. */
export const BEAT_INTERVAL_MS: DurationMs = 500;
/** So many heartbeats of its own a watcher sees in the log without one of another's, and takes that one for dead. */
const FIRST_PATIENCE = 5;
/** Nobody is taken for dead who was heard of within this: the first of the watcher's heartbeats may follow at once. */
export const LEAST_SILENCE_MS: DurationMs = (FIRST_PATIENCE - 1) * BEAT_INTERVAL_MS;
/** Of who was taken for dead and has been silent for so many heartbeats more nothing is remembered. */
const FORGOTTEN_AFTER = 1000;

/** What a process says in the log of heartbeats. */
export interface Heartbeat {
  /** The process; another one after each start. */
  readonly worker: string;
  /** As what its group knows it; null when it is no member now. */
  readonly member: string | null;
}

interface Peer {
  readonly member: string | null;
  /** The watcher's own heartbeats since the last of this one's. */
  missed: number;
  readonly patience: number;
}

/**
 * Tells who of a group is silent by the order of heartbeats in one log. Time is counted in the watcher's own
 * heartbeats: while the log is away, or the watcher has no turn, nobody is missed. Who was taken for dead and is heard
 * of again was only slow; from then on it is given twice as long.
 */
export class SilentMembers {
  readonly #watcher: string;
  readonly #mostPatience: number;
  readonly #peers = new Map<string, Peer>();

  /** @param sessionMs how long the group itself waits: patience never grows beyond it */
  constructor(watcher: string, sessionMs: DurationMs) {
    this.#watcher = watcher;
    this.#mostPatience = Math.max(FIRST_PATIENCE, Math.ceil(sessionMs / BEAT_INTERVAL_MS));
  }

  /** Takes in the next heartbeat of the log. Returns the members that are taken for dead by it, each once. */
  heard({ worker, member }: Heartbeat): readonly string[] {
    if (worker === this.#watcher) return this.#missing();
    this.#peers.set(worker, { member, missed: 0, patience: this.#patienceWith(worker) });
    return [];
  }

  #missing(): readonly string[] {
    const silent: string[] = [];
    for (const [worker, peer] of this.#peers) {
      peer.missed++;
      if (peer.missed === peer.patience && peer.member !== null) silent.push(peer.member);
      if (peer.missed > peer.patience + FORGOTTEN_AFTER) this.#peers.delete(worker);
    }
    return silent;
  }

  #patienceWith(worker: string): number {
    const known = this.#peers.get(worker);
    if (known === undefined) return FIRST_PATIENCE;
    const wasTakenForDead = known.member !== null && known.missed >= known.patience;
    return wasTakenForDead ? Math.min(known.patience * 2, this.#mostPatience) : known.patience;
  }
}
