import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type CallOptions, type Outcome, tidemark } from '../cli/command-line.ts';
import { type Redis as RedisService, startRedis } from '../services/redis.ts';
import { freePort } from '../services/service.ts';
import { createTopic, type ProducedRecord, produce } from '../services/topics.ts';
import { WorkerProcess } from '../services/worker.ts';
import { parseLines } from '../sinks/offline-reader.ts';

/**
 * What users do wrong and what breaks, from the command line: each is told with its place and what to do, ends with
 * the right exit status, and loses nothing.
 */

const RECORDS = 2000;
const T = Date.UTC(2026, 0, 1);
/** No record of the schema: bytes that are no JSON, and no text either. */
const GARBAGE = Buffer.from([0xff, 0x00, 0x7b, 0x22, 0x0a]);
const GARBAGE_AT = [7, 1200];

const brokers = inject('kafkaBrokers');
const folder = mkdtempSync(join(tmpdir(), 'tidemark-bad-input-'));
const definitions = join(folder, 'clicks.ts');
const archive = join(folder, 'archive');
let topic: string;
let redis: RedisService;
let client: Redis;

function definitionsText(clicks: string, feature = "count({ last: '1h' })"): string {
  return `
import { count, defineFeatureGroup, defineSource, field } from 'tidemark';

export const clicks = defineSource({
  name: 'clicks',
  topic: '${clicks}',
  key: 'user_id',
  schema: { user_id: field.string, event_ts: field.timestampMillis },
  eventTime: { field: 'event_ts' },
});

export const userClicks = defineFeatureGroup({
  name: 'user_clicks',
  version: 1,
  source: clicks,
  entity: 'user_id',
  every: '5m',
  features: { clicks_1h: ${feature} },
});
`;
}

function* clicks(): Generator<ProducedRecord> {
  for (let index = 0; index < RECORDS; index++) {
    const timestamp = T + index * 1000;
    const key = `u${index % 50}`;
    const value = GARBAGE_AT.includes(index)
      ? GARBAGE
      : JSON.stringify({ user_id: key, event_ts: timestamp });
    yield { key, timestamp, value };
  }
}

/** A definitions file of its own, named for the test. */
function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

/** A path that nothing holds yet. */
function aPlace(): string {
  return join(folder, `place-${randomUUID().slice(0, 8)}`);
}

const replayTo = (out: string, from = archive) => ['replay', definitions, '--from', from, '--out', out];

function run(more: { defs?: string; redis?: string; brokers?: string; state?: string } = {}): string[] {
  const args = ['run', more.defs ?? definitions, '--app', `bad-${randomUUID().slice(0, 8)}`];
  args.push('--brokers', more.brokers ?? brokers, '--redis', more.redis ?? redis.url);
  return [...args, '--state-dir', more.state ?? aPlace(), '--durability', 'local', '--log-level', 'error'];
}

/** A call that fails: nothing on standard output, this on standard error, and nothing of it a stack trace. */
async function fails(args: readonly string[], says: string | RegExp, options?: CallOptions): Promise<void> {
  expectFailure(await tidemark(args, options), says);
}

function expectFailure({ exitCode, stdout, stderr }: Outcome, says: string | RegExp): void {
  expect({ exitCode, stdout }, stderr).toEqual({ exitCode: 1, stdout: '' });
  if (typeof says === 'string') expect(stderr).toBe(`tidemark: ${says}\n`);
  else expect(stderr).toMatch(says);
  expect(stderr).not.toMatch(/^ {4}at |This is a bug/m);
}

beforeAll(async () => {
  redis = await startRedis({ args: [] });
  client = new Redis(redis.url);
  topic = await createTopic(brokers, 'clicks');
  await produce(brokers, topic, clicks());
  writeFileSync(definitions, definitionsText(topic));
  const { exitCode, stderr } = await tidemark([
    'archive',
    '--brokers',
    brokers,
    '--topic',
    topic,
    '--out',
    archive,
  ]);
  expect(exitCode, stderr).toBe(0);
});

