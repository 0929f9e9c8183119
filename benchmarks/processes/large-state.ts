import { statSync } from 'node:fs';
import { join } from 'node:path';
import { Task } from '../../src/operators/task.ts';
import { LmdbStateStore } from '../../src/state/lmdb-state-store.ts';
import { type CardGroup, loadCardGroup } from '../card-group.ts';
import { CardRows, type CardRowsOptions } from '../card-rows.ts';
import { residentMbOf } from '../processes.ts';
import { collectGarbage, parameters, tell } from './parameters.ts';

/** A task with more entities than it holds, over LMDB, that is committed all the while; tells now and then how it is. */
const options = parameters<{
  group: CardGroup;
  stream: CardRowsOptions;
  events: number;
  /** How many of the entities are held in memory. */
  cacheEntities: number;
  /** So many records are made at a time, which is not measured as busy. */
  chunk: number;
  /** It tells how it is after so many events each. */
  eventsPerReport: number;
  folder: string;
}>();
/** A driver drains a task's revisions batch by batch, and between the slices of a close. */
const BATCH = 1000;
const ENTITIES_PER_SLICE = 1000;
/** A worker commits about every second. */
const COMMIT_MS = 1000;

const group = await loadCardGroup(options.group);
const id = { group: group.name, version: group.version, topic: 'transactions', partition: 0 };
const store = LmdbStateStore.open(options.folder);
const outputs = { dropped() {}, rejected() {} };
const state = { read: store.entities.bind(store, id), maxEntities: options.cacheEntities };
const task = new Task(group, 0, outputs, state, ENTITIES_PER_SLICE);
const rows = new CardRows(options.chunk, options.stream);

let committing: Promise<void> = Promise.resolve();
let revisions = 0;
/** From one turn of others to the next. */
let turnMs: number[] = [];
let busyMs = 0;

let start = 0;
let committedAt = performance.now();

async function feed(): Promise<void> {
  const { chunk } = rows;
  for (let from = 0; from < chunk.length; from += BATCH) {
    start = performance.now();
    for (let at = from; at < from + BATCH && at < chunk.length; at++) {
      task.process(chunk[at]!);
      while (task.isClosing) {
        await turn();
        task.close();
      }
    }
    await turn();
  }
}

/** The driver reads the revisions, and commits when it is time. */
async function turn(): Promise<void> {
  revisions += task.revisions.length;
  task.drained();
  const ms = performance.now() - start;
  turnMs.push(ms);
  busyMs += ms;
  if (performance.now() - committedAt > COMMIT_MS) await commit();
  start = performance.now();
}

/** As a worker does it: records go on while the store writes. */
async function commit(): Promise<void> {
  committedAt = performance.now();
  await committing;
  task.stored();
  const start = performance.now();
  const progress = task.progress({});
  const entities = task.takeChanges();
  committing = store.commit([{ task: id, progress, entities }], new Map());
  busyMs += performance.now() - start;
}

const began = performance.now();
let reported = began;
let cpu = process.cpuUsage();
for (let events = 0; events < options.events; ) {
  rows.next();
  await feed();
  events += rows.chunk.length;
  if (events % options.eventsPerReport > 0) continue;
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const resident = residentMbOf(process.pid);
  const now = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  turnMs.sort((a, b) => a - b);
  tell({
    events,
    entities: task.entityCount,
    heapMb: heapUsed / 2 ** 20,
    buffersMb: arrayBuffers / 2 ** 20,
    anonymousMb: resident.anonymous,
    filesMb: resident.files,
    storeMb: statSync(join(options.folder, 'data.mdb')).size / 2 ** 20,
    perSecond: (options.eventsPerReport * 1000) / (now - reported),
    cpuUs: (user + system) / options.eventsPerReport,
    usPerEvent: (busyMs * 1000) / options.eventsPerReport,
    rowsPerEvent: revisions / options.eventsPerReport,
    medianTurnMs: turnMs[turnMs.length >> 1],
    longestTurnMs: turnMs.at(-1),
  });
  reported = now;
  cpu = process.cpuUsage();
  turnMs = [];
  busyMs = revisions = 0;
}
await commit();
await committing;
await store.close();

const restarting = performance.now();
const reopened = LmdbStateStore.open(options.folder);
const restored = new Task(group, 0, outputs, { ...state, read: reopened.entities.bind(reopened, id) });
restored.restore(reopened.progress(id)!);
rows.next();
for (const record of rows.chunk.slice(0, BATCH)) restored.process(record);
restored.drained();
tell({ restartMs: performance.now() - restarting });
await reopened.close();
