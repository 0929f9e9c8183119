import { Task } from '../../src/operators/task.ts';
import { LmdbStateStore } from '../../src/state/lmdb-state-store.ts';
import { type CardGroup, loadCardGroup } from '../card-group.ts';
import { CardRows, type CardRowsOptions } from '../card-rows.ts';
import { parameters, tell } from './parameters.ts';

/** Commits what a task changed to LMDB, again and again. */
const options = parameters<{
  group: CardGroup;
  stream: CardRowsOptions;
  warmUp: number;
  /** Records from one commit to the next. */
  recordsPerCommit: number;
  commits: number;
  folder: string;
}>();

const group = await loadCardGroup(options.group);
const id = { group: group.name, version: group.version, topic: 'transactions', partition: 0 };
const store = LmdbStateStore.open(options.folder);
const task = new Task(
  group,
  0,
  { dropped() {}, rejected() {} },
  { read: (range) => store.entities(id, range), maxEntities: options.stream.cards },
);
const rows = new CardRows(options.recordsPerCommit, options.stream);

function feed(): void {
  rows.next();
  for (const record of rows.chunk) task.process(record);
  task.drained();
}

/** CPU µs, in this thread and in LMDB's. */
function cpuNow(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

for (let fed = 0; fed < options.warmUp; fed += options.recordsPerCommit) feed();
await store.commit([{ task: id, progress: task.progress({}), entities: task.takeChanges() }], new Map());
task.stored();

let chunks = 0;
let bytes = 0;
let encodeMs = 0;
let longestMs = 0;
let cpuUs = 0;
for (let commit = 0; commit < options.commits; commit++) {
  feed();
  const cpu = cpuNow();
  const start = performance.now();
  const changes = task.takeChanges();
  const ms = performance.now() - start;
  await store.commit([{ task: id, progress: task.progress({}), entities: changes }], new Map());
  task.stored();
  cpuUs += cpuNow() - cpu;
  encodeMs += ms;
  longestMs = Math.max(longestMs, ms);
  chunks += changes.length;
  for (const { key, state } of changes) bytes += key.length + (state?.length ?? 0);
}

const records = options.commits * options.recordsPerCommit;
tell({
  chunksPerCommit: chunks / options.commits,
  bytesPerChunk: bytes / chunks,
  encodeUsPerChunk: (encodeMs * 1000) / chunks,
  encodeMs: encodeMs / options.commits,
  longestMs,
  cpuUsPerRecord: cpuUs / records,
});
await store.close();
