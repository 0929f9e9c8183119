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
  recordsPerCommit: number;
  /** It tells how it is after so many events each. */
  eventsPerReport: number;
  folder: string;
}>();
/** A driver drains a task's revisions batch by batch. */
const BATCH = 1000;

const group = await loadCardGroup(options.group);
const id = { group: group.name, version: group.version, topic: 'transactions', partition: 0 };
const store = LmdbStateStore.open(options.folder);
const outputs = { dropped() {}, rejected() {} };
const state = { read: store.entities.bind(store, id), maxEntities: options.cacheEntities };
const task = new Task(group, 0, outputs, state);
const rows = new CardRows(options.recordsPerCommit, options.stream);

let committing: Promise<void> = Promise.resolve();
let revisions = 0;
let batchMs: number[] = [];
let busyMs = 0;

function feed(): void {
  const { chunk } = rows;
  for (let from = 0; from < chunk.length; from += BATCH) {
    const start = performance.now();
    for (let at = from; at < from + BATCH && at < chunk.length; at++) task.process(chunk[at]!);
    revisions += task.revisions.length;
    task.drained();
    const ms = performance.now() - start;
    batchMs.push(ms);
    busyMs += ms;
  }
}

/** As a worker does it: records go on while the store writes. */
async function commit(): Promise<void> {
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
  feed();
  await commit();
  events += options.recordsPerCommit;
  if (events % options.eventsPerReport > 0) continue;
  collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  const resident = residentMbOf(process.pid);
  const now = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  batchMs.sort((a, b) => a - b);
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
    medianBatchMs: batchMs[batchMs.length >> 1],
    longestBatchMs: batchMs.at(-1),
  });
  reported = now;
  cpu = process.cpuUsage();
  batchMs = [];
  busyMs = revisions = 0;
}
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