afterAll(async () => {
  client?.disconnect();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe('an archive with a file that is', () => {
  const AVRO = '00000000000000000000.avro';
  const avro = () => readFileSync(join(archive, topic, '0', AVRO));
  const line = (offset: number) => {
    const event_ts = T + offset * 1000;
    return `{"offset":${offset},"timestamp":${event_ts},"key":"u","value":{"user_id":"u","event_ts":${event_ts}}}\n`;
  };
  const lines = (count: number) => Array.from({ length: count }, (_, offset) => line(offset)).join('');
  const flipped = (bytes: Buffer, at: number) => {
    const damaged = Buffer.from(bytes);
    damaged[at]! ^= 0x55;
    return damaged;
  };

  /** How it is damaged, what is said of it, and how much of it can still be used at least. */
  const TABLE: readonly (readonly [
    what: string,
    extension: string,
    content: () => Buffer,
    says: RegExp,
    usable: number,
  ])[] = [
    [
      'torn Avro',
      'avro',
      () => avro().subarray(0, -100),
      /at byte \d+: the block of \d+ bytes runs over the end of the file, \d+ bytes on/,
      RECORDS / 2,
    ],
    [
      'Avro with a wrong byte',
      'avro',
      () => flipped(avro(), avro().length - 3),
      /at byte \d+: the block/,
      1000,
    ],
    [
      'no Avro at all',
      'avro',
      () => Buffer.from('offset,key,value\n'),
      /at byte 0: this is no Avro container file/,
      0,
    ],
    [
      'JSONL with a torn last line',
      'jsonl',
      () => Buffer.from(lines(100)).subarray(0, -20),
      /:100: the line is not JSON/,
      99,
    ],
    [
      'JSONL with a wrong line',
      'jsonl',
      () => Buffer.from(lines(100).replace('"offset":50', '"offset":-50')),
      /:51: the offset is -50/,
      99,
    ],
    [
      'torn gzip',
      'jsonl.gz',
      () => gzipSync(lines(3000)).subarray(0, -500),
      /:\d+: the file cannot be decompressed: unexpected end of file/,
      1,
    ],
    [
      'gzip with wrong bytes',
      'jsonl.gz',
      () => gzipSync(lines(3000)).fill(0xff, 3000, 3100),
      /:\d+: the (file cannot be decompressed|line is not JSON): /,
      1,
    ],
    [
      'torn zstd',
      'jsonl.zst',
      () => zstdCompressSync(lines(3000)).subarray(0, -10),
      /:\d+: the file cannot be decompressed: unexpected end of file/,
      0,
    ],
    [
      'not the zstd it is called',
      'jsonl.zst',
      () => gzipSync(lines(10)),
      /:\d+: the file cannot be decompressed: /,
      0,
    ],
  ];

  function damagedArchive(extension: string, content: Buffer): string {
    const dir = aPlace();
    mkdirSync(join(dir, topic, '0'), { recursive: true });
    writeFileSync(join(dir, topic, '0', `${'0'.repeat(20)}.${extension}`), content);
    return dir;
  }

  test.each(TABLE)('%s', async (_what, extension, content, says, usable) => {
    const dir = damagedArchive(extension, content());
    const file = join(dir, topic, '0', `${'0'.repeat(20)}.${extension}`);
    const out = aPlace();
    const remedy = 'Restore the file from its source, or go on without the damaged part with --skip-corrupt.';
    const strict = await tidemark(replayTo(out, dir));
    expectFailure(strict, says);
    expect(strict.stderr.startsWith(`tidemark: ${file}`), strict.stderr).toBe(true);
    expect(strict.stderr.endsWith(`\n  ${remedy}\n`), strict.stderr).toBe(true);
    expect(readdirSync(out)).toEqual([]);

    const lenient = await tidemark([...replayTo(out, dir), '--skip-corrupt']);
    expect({ exitCode: lenient.exitCode, stderr: lenient.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(lenient.stdout).toMatch(/passed over [\d,]+ corrupt places?:\n {2}/);
    expect(lenient.stdout).toMatch(says);
    expect(Number(/ ([\d,]+) records/.exec(lenient.stdout)![1]!.replaceAll(',', ''))).toBeGreaterThanOrEqual(
      usable,
    );
  });

  test('named as none of an archive is', async () => {
    const dir = aPlace();
    cpSync(archive, dir, { recursive: true });
    const file = join(dir, topic, '0', 'part-0.avro');
    renameSync(join(dir, topic, '0', AVRO), file);
    const out = aPlace();
    await fails(
      replayTo(out, dir),
      /part-0\.avro: this is no file of an archive\n {2}An archive is a directory/,
    );
    expect(existsSync(out)).toBe(false);
  });
});

describe('a folder that is', () => {
  test('no archive', async () => {
    const out = aPlace();
    await fails(replayTo(out, join(folder, 'none')), /none: the archive does not exist\n {2}An archive is /);
    await fails(
      replayTo(out, join(archive, topic)),
      `${join(archive, topic)}: the archive holds no topic '${topic}', but 0\n` +
        "  Name the source's topic as the archive does, or archive the topic first.",
    );
    expect(existsSync(out)).toBe(false);
  });

  test('full of an earlier replay, which stays as it was until --overwrite', async () => {
    const out = aPlace();
    expect((await tidemark(replayTo(out))).exitCode).toBe(0);
    const file = join(out, 'user_clicks/v=1/00000.parquet');
    const before = readFileSync(file);
    await fails(
      [...replayTo(out), '--rows', 'all'],
      `${join(out, 'user_clicks/v=1')}: the output directory already holds files\n` +
        '  Choose another --out, or replace what is there with --overwrite.',
    );
    expect(readFileSync(file)).toEqual(before);
    expect((await tidemark([...replayTo(out), '--rows', 'all', '--overwrite'])).exitCode).toBe(0);
    expect(readFileSync(file)).not.toEqual(before);
  });

  test('a file', async () => {
    const file = write('a-file', '');
    await fails(replayTo(file), /a-file: cannot make the output directory: EEXIST/);
    await fails(
      run({ state: join(file, 'state') }),
      /a-file\/state\/data\.mdb: cannot open the state: ENOTDIR/,
    );
    const copy = ['archive', '--brokers', brokers, '--topic', topic, '--out', file];
    await fails(
      copy,
      /a-file.*the archive cannot be written: ENOTDIR.*\n {2}See that the directory can be written/,
    );
    await fails(['demo', '--out', join(file, 'demo')], /ENOTDIR.*a-file\/demo.*\n {2}Check that the place/);
  });

  test('not to be written', async () => {
    const closed = aPlace();
    mkdirSync(closed);
    chmodSync(closed, 0o555);
    const place = join(closed, 'x');
    const copy = ['archive', '--brokers', brokers, '--topic', topic, '--out', place];
    for (const [args, says] of [
      [
        replayTo(place),
        /cannot make the output directory: EACCES.*\n {2}Check that the place can be written/,
      ],
      [copy, /the archive cannot be written: EACCES.*\n {2}See that the directory can be written/],
      [run({ state: place }), /cannot open the state: EACCES.*\n {2}Check that the directory can be read/],
      [['demo', '--out', place], /EACCES.*\n {2}Check that the place can be read and written/],
    ] as const) {
      expectFailure(await withoutPrivileges(args), says);
    }
    expect(readdirSync(closed)).toEqual([]);
  });

  test('on a full disk', async () => {
    const room = 16 * 1024;
    const out = aPlace();
    const rows = [...replayTo(out), '--rows', 'all', '--format', 'jsonl'];
    expectFailure(await withFilesUpTo(room, rows), /cannot write: EFBIG.*\n {2}Check that the place can be/);
    expect(readdirSync(out)).toEqual([]);
    expect((await tidemark(rows)).exitCode).toBe(0);

    const copy = ['archive', '--brokers', brokers, '--topic', topic, '--out', aPlace()];
    expectFailure(await withFilesUpTo(room, copy), /the archive cannot be written: EFBIG.*\n {2}See that/);
    const resumed = await tidemark([...copy, '--json']);
    expect(JSON.parse(resumed.stdout)).toMatchObject({ records: RECORDS });

    expectFailure(await withFilesUpTo(room, run()), /cannot open the state: EFBIG.*\n {2}Check that the/);
  });
});

/** Even root may not write what is closed to it then. */
function withoutPrivileges(args: readonly string[]): Promise<Outcome> {
  if (process.getuid?.() !== 0) return tidemark(args);
  const drop = ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--inh-caps=-all'];
  return tidemark(args, { through: drop });
}

/** A limit to the length of a file stands for the end of the disk. */
function withFilesUpTo(bytes: number, args: readonly string[]): Promise<Outcome> {
  const script = `trap '' XFSZ; ulimit -f ${bytes / 1024}; exec "$@"`;
  return tidemark(args, { through: ['bash', '-c', script, 'limited'] });
}

describe('a record of garbage', () => {
  const rejections = GARBAGE_AT.map((offset) => ({
    partition: 0,
    offset,
    timestamp: T + offset * 1000,
    reason: 'undecodable',
    detail: expect.stringMatching(/JSON|UTF-8/),
    key: Buffer.from(`u${offset % 50}`).toString('base64'),
    value: GARBAGE.toString('base64'),
  }));

  test('replayed is counted and stands in rejected.jsonl, byte for byte', async () => {
    const out = aPlace();
    const { exitCode, stdout, stderr } = await tidemark([...replayTo(out), '--json']);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const [source] = JSON.parse(stdout).sources;
    expect(source).toMatchObject({ records: RECORDS, rejected: { undecodable: 2 }, corruptPlaces: 0 });
    const file = join(out, '_sources/clicks/rejected.jsonl');
    expect(parseLines(readFileSync(file, 'utf8'))).toEqual(rejections);
  });

  test('met by a worker is counted and stands in rejected.jsonl, byte for byte', async () => {
    const state = aPlace();
    const [, ...args] = run({ state, redis: `${redis.url}/1` });
    const worker = new WorkerProcess([
      ...args,
      '--log-level',
      'info',
      '--report-interval',
      '200ms',
      '--json',
    ]);
    await worker.says(`"lag":0,"records":${RECORDS},`);
    const { exitCode, stdout, stderr } = await worker.terminate();
    expect(exitCode, stderr).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ records: RECORDS, rejected: { undecodable: 2 } });
    const file = join(state, 'dead-letters/_sources/clicks/rejected.jsonl');
    expect(parseLines(readFileSync(file, 'utf8'))).toEqual(rejections);
  });
});

describe('definitions', () => {
  const TABLE: readonly (readonly [what: string, text: () => string, says: (file: string) => string])[] = [
    [
      'that read the clock',
      () => definitionsText(topic, "count({ last: '1h', where: (t) => t.event_ts > Date.now() - 5 })"),
      (file) =>
        `${file}:18:73: 'Date.now' reads the clock or the machine's zone\n` +
        '  a row depends on the log alone: use a time field of the record, and a range like last: "1h" for how long ago',
    ],
    [
      'with a syntax error',
      () => 'export const clicks = {\n  name: clicks clicks,\n};\n',
      (file) =>
        `${file}:2:16: the file is no valid JavaScript or TypeScript: Expected ',', got 'ident'\n  mend the syntax`,
    ],
    [
      'without exports',
      () => 'const clicks = 1;\n',
      (file) =>
        `${file}: this file exports no source and no feature group\n` +
        '  export what defineSource and defineFeatureGroup give: export const transactions = defineSource({ … })',
    ],
  ];

  test.each(TABLE)(
    '%s are refused by every command, which leaves nothing behind',
    async (what, text, says) => {
      const file = write(`${what.replaceAll(' ', '-')}.ts`, text());
      const [out, state] = [aPlace(), aPlace()];
      await fails(['check', file], says(file));
      await fails(['replay', file, '--from', archive, '--out', out], says(file));
      await fails(run({ defs: file, state }), says(file));
      expect([existsSync(out), existsSync(state)]).toEqual([false, false]);
    },
  );
});

describe('a worker with a wrong', () => {
  test('Kafka address ends within a bounded time', { timeout: 60_000 }, async () => {
    const port = await freePort();
    await fails(
      run({ brokers: `127.0.0.1:${port}` }),
      `Kafka cannot be reached at 127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}\n` +
        '  Check --brokers, that the broker runs, and whether it wants TLS or a log-in.',
    );
  });

  test('Kafka address where something else listens does so too', { timeout: 60_000 }, async () => {
    const other = redis.url.slice('redis://'.length);
    await fails(run({ brokers: other }), new RegExp(`^tidemark: Kafka cannot be reached at ${other}: `));
  });

  test('Redis address ends at once, and never tells the password', async () => {
    const port = await freePort();
    await fails(
      run({ redis: `redis://me:hunter2@127.0.0.1:${port}` }),
      `Redis at 127.0.0.1:${port} cannot be reached: connect ECONNREFUSED 127.0.0.1:${port}\n` +
        '  Start it, or correct the URL.',
    );
    await fails(run({ redis: `redis://${brokers}` }), /^tidemark: Redis at [\d.:]+ cannot be reached: /);
  });

  test('password, or none, ends at once, and never tells either', async () => {
    await client.config('SET', 'requirepass', 'correct-horse');
    try {
      const host = redis.url.slice('redis://'.length);
      const wrong = run({ redis: `redis://:battery-staple@${host}` });
      for (const args of [wrong, [...wrong, '--json'], [...wrong, '--log-level', 'debug']]) {
        const { exitCode, stdout, stderr } = await tidemark(args);
        expect(exitCode).toBe(1);
        expect(stderr).toContain('refuses the user name or password (WRONGPASS)');
        expect(stdout + stderr).not.toMatch(/battery|staple|horse/);
      }
      await fails(
        run(),
        `Redis at ${host} wants a password (NOAUTH)\n  Put it into the URL: redis://USER:PASSWORD@HOST:PORT.`,
      );
    } finally {
      await client.config('SET', 'requirepass', '');
    }
  });

  test('topic is told of one like it', async () => {
    const defs = write('wrong-topic.ts', definitionsText(topic.replace('clicks', 'click')));
    await fails(
      run({ defs }),
      `the topic "${topic.replace('clicks', 'click')}" does not exist; there is "${topic}"\n` +
        "  Create it, or correct the source's name or `topic`, or --brokers.",
    );
  });

  test('key in its file of settings ends with 2', async () => {
    const config = write('worker.json', '{\n  "app": "risk",\n  "reddis": "redis://:hunter2@localhost"\n}\n');
    const { exitCode, stdout, stderr } = await tidemark(['run', definitions, '--config', config]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toBe(`tidemark: ${config}:3:3: unknown setting 'reddis'\n  Did you mean redis?\n`);
  });
});

describe('a state directory', () => {
  test('that another worker uses is refused by its process', async () => {
    const state = aPlace();
    const worker = new WorkerProcess([
      ...run({ state, redis: `${redis.url}/2` }).slice(1),
      '--log-level',
      'info',
    ]);
    await worker.assigned();
    await fails(
      run({ state }),
      `${state}: the state directory is in use by process ${worker.pid}\n` +
        '  Stop that process, or give this one a state directory of its own.',
    );
    expect((await worker.terminate()).exitCode).toBe(0);
  });

  test('of another definition is refused, and still good for its own', async () => {
    const state = aPlace();
    const args = run({ state, redis: `${redis.url}/3` }).slice(1);
    const settings = [...args, '--log-level', 'info', '--report-interval', '200ms', '--json'];
    const first = new WorkerProcess(settings);
    await first.says(`"lag":0,"records":${RECORDS},`);
    await first.terminate();
    const changed = write('changed.ts', definitionsText(topic, "count({ last: '2h' })"));
    await fails(
      run({ defs: changed, state }),
      'the definition of user_clicks version 1 has changed since its state was made ' +
        `(${topic}, partition 0, up to offset ${RECORDS})\n` +
        '  Raise the version of user_clicks, so that the new definition gets rows and state of its own; or undo ' +
        'the change; or give the worker another state directory and --app, to start over.',
    );
    const again = new WorkerProcess(settings);
    await again.says('"lag":0,"records":0,');
    expect((await again.terminate()).exitCode).toBe(0);
  });
});
