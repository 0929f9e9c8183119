import { existsSync, globSync } from 'node:fs';
import { join, relative } from 'node:path';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { compareOnline } from '../../src/replay/compare-online.ts';
import type { ReplaySummary } from '../../src/replay/options.ts';
import { groupFolder } from '../../src/sinks/group-folder.ts';
import { openRedisStore } from '../../src/sinks/redis-store.ts';
import { tidemark } from '../cli/command-line.ts';
import { differingLines } from './differing-lines.ts';
import { LIVE_REVISIONS, writeLiveOutputs } from './live-outputs.ts';

export interface OutcomeOptions {
  readonly definitionsFile: string;
  readonly brokers: string;
  readonly redisUrl: string;
  readonly app: string;
  /** Of the source. */
  readonly topic: string;
  readonly revisionsTopic: string;
  /** An empty folder, for the archive and what a replay makes of it. */
  readonly folder: string;
}

/** What live left, and how it differs from what a replay of the archived topic says. */
export interface Outcome {
  readonly records: number;
  readonly onlineRows: number;
  readonly revisions: number;
  readonly deadLetters: number;
  readonly late: number;
  /** Of idle partitions. */
  readonly marks: number;
  readonly replay: ReplaySummary;
  /** A replay of all revisions, in Parquet. */
  readonly rows: string;
  /** Empty when live and replay agree. */
  readonly differences: readonly string[];
}

/**
 * Archives the topic with the journal of its idle partitions, replays it, and holds against it the rows in Redis, and every revision, rejected and late record
 * in the app's topics: each must be there, once.
 */
export async function judgeOutcome(options: OutcomeOptions): Promise<Outcome> {
  const { definitionsFile, brokers, app, topic, revisionsTopic, folder } = options;
  const [archive, rows, lines, live] = ['archive', 'rows', 'lines', 'live'].map((name) => join(folder, name));
  const source = ['--brokers', brokers, '--topic', topic, '--journal', app];
  const { records } = await answerOf(['archive', ...source, '--out', archive!]);
  const replaying = ['replay', definitionsFile, '--from', archive!, '--journal', app, '--rows', 'all'];
  const replay: ReplaySummary = await answerOf([...replaying, '--out', rows!]);
  await answerOf([...replaying, '--out', lines!, '--format', 'jsonl']);
  const online = await compareRedis(options, rows!);
  const { disorder, ...counts } = await writeLiveOutputs({ brokers, app, revisionsTopic }, live!);
  const differences = [...online.differences, ...disorder, ...(await differencesOfFiles(lines!, live!))];
  const marks = replay.sources.reduce((sum, source) => sum + source.marks, 0);
  return { records, onlineRows: online.rows, ...counts, marks, replay, rows: rows!, differences };
}

async function compareRedis(
  { definitionsFile, redisUrl }: OutcomeOptions,
  replayed: string,
): Promise<{ rows: number; differences: readonly string[] }> {
  const { groups } = await loadDefinitions(definitionsFile);
  const store = await openRedisStore({ url: redisUrl });
  try {
    const differences: string[] = [];
    let rows = 0;
    for (const group of groups) {
      const comparison = await compareOnline(group, join(replayed, groupFolder(group)), store);
      rows += comparison.rows;
      for (const difference of comparison.differences) differences.push(`Redis: ${difference}`);
    }
    return { rows, differences };
  } finally {
    await store.close();
  }
}

/** Both folders are of the form of a replay's; the rows of a group are in files of several names. */
async function differencesOfFiles(replayed: string, live: string): Promise<string[]> {
  const differences: string[] = [];
  const kinds = new Set(
    [...globSync(join(replayed, '**/*.jsonl')), ...globSync(join(live, '**/*.jsonl'))].map((file) =>
      relative(file.startsWith(live) ? live : replayed, file).replace(/\d+\.jsonl$/, LIVE_REVISIONS),
    ),
  );
  for (const kind of kinds) {
    const expected = kind.endsWith(LIVE_REVISIONS) ? kind.replace(LIVE_REVISIONS, '[0-9]*.jsonl') : kind;
    const found = join(live, kind);
    const { missing, surplus } = await differingLines(
      globSync(join(replayed, expected)),
      existsSync(found) ? [found] : [],
    );
    for (const line of missing) differences.push(`${kind}: missing in the topic: ${line}`);
    for (const line of surplus) differences.push(`${kind}: in the topic only, or too often: ${line}`);
  }
  return differences;
}

async function answerOf(args: readonly string[]) {
  const { exitCode, stdout, stderr } = await tidemark([...args, '--json']);
  if (exitCode !== 0) throw new Error(`tidemark ${args.join(' ')} ended with ${exitCode}: ${stderr}`);
  return JSON.parse(stdout);
}
