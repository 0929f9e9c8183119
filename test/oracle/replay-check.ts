import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Value } from '../../src/definitions/definition.ts';
import type { Revision } from '../../src/operators/revision.ts';
import { APP, type ArchiveLayout, hasMarks, writeArchive } from './archive.ts';
import { type Definition, SAMPLE, SOURCE_NAME, TALLY, TOPIC, tallyOf } from './definition-arbitrary.ts';
import type { WrittenRecord } from './log-arbitrary.ts';
import { Oracle, selectRows } from './oracle.ts';

/** What a replay writes of one group: its rows and dead letters, and those of its source. */
interface Output {
  readonly rows: readonly unknown[];
  readonly dropped: readonly unknown[];
  readonly rejectedByGroup: readonly unknown[];
  readonly rejectedBySource: readonly unknown[];
}

/** The part of a definition that decides one group's output. */
type Group = Pick<Definition, 'group' | 'entityFields'>;

type RowSelection = 'all' | 'revisions' | 'final';

export interface ReplayCase {
  readonly definition: Definition;
  readonly log: readonly WrittenRecord[];
  readonly rows: RowSelection;
  readonly layout: ArchiveLayout;
  readonly recordsPerFile: number;
}

/** The first difference as text, and the folder with the case's definitions, archive and output. */
export interface ReplayDifference {
  readonly text: string;
  readonly directory: string;
}

/**
 * Runs `tidemark replay` on the case and compares every line that it writes with the oracle's.
 * Returns null when they agree; else the files of the case stay.
 */
export async function checkReplay(replayCase: ReplayCase): Promise<ReplayDifference | null> {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-replay-'));
  const archive = join(directory, 'archive');
  const definitions = join(directory, 'definitions.ts');
  const out = join(directory, 'out');
  mkdirSync(join(archive, TOPIC), { recursive: true });
  await writeArchive(archive, replayCase.log, replayCase);
  writeFileSync(definitions, replayCase.definition.text);
  const journal = hasMarks(replayCase.log) ? ['--journal', APP] : [];
  const arguments_ = ['replay', definitions, '--from', archive, ...journal, '--out', out];
  const command = await run([...arguments_, '--rows', replayCase.rows, '--format', 'jsonl']);
  const difference =
    command.status === 0
      ? differenceOf(replayCase, out)
      : `tidemark ended with ${command.status}:\n${command.text}`;
  if (difference === null) {
    rmSync(directory, { recursive: true });
    return null;
  }
  return { text: `${difference}\n  --rows ${replayCase.rows}, files in ${directory}`, directory };
}

function differenceOf({ definition, log, rows }: ReplayCase, out: string): string | null {
  const groups = [
    [SAMPLE, definition],
    [TALLY, tallyOf(definition)],
  ] as const;
  for (const [{ name, version }, group] of groups) {
    const actual = readOutput(out, join(out, name, `v=${version}`));
    const difference = firstDifference(expectedOutput(group, log, rows), actual);
    if (difference !== null) return `${name}: ${difference}`;
  }
  return null;
}

function run(arguments_: readonly string[]): Promise<{ status: number | null; text: string }> {
  const entry = new URL('../../bin/tidemark.js', import.meta.url).pathname;
  const child = spawn(process.execPath, [entry, ...arguments_], { stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, text }));
  });
}

function expectedOutput(group: Group, log: readonly WrittenRecord[], rows: RowSelection): Output {
  const revisions: Revision[] = [];
  const dropped: unknown[] = [];
  const rejected: { by: 'source' | 'group'; line: unknown }[] = [];
  const partitions = [...new Set(log.map((record) => record.partition))].sort((a, b) => a - b);
  for (const partition of partitions) {
    const oracle = new Oracle(group.group);
    const records = log.filter((record) => record.partition === partition);
    for (const record of records) oracle.process(record);
    revisions.push(...oracle.revisions);
    for (const drop of oracle.dropped) {
      const { offset, timestamp, eventTime, watermark, missedFirst, missedLast, missedCount } = drop;
      dropped.push({
        partition,
        offset,
        timestamp,
        event_time: eventTime,
        watermark,
        missed_first: missedFirst,
        missed_last: missedLast,
        missed_count: missedCount,
      });
    }
    for (const { offset, by, reason } of oracle.rejected) {
      const record = records.find((candidate) => candidate.offset === offset)!;
      rejected.push({ by, line: rejectedLine(record, reason) });
    }
  }
  return {
    rows: selectRows(revisions, rows).map((revision) => rowLine(group, revision)),
    dropped,
    rejectedByGroup: rejected.filter(({ by }) => by === 'group').map(({ line }) => line),
    rejectedBySource: rejected.filter(({ by }) => by === 'source').map(({ line }) => line),
  };
}

