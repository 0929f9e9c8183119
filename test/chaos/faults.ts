import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync, statSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../src/demo/random.ts';
import type { Kafka } from '../services/kafka.ts';
import type { Redis } from '../services/redis.ts';
import type { EventStream } from './event-stream.ts';
import type { RedisWatcher } from './redis-watcher.ts';
import type { FleetWorker, WorkerFleet } from './worker-fleet.ts';

/** What can break, and what breaks it. */
export interface Surroundings {
  readonly kafka: Kafka;
  readonly redis: Redis;
  readonly fleet: WorkerFleet;
  readonly events: EventStream;
  readonly watcher: RedisWatcher;
  readonly random: Random;
  readonly sessionTimeoutMs: number;
}

export const LEAST_WORKERS = 2;
const MOST_WORKERS = 4;
const GARBAGE = 2000;
/** After so long workers mark a silent partition as idle. */
export const IDLE_TIMEOUT_MS = 3000;

/** Each resolves when its cause is over, not when everything has recovered from it. */
export const FAULTS = {
  'worker killed': async (around) => {
    const { fleet, random } = around;
    const worker = anyWorker(around);
    await fleet.kill(worker);
    await sleep(random.below(6000));
    fleet.start(worker.name);
  },

  'worker frozen for longer than its session': async (around) => {
    const { random, sessionTimeoutMs } = around;
    const pid = anyWorker(around).process.pid!;
    process.kill(pid, 'SIGSTOP');
    try {
      await sleep(sessionTimeoutMs + 1000 + random.below(3000));
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  },

  'broker restarted': ({ kafka }) => kafka.restart(),

  'broker killed': async ({ kafka, random }) => {
    await kafka.crash();
    await sleep(random.below(2000));
    await kafka.start();
  },

  'Redis restarted with its data': async ({ redis, random }) => {
    if (random.below(2) === 0) return redis.restart();
    await redis.crash();
    await sleep(random.below(2000));
    await redis.start();
  },

  'Redis restarted without its data': ({ redis, watcher }) =>
    watcher.whileDataAreLost(() => redis.restartEmpty()),

  'worker added': async ({ fleet }) => {
    if (fleet.running.length < MOST_WORKERS) fleet.start();
  },

  'worker removed': async (around) => {
    const worker = anyWorker(around);
    await around.fleet.terminate(worker);
    if (around.fleet.running.length < LEAST_WORKERS) around.fleet.start();
  },

  'burst of garbage': async ({ events }) => events.addGarbage(GARBAGE),

  'partition silent': ({ events, random }) =>
    events.whileSilent(() => sleep(2 * IDLE_TIMEOUT_MS + random.below(4000))),

  'local store deleted': async (around) => {
    const worker = anyWorker(around);
    await around.fleet.kill(worker);
    rmSync(worker.stateDir, { recursive: true, force: true });
    around.fleet.start(worker.name);
  },

  'local store damaged': async (around) => {
    const worker = anyWorker(around);
    await around.fleet.kill(worker);
    damage(join(worker.stateDir, 'data.mdb'), around.random);
    around.fleet.start(worker.name);
  },

  // A limit on the size of files stands for the disk.
  'disk full': async (around) => {
    const { fleet } = around;
    const worker = anyWorker(around);
    await worker.process.assigned();
    execFileSync('prlimit', ['--pid', String(worker.process.pid), '--fsize=4096:4096']);
    const patience = setTimeout(() => worker.process.kill(), 60_000);
    const { exitCode, stderr } = await fleet.expectEnd(worker);
    clearTimeout(patience);
    if (exitCode !== 1 || !/Make room on the disk/.test(stderr)) {
      fleet.failures.push(
        `worker ${worker.name} met a full disk and ended with ${exitCode}, saying no remedy`,
      );
    }
    fleet.start(worker.name);
  },
} satisfies Record<string, (around: Surroundings) => Promise<void>>;

export type FaultName = keyof typeof FAULTS;

export const FAULT_NAMES = Object.keys(FAULTS) as FaultName[];

function anyWorker({ fleet, random }: Surroundings): FleetWorker {
  return fleet.running[random.below(fleet.running.length)]!;
}

/** Cuts the file short, or writes over its beginning. */
function damage(file: string, random: Random): void {
  if (!existsSync(file)) return;
  if (random.below(2) === 0) {
    truncateSync(file, Math.floor(statSync(file).size * random.unit()));
    return;
  }
  const descriptor = openSync(file, 'r+');
  try {
    writeSync(descriptor, Buffer.alloc(64, 0x5a), 0, 64, 0);
  } finally {
    closeSync(descriptor);
  }
}
