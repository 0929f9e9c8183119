import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it, test, vi } from 'vitest';
import type { FeatureType, Value } from '../../src/definitions/definition.ts';
import type { OnlineAnswer } from '../../src/serving/online-reader.ts';
import {
  compileEntryReader,
  parseServedLine,
  type ServedLogSink,
  servedLine,
} from '../../src/serving/served-log.ts';
import { ServedLog } from '../../src/serving/served-log-buffer.ts';
import { ServedLogFiles } from '../../src/serving/served-log-files.ts';
import { ServedLogReader } from '../../src/serving/served-log-reader.ts';
import { aGroup } from '../sinks/a-group.ts';

const folder = mkdtempSync(join(tmpdir(), 'tidemark-served-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const T = 1_700_000_000_000;

const group = aGroup({
  name: 'cards',
  entity: ['card', 'hash'],
  entityKinds: { hash: 'bytes' },
  features: {
    n: 'integer',
    share: 'number',
    geo: 'string',
    flag: 'boolean',
    raw: 'bytes',
    recent: { kind: 'list', of: 'number' },
    by_shop: { kind: 'map', key: 'string', value: 'integer' },
    by_hour: { kind: 'map', key: 'integer', value: 'number' },
  },
});

const readEntry = compileEntryReader(group);

function anAnswer(more: Partial<OnlineAnswer> = {}): OnlineAnswer {
  return {
    group: 'cards',
    groupVersion: 1,
    fingerprint: group.fingerprint,
    entity: { card: 'c1', hash: Uint8Array.of(1) },
    windowEnd: T,
    version: 41,
    knownAt: T + 7,
    leave: T + 60_000,
    dueToFall: false,
    values: { n: 1, share: null },
    ...more,
  };
}

const doubles = fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => n + 0);
const texts = fc.string({ unit: 'binary' }).map((text) => text.toWellFormed());
const integers = fc.maxSafeInteger().map((n) => n + 0);

function valueArbitrary(type: FeatureType): fc.Arbitrary<Value> {
  if (typeof type === 'object') {
    if (type.kind === 'list') return fc.array(valueArbitrary(type.of) as fc.Arbitrary<number>);
    const entry = fc.tuple(valueArbitrary(type.key), valueArbitrary(type.value));
    return fc.array(entry as fc.Arbitrary<[string, number]>).map((entries) => new Map(entries));
  }
  return {
    integer: integers,
    number: doubles,
    string: texts,
    boolean: fc.boolean(),
    bytes: fc.uint8Array(),
  }[type];
}

const valuesArbitrary = fc.record(
  Object.fromEntries(
    group.features.map(({ name, valueType }) => [name, fc.option(valueArbitrary(valueType))]),
  ),
);

describe('a line of the served log', () => {
  it('gives back every answer to the bit', () => {
    fc.assert(
      fc.property(texts, fc.uint8Array(), valuesArbitrary, integers, (card, hash, values, version) => {
        const answer = anAnswer({ entity: { card, hash }, values, version });
        const line = servedLine(T, answer);
        expect(line).not.toContain('\n');
        const entry = parseServedLine(line);
        expect(entry).toMatchObject({
          at: T,
          group: 'cards',
          groupVersion: 1,
          fingerprint: group.fingerprint,
          row: { windowEnd: T, version, knownAt: T + 7 },
        });
        const typed = readEntry(entry);
        expect(
          typed.entity.map((part) => (typeof part === 'string' ? part : [...(part as Uint8Array)])),
        ).toEqual([card, [...hash]]);
        expect(asPlain(typed.values!)).toEqual(asPlain(Object.entries(values)));
      }),
    );
  });

  it('tells of an entity that had no row', () => {
    const nothing = { windowEnd: null, version: null, knownAt: null, values: { n: null } };
    const entry = parseServedLine(servedLine(T, anAnswer(nothing)));
    expect(entry.row).toBeNull();
    expect(readEntry(entry).values).toBeNull();
  });

  const line = JSON.parse(servedLine(T, anAnswer())) as Record<string, unknown>;
  it.each([
    ['{"format":1,', 'the line is not JSON'],
    ['[1]', 'the line is not a JSON object'],
    ['{}', 'the line is of format none, not 1'],
    [JSON.stringify({ ...line, format: 2 }), 'the line is of format 2, not 1'],
    [JSON.stringify({ ...line, at: '7' }), '"at": found the text "7", expected an integer'],
    [JSON.stringify({ ...line, version: undefined }), '"version": found nothing, expected an integer'],
    [JSON.stringify({ ...line, values: [1] }), '"values": found an array, expected an object'],
    [
      JSON.stringify({ ...line, version: null }),
      '"window_end": found the number 1700000000000, expected null, as the version is',
    ],
  ])('%s is none', (text, message) => {
    expect(() => parseServedLine(text)).toThrow(expect.objectContaining({ name: 'ServedLogError', message }));
  });

  it.each([
    [
      { entity: { card: 'c1' } },
      "the entity is none of cards: field 'hash': found nothing, expected bytes (in JSON, base64 text)",
    ],
    [{ values: { m: 1 } }, 'cards has no feature "m"'],
    [{ values: { n: '1' } }, 'the value of n is of type string, not number'],
    [{ values: { recent: {} } }, 'the value of recent is of type object, not array'],
  ])('%j is not of the group', (change, message) => {
    const entry = parseServedLine(JSON.stringify({ ...line, ...change }));
    expect(() => readEntry(entry)).toThrow(expect.objectContaining({ message }));
  });
});

/** Values that can be told apart wherever their bits differ. */
function asPlain(entries: Iterable<readonly [string, Value | null]>): unknown {
  return [...entries].map(([name, value]) => {
    if (value instanceof Uint8Array) return [name, 'bytes', [...value]];
    if (value instanceof Map) return [name, 'map', new Map(value)];
    return [name, typeof value, value];
  });
}

/** A sink that fails or hangs when told to. */
class TestSink implements ServedLogSink {
  readonly lines: string[] = [];
  state: 'writes' | 'fails' | 'hangs' = 'writes';
  closed = false;
  async write(lines: readonly string[]) {
    if (this.state === 'hangs') await new Promise(() => {});
    if (this.state === 'fails') throw new Error('no space left on device');
    this.lines.push(...lines);
  }
  async close() {
    this.closed = true;
  }
}

function aLog(
  sink: ServedLogSink,
  options: { rate?: number; capacity?: number; random?: () => number } = {},
) {
  const said: string[] = [];
  const logger = { warn: (text: string) => said.push(text), info: (text: string) => said.push(text) };
  const log = new ServedLog({ sink, rate: 1, capacity: 10, logger, ...options });
  return { log, said };
}

const answers = (n: number) => Array.from({ length: n }, (_, i) => anAnswer({ version: i + 1 }));
const versionsOf = (lines: readonly string[]) => lines.map((line) => parseServedLine(line).row?.version);

describe('the served log', () => {
  it('writes answers in their order, after the call that took them', async () => {
    const sink = new TestSink();
    const { log } = aLog(sink, { capacity: 2000 });
    log.add(T, answers(1200));
    expect(sink.lines).toEqual([]);
    await log.close(1000);
    expect(versionsOf(sink.lines)).toEqual(Array.from({ length: 1200 }, (_, i) => i + 1));
    expect(log.counts).toEqual({ written: 1200, dropped: 0 });
    expect(sink.closed).toBe(true);
  });

  it('draws each answer by itself, at the rate', async () => {
    const sink = new TestSink();
    const draws = [0.1, 0.3, 0.29, 0.9, 0];
    const { log } = aLog(sink, { rate: 0.3, random: () => draws.shift()! });
    log.add(T, answers(5));
    await log.close(1000);
    expect(versionsOf(sink.lines)).toEqual([1, 3, 5]);
    expect(log.counts).toEqual({ written: 3, dropped: 0 });
  });

  it('counts what comes while the buffer is full, and writes what was in it when the sink is back', async () => {
    const sink = new TestSink();
    sink.state = 'fails';
    const { log, said } = aLog(sink);
    log.add(T, answers(7));
    await vi.waitFor(() => expect(said).toHaveLength(1));
    log.add(T, answers(7));
    expect(log.waiting).toBe(10);
    expect(log.counts).toEqual({ written: 0, dropped: 4 });
    sink.state = 'writes';
    await vi.waitFor(() => expect(log.counts).toEqual({ written: 10, dropped: 4 }), 5000);
    expect(versionsOf(sink.lines)).toEqual([1, 2, 3, 4, 5, 6, 7, 1, 2, 3]);
    expect(said).toEqual([
      'the served log cannot be written: no space left on device; up to 10 answers wait, then some are dropped',
      'the served log is written again; 4 answers were dropped so far',
    ]);
    await log.close(1000);
  });

  it.each(['fails', 'hangs'] as const)(
    'counts what it could not write when it is closed: the sink %s',
    async (state) => {
      const sink = new TestSink();
      sink.state = state;
      const { log } = aLog(sink);
      log.add(T, answers(12));
      await log.close(50);
      expect(log.counts).toEqual({ written: 0, dropped: 12 });
      expect(log.waiting).toBe(0);
    },
  );
});

describe('files of the served log', () => {
  const linesIn = async (path: string) => {
    const reader = new ServedLogReader(path);
    const versions: (number | undefined)[] = [];
    for await (const { entry } of reader.entries()) versions.push(entry.row?.version);
    return { versions, torn: reader.torn };
  };
  const lines = (...versions: number[]) => versions.map((version) => servedLine(T, anAnswer({ version })));

  it('are followed by another when they are large or old, and their names sort by time', async () => {
    const path = join(folder, 'rotated');
    let now = T;
    const files = new ServedLogFiles({ folder: path, maxBytes: 400, maxAgeMs: 60_000, now: () => now });
    await files.write(lines(1));
    await files.write(lines(2));
    await files.write(lines(3));
    now += 60_000;
    await files.write(lines(4));
    now += 59_999;
    await files.write(lines(5));
    await files.close();
    const names = readdirSync(path).sort();
    expect(names.map((name) => name.replace(/-[0-9a-f]{8}\.jsonl$/, ''))).toEqual([
      'served-20231114T221320000Z-000000',
      'served-20231114T221320000Z-000001',
      'served-20231114T221420000Z-000002',
    ]);
    expect(await linesIn(path)).toEqual({ versions: [1, 2, 3, 4, 5], torn: [] });
    expect(await linesIn(join(path, names[2]!))).toEqual({ versions: [4, 5], torn: [] });
  });

  it('of two servers that begin in one millisecond are two', async () => {
    const path = join(folder, 'shared');
    const options = { folder: path, maxBytes: 1e6, maxAgeMs: 60_000, now: () => T };
    const servers = [new ServedLogFiles(options), new ServedLogFiles(options)];
    await Promise.all(servers.map((files, n) => files.write(lines(n + 1))));
    await Promise.all(servers.map((files) => files.close()));
    const { versions } = await linesIn(path);
    expect(versions.sort()).toEqual([1, 2]);
  });

  it('are begun anew after a failure', async () => {
    const path = join(folder, 'late');
    writeFileSync(path, '');
    const files = new ServedLogFiles({ folder: path, maxBytes: 1e6, maxAgeMs: 60_000 });
    await expect(files.write(lines(1))).rejects.toThrow('EEXIST');
    rmSync(path);
    await files.write(lines(2));
    await files.close();
    expect(await linesIn(path)).toEqual({ versions: [2], torn: [] });
  });

  it('hold texts with every kind of line end as they were', async () => {
    const path = join(folder, 'ends');
    const card = 'a\nb\rc\u2028d\u2029e\u0085';
    const files = new ServedLogFiles({ folder: path, maxBytes: 1e6, maxAgeMs: 60_000 });
    await files.write([servedLine(T, anAnswer({ entity: { card, hash: Uint8Array.of() } }))]);
    await files.close();
    const { value } = await new ServedLogReader(path).entries().next();
    expect(value.entry.entity).toMatchObject({ card });
  });

  it('are read up to a line that a killed server left unfinished, which is told', async () => {
    const path = join(folder, 'torn.jsonl');
    writeFileSync(path, `${lines(1, 2).join('\n')}\n${lines(3)[0]!.slice(0, -1)}`);
    expect(await linesIn(path)).toEqual({ versions: [1, 2], torn: [{ file: path, line: 3 }] });
    appendFileSync(path, '}\n');
    expect(await linesIn(path)).toEqual({ versions: [1, 2, 3], torn: [] });
  });

  it('that hold something else are refused with file and line', async () => {
    const path = join(folder, 'foreign.jsonl');
    writeFileSync(path, `${lines(1)[0]}\nhello\n`);
    await expect(linesIn(path)).rejects.toMatchObject({
      code: 'SERVED_LOG_LINE',
      place: { file: path, line: 2 },
    });
  });

  test.each(['absent', 'empty'])('that are not there are refused: %s', (name) => {
    const path = join(folder, name);
    if (name === 'empty') mkdirSync(path);
    expect(statSync(path, { throwIfNoEntry: false }) === undefined).toBe(name === 'absent');
    expect(() => new ServedLogReader(path)).toThrow(
      expect.objectContaining({ code: 'SERVED_LOG_MISSING', place: { file: path } }),
    );
  });
});