function rejectedLine(record: WrittenRecord, reason: string): unknown {
  const { partition, offset, timestamp, key, valueText } = record;
  const base64 = (text: string | null) => (text === null ? null : Buffer.from(text).toString('base64'));
  const value = valueText === 'null' ? null : valueText;
  return { partition, offset, timestamp, reason, key: base64(key), value: base64(value) };
}

function rowLine(group: Group, revision: Revision): unknown {
  return {
    ...Object.fromEntries(group.entityFields.map((name, index) => [name, revision.entity[index]])),
    window_end: revision.windowEnd,
    version: revision.version,
    known_at: revision.knownAt,
    timing: revision.timing,
    deleted: revision.deleted,
    ...Object.fromEntries(
      group.group.features.map((feature, index) => [feature.name, asJson(revision.values[index]!)]),
    ),
  };
}

/** A map is an object, its keys as text. */
function asJson(value: Value | null): unknown {
  return value instanceof Map ? Object.fromEntries(value) : value;
}

const DEAD_LETTERS = ['dropped.jsonl', 'rejected.jsonl'];

function readOutput(out: string, folder: string): Output {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const rowFiles = files.filter((name) => name.endsWith('.jsonl') && !DEAD_LETTERS.includes(name)).sort();
  const sourceFile = join(out, '_sources', SOURCE_NAME, 'rejected.jsonl');
  return {
    rows: rowFiles.flatMap((name) => readLines(join(folder, name))),
    dropped: byPosition(readLines(join(folder, 'dropped.jsonl'))),
    rejectedByGroup: byPosition(withoutDetail(readLines(join(folder, 'rejected.jsonl')))),
    rejectedBySource: byPosition(withoutDetail(readLines(sourceFile))),
  };
}

type Line = Record<string, unknown>;

function readLines(file: string): Line[] {
  if (!existsSync(file)) throw new Error(`${file} is not there`);
  const text = readFileSync(file, 'utf8');
  if (text !== '' && !text.endsWith('\n')) throw new Error(`${file} ends within a line`);
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Line);
}

/** The detail is for a person: it must be there, whatever it says. */
function withoutDetail(lines: readonly Line[]): Line[] {
  return lines.map(({ detail, ...line }) =>
    typeof detail === 'string' && detail !== '' ? line : { ...line, detail: 'missing' },
  );
}

function byPosition(lines: readonly Line[]): Line[] {
  const place = (line: Line) => [line['partition'], line['offset']] as [number, number];
  return [...lines].sort((a, b) => place(a)[0] - place(b)[0] || place(a)[1] - place(b)[1]);
}

function firstDifference(expected: Output, actual: Output): string | null {
  for (const part of ['rejectedBySource', 'rejectedByGroup', 'dropped', 'rows'] as const) {
    const length = Math.max(expected[part].length, actual[part].length);
    for (let index = 0; index < length; index += 1) {
      const [wanted, got] = [expected[part][index], actual[part][index]];
      const sameOrder =
        part !== 'rows' || isDeepStrictEqual(Object.keys(wanted ?? {}), Object.keys(got ?? {}));
      if (isDeepStrictEqual(wanted, got) && sameOrder) continue;
      const [oracle, replay] = [JSON.stringify(wanted), JSON.stringify(got)];
      return `${part}[${index}] of ${length}\n  oracle ${oracle}\n  replay ${replay}`;
    }
  }
  return null;
}
