import { resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Drivers } from '../../src/cli/drivers.ts';
import { createProgram } from '../../src/cli/main.ts';
import {
  DEFAULT_MAX_ENTITY_STATE,
  type Definitions,
  type Feature,
  type FeatureGroup,
  type Range,
  type Source,
} from '../../src/definitions/definition.ts';
import type { DemoResult } from '../../src/demo/options.ts';
import type { StoreDescription } from '../../src/offline/describe.ts';
import type { JudgedAnswer, ProofSummary } from '../../src/proof/options.ts';
import type { ReplaySummary } from '../../src/replay/options.ts';
import type { ArchiveOptions } from '../../src/sources/kafka-options.ts';
import type { JoinSummary } from '../../src/training/options.ts';

/** What a command wrote to standard output. */
let stdout = '';
beforeEach(() => {
  stdout = '';
  vi.stubEnv('TIDEMARK_REDIS', undefined);
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    stdout += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const SUMMARY: ReplaySummary = {
  sources: [
    {
      source: 'transactions',
      partitions: 4,
      records: 12_000,
      marks: 1500,
      marksBeyond: 2,
      rejected: { schema: 2, ahead: 1 },
      corruptPlaces: 101,
      corrupt: [
        { place: { file: '/archive/transactions/0/0.jsonl', line: 3 }, message: 'the line is not JSON' },
      ],
    },
  ],
  groups: [
    {
      group: 'card_risk',
      version: 2,
      rows: 5000,
      revisions: { early: 9000, 'on-time': 4900, late: 120 },
      late: 40,
      partlyLate: 3,
      dropped: 7,
      rejected: {},
      directory: '/out/card_risk/v=2',
      files: { written: 1, kept: 0 },
    },
  ],
};

const WORKER = {
  records: 500,
  watermark: null,
  entities: 10,
  late: 1,
  partlyLate: 0,
  dropped: 0,
  rejected: {},
  overflow: 0,
  revisions: { early: 600, 'on-time': 300, late: 2 },
  upserts: { accepted: 800, equal: 0, stale: 0 },
};

/** Runs a command line over these drivers; a driver that is not given must not be called. */
async function call(
  args: readonly string[],
  drivers: Partial<Drivers>,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const none = (name: string) => () => Promise.reject(new Error(`${name} was called`));
  const all: Drivers = {
    loadDefinitions: none('loadDefinitions'),
    runWorker: none('runWorker'),
    serve: none('serve'),
    replay: none('replay'),
    compare: none('compare'),
    describeStore: none('describeStore'),
    join: none('join'),
    prove: none('prove'),
    archiveTopic: none('archiveTopic'),
    runDemo: none('runDemo'),
    ...drivers,
  };
  const program = createProgram({ signal, drivers: all });
  await program.parseAsync([...args], { from: 'user' });
}

describe('tidemark replay', () => {
  const args = ['replay', 'defs.ts', '--from', 'archive', '--out', 'rows'];

  test('hands over what is not said as documented defaults', async () => {
    const replay = vi.fn(() => Promise.resolve(SUMMARY));
    await call(args, { replay });
    expect(replay).toHaveBeenCalledExactlyOnceWith({
      definitionsFile: resolve('defs.ts'),
      groups: null,
      archive: resolve('archive'),
      journal: null,
      output: {
        kind: 'files',
        directory: resolve('rows'),
        rows: 'final',
        format: 'parquet',
        overwrite: false,
      },
      skipCorrupt: false,
      signal: expect.any(AbortSignal),
      onProgress: expect.any(Function),
    });
  });

  test('hands over everything that is said', async () => {
    const replay = vi.fn(() => Promise.resolve(SUMMARY));
    const choices = ['--rows', 'all', '--format', 'jsonl', '--groups', 'a,b', '--journal', 'risk'];
    await call([...args, ...choices, '--skip-corrupt', '--overwrite'], { replay });
    expect(replay).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        groups: ['a', 'b'],
        journal: 'risk',
        output: expect.objectContaining({ rows: 'all', format: 'jsonl', overwrite: true }),
        skipCorrupt: true,
      }),
    );
  });

  test('hands over a store and what is said of it', async () => {
    const replay = vi.fn(() => Promise.resolve(SUMMARY));
    const into = ['replay', 'defs.ts', '--from', 'archive', '--into', 'store'];
    const directory = resolve('store');
    await call(into, { replay });
    expect(replay).toHaveBeenLastCalledWith(
      expect.objectContaining({ output: { kind: 'store', directory, rows: null, buckets: null } }),
    );
    await call([...into, '--rows', 'final', '--buckets', '4'], { replay });
    expect(replay).toHaveBeenLastCalledWith(
      expect.objectContaining({ output: { kind: 'store', directory, rows: 'final', buckets: 4 } }),
    );
  });

  test('says which files of a store stayed as they were', async () => {
    const [group] = SUMMARY.groups;
    const groups = [{ ...group!, files: { written: 3, kept: 1200 } }];
    await call(args, { replay: () => Promise.resolve({ ...SUMMARY, groups }) });
    expect(stdout).toMatch(/\n3 files written, 1,200 stayed as they were\n$/);
  });

  test('prints what was read and made', async () => {
    await call(args, { replay: () => Promise.resolve(SUMMARY) });
    expect(stdout).toBe(
      [
        'transactions: 12,000 records in 4 partitions, 3 rejected',
        '  1,500 marks of idle partitions, 2 beyond the end of the archive left out',
        '  passed over 101 corrupt places:',
        '  /archive/transactions/0/0.jsonl:3: the line is not JSON',
        '  and 100 more',
        '',
        'group         rows  early  on-time  late  late records  partly late  dropped  folder',
        '-----------  -----  -----  -------  ----  ------------  -----------  -------  ------------------',
        'card_risk:2  5,000  9,000    4,900   120            40            3        7  /out/card_risk/v=2',
        '',
      ].join('\n'),
    );
  });

  test('prints the same as JSON', async () => {
    await call([...args, '--json'], { replay: () => Promise.resolve(SUMMARY) });
    expect(JSON.parse(stdout)).toEqual(SUMMARY);
  });

  test('fails with what the driver fails with', async () => {
    const failure = new Error('no archive');
    await expect(call(args, { replay: () => Promise.reject(failure) })).rejects.toBe(failure);
    expect(stdout).toBe('');
  });
});

describe('tidemark offline describe', () => {
  const DAY_MS = 86_400_000;
  const description: StoreDescription = {
    store: resolve('store'),
    groups: [
      {
        group: 'card_risk',
        version: 2,
        fingerprint: 'abc',
        keeps: 'all',
        buckets: 16,
        rows: 12_000,
        files: 1_500,
        bytes: 2_000_000,
        windowEnd: { first: 0, last: 2 ** 53 - 1 },
        knownAt: null,
        partitions: [
          {
            partition: 0,
            rows: 12_000,
            covered: [
              { epoch: 0, from: 0, to: 10_000, history: 0 },
              { epoch: 0, from: 10_000, to: 20_000, history: 5_000 },
            ],
            gaps: [],
          },
          {
            partition: 1,
            rows: 0,
            covered: [{ epoch: 1, from: 7, to: 8, history: 7 }],
            gaps: Array.from({ length: 12 }, (_, index) => ({
              epoch: 0,
              from: index * 10,
              to: index * 10 + 2,
            })),
          },
        ],
        daysWithoutRows: [
          { from: DAY_MS, to: 2 * DAY_MS },
          { from: 4 * DAY_MS, to: 6 * DAY_MS },
        ],
      },
    ],
  };
  const describeStore = () => Promise.resolve(description);

  test('prints what is there and what is missing', async () => {
    await call(['offline', 'describe', 'store'], { describeStore });
    const first = Array.from({ length: 10 }, (_, index) => `${index * 10} to ${index * 10 + 1}`);
    const missing = `${first.join(', ')}, and 2 more`;
    expect(stdout).toBe(
      [
        'group        card_risk:2',
        'fingerprint  abc',
        'keeps        all',
        'rows         12,000',
        'files        1,500, 2,000,000 bytes, 16 buckets',
        'window_end   1970-01-01T00:00:00.000Z to 9007199254740991',
        'known_at     -',
        '',
        'partition    rows  offsets                       made from  missing',
        `---------  ------  ----------------------------  ---------  ${'-'.repeat(missing.length)}`,
        '        0  12,000  0 to 9,999, 10,000 to 19,999  0, 5,000   nothing',
        `        1       0  7 of epoch 1                  7          ${missing}`,
        '',
        'days without rows: 1970-01-02, 1970-01-05 to 1970-01-06',
        '',
      ].join('\n'),
    );
  });

  test('prints the same as JSON', async () => {
    await call(['offline', 'describe', 'store', '--json'], { describeStore });
    expect(JSON.parse(stdout)).toEqual(description);
  });
});

describe('tidemark serve', () => {
  const summary = { requests: 5, answers: 9, refused: 1, failed: 0, servedLog: null };
  const log = ['--log-level', 'error', '--json'];

  test('tells the driver the defaults, and prints what was done', async () => {
    const serve = vi.fn(() => Promise.resolve(summary));
    await call(['serve', 'defs.ts', '--redis', 'redis://r', '--token-file', 'tokens', ...log], { serve });
    expect(serve).toHaveBeenCalledExactlyOnceWith(
      {
        definitionsFile: resolve('defs.ts'),
        groups: null,
        store: { kind: 'redis', url: 'redis://r' },
        host: '127.0.0.1',
        port: 8080,
        access: { kind: 'token file', file: resolve('tokens') },
        servedLog: null,
      },
      expect.objectContaining({ level: 'error' }),
      expect.any(AbortSignal),
    );
    expect(JSON.parse(stdout)).toEqual(summary);
  });

  const served = ['serve', 'defs.ts', '--sqlite', 'x.db', '--allow-anonymous', ...log];
  test.each([
    [
      ['--served-log', 'served', '--served-log-rate', '.25', '--served-log-file-size', '8'],
      { kind: 'files', folder: resolve('served'), maxBytes: 8_000_000, maxAgeMs: 3_600_000 },
      { rate: 0.25, capacity: 100_000 },
    ],
    [
      ['--served-log-topic', 'served', '--brokers', 'k:9092', '--served-log-buffer', '50'],
      { kind: 'topic', topic: 'served', kafka: { brokers: ['k:9092'], ssl: null, sasl: null } },
      { rate: 1, capacity: 50 },
    ],
  ])('tells the driver where answers are logged: %j', async (args, target, more) => {
    const serve = vi.fn(() => Promise.resolve(summary));
    await call([...served, ...args], { serve });
    const expected = { access: { kind: 'anyone' }, servedLog: { target, ...more } };
    expect(serve.mock.lastCall).toMatchObject([expected, {}, {}]);
  });
});

describe('tidemark join', () => {
  const args = [
    ...['join', 'defs.ts', '--spine', 'spine.csv', '--entity-time', 'ts'],
    ...['--from', 'archive', '--out', 'train.parquet'],
  ];
  const joined: JoinSummary = {
    rows: 12_000,
    as: 'served',
    from: 'archive',
    groups: [
      {
        group: 'card_risk',
        version: 2,
        features: ['n', 'spent'],
        answered: 11_990,
        withoutRow: 4,
        expired: 3,
        nullEntity: 2,
        afterEnd: 1,
      },
    ],
    corruptPlaces: 0,
    out: resolve('train.parquet'),
    leaks: null,
  };
  const table = [
    'group        features  answered  without a row  expired  null entity  after the log',
    '-----------  --------  --------  -------------  -------  -----------  -------------',
    'card_risk:2         2    11,990              4        3            2              1',
  ];
  afterEach(() => {
    process.exitCode = undefined;
  });

  test('hands over what is not said as documented defaults', async () => {
    const join = vi.fn(() => Promise.resolve(joined));
    await call(args, { join });
    expect(join).toHaveBeenCalledExactlyOnceWith({
      definitionsFile: resolve('defs.ts'),
      spine: resolve('spine.csv'),
      entityTime: 'ts',
      spineZone: null,
      from: resolve('archive'),
      journal: null,
      out: resolve('train.parquet'),
      as: 'served',
      servingDelayMs: 200,
      features: null,
      fullNames: false,
      withAge: false,
      checkLeaks: false,
      skipCorrupt: false,
      overwrite: false,
      signal: expect.any(AbortSignal),
      onProgress: expect.any(Function),
    });
  });

  test('hands over everything that is said', async () => {
    const join = vi.fn(() => Promise.resolve(joined));
    const more = [
      ...[
        '--as',
        'event-time',
        '--serving-delay',
        '0s',
        '--features',
        'a,b.c',
        '--spine-zone',
        'asia/kolkata',
      ],
      ...[
        '--full-names',
        '--with-age',
        '--check-leaks',
        '--skip-corrupt',
        '--overwrite',
        '--journal',
        'risk',
      ],
    ];
    await call([...args, ...more], { join });
    expect(join).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        as: 'event-time',
        servingDelayMs: 0,
        features: ['a', 'b.c'],
        spineZone: 'Asia/Kolkata',
        journal: 'risk',
        fullNames: true,
        withAge: true,
        checkLeaks: true,
        skipCorrupt: true,
        overwrite: true,
      }),
    );
  });

  test('prints what became of the rows', async () => {
    await call(args, { join: () => Promise.resolve({ ...joined, corruptPlaces: 7 }) });
    expect(stdout).toBe(
      [`12,000 rows as served, in ${joined.out}`, 'passed over 7 corrupt places', '', ...table, ''].join(
        '\n',
      ),
    );
    expect(process.exitCode).toBe(undefined);
  });

  test('says that there are no leaks', async () => {
    const leaks = { checked: 11_990, found: 0, first: [] };
    await call(args, { join: () => Promise.resolve({ ...joined, leaks }) });
    expect(stdout.split('\n').slice(-2)).toEqual([
      'no leaks: 11,990 answers held against a second reading of the log',
      '',
    ]);
    expect(process.exitCode).toBe(undefined);
  });

  test('fails on leaks, and names the first', async () => {
    const leaks = {
      checked: 11_990,
      found: 1200,
      first: [{ group: 'card_risk', row: 1000, time: 5, problem: 'revision 7 has other values' }],
    };
    await call(args, { join: () => Promise.resolve({ ...joined, out: null, leaks }) });
    expect(stdout).toBe(
      [
        '12,000 rows as served, not written because of leaks',
        '',
        ...table,
        '',
        '1,200 of 11,990 answers could not be known:',
        '  row 1,000, card_risk, at 5: revision 7 has other values',
        '  and 1,199 more',
        '',
      ].join('\n'),
    );
    expect(process.exitCode).toBe(1);
  });

  test('prints the same as JSON', async () => {
    await call([...args, '--json'], { join: () => Promise.resolve(joined) });
    expect(JSON.parse(stdout)).toEqual(joined);
  });
});

describe('tidemark compare', () => {
  const args = ['compare', 'defs.ts', '--with', 'rows', '--sqlite', 'online.sqlite'];
  const result = { group: 'card_risk', version: 1, entities: 2, rows: 9 };

  test('tells that live and replay agree', async () => {
    const compare = vi.fn(() => Promise.resolve([{ ...result, differences: [] }]));
    await call(args, { compare });
    expect(compare).toHaveBeenCalledExactlyOnceWith({
      definitionsFile: resolve('defs.ts'),
      groups: null,
      rows: resolve('rows'),
      store: { kind: 'sqlite', file: resolve('online.sqlite') },
      signal: expect.any(AbortSignal),
    });
    expect(stdout).toContain('card_risk:1         2              9            0');
    expect(process.exitCode ?? 0).toBe(0);
  });

  test('fails where they do not, and says where', async () => {
    const differences = ['card_risk c1 window_end 5 version 7: replay has no such revision'];
    await call(args, { compare: () => Promise.resolve([{ ...result, differences }]) });
    expect(stdout).toContain('c1 window_end 5 version 7');
    expect(process.exitCode).toBe(1);
    process.exitCode = 0;
  });
});

describe('tidemark prove', () => {
  const args = ['prove', 'defs.ts', '--served', 'served', '--from', 'my archive'];
  const group = {
    group: 'card_risk',
    version: 1,
    answers: 1500,
    proven: 1490,
    withoutRow: 10,
    beyondEnd: 0,
    different: 0,
    features: [{ feature: 'n', compared: 1490, different: 0 }],
  };
  const proven: ProofSummary = {
    answers: 1500,
    isProven: true,
    groups: [group],
    others: [],
    differences: [],
    answer: null,
    torn: [],
    corruptPlaces: 0,
  };
  const row = { windowEnd: 300_000, version: 7, knownAt: 290_000 };
  const difference: JudgedAnswer = {
    file: '/served/a.jsonl',
    line: 17,
    group: 'card_risk',
    groupVersion: 1,
    entity: { card_id: 'c1' },
    at: 290_500,
    outcome: 'different',
    problem: 'the log makes other values of n',
    differing: ['n'],
    served: { ...row, values: { n: 4, m: 0 } },
    replayed: { ...row, values: { n: 3, m: 0 } },
  };
  afterEach(() => {
    process.exitCode = undefined;
  });

  test('hands over what is said, and tells that everything is right', async () => {
    const prove = vi.fn(() => Promise.resolve(proven));
    await call([...args, '--journal', 'app', '--skip-corrupt', '--answer', 'served/a.jsonl:17'], { prove });
    expect(prove).toHaveBeenCalledExactlyOnceWith({
      definitionsFile: resolve('defs.ts'),
      served: resolve('served'),
      from: resolve('my archive'),
      journal: 'app',
      answer: { file: resolve('served/a.jsonl'), line: 17 },
      skipCorrupt: true,
      signal: expect.any(AbortSignal),
      onRead: expect.any(Function),
      onReplay: expect.any(Function),
    });
    expect(stdout).toBe(
      [
        '1,500 answers: each is what the log makes at its position',
        '',
        'group        answers  proven  without a row  beyond the archive  different',
        '-----------  -------  ------  -------------  ------------------  ---------',
        'card_risk:1    1,500   1,490             10                   0          0',
        '',
        'feature        compared  different',
        '-------------  --------  ---------',
        'card_risk:1 n     1,490          0',
        '',
      ].join('\n'),
    );
    expect(process.exitCode ?? 0).toBe(0);
  });

  test('fails where something is different, beyond the archive or of another definition, and says where', async () => {
    const others = [
      {
        group: 'card_risk',
        version: 1,
        fingerprint: '9c1f',
        defined: 'a1a9',
        answers: 1000,
        first: { file: '/served/a.jsonl', line: 1 },
      },
      {
        group: 'old',
        version: 2,
        fingerprint: '77',
        defined: null,
        answers: 12,
        first: { file: 'b', line: 3 },
      },
    ];
    const prove = () =>
      Promise.resolve({
        ...proven,
        answers: 2512,
        isProven: false,
        groups: [{ ...group, proven: 1487, beyondEnd: 2, different: 1 }],
        others,
        differences: [difference],
        torn: [{ file: '/served/a.jsonl', line: 99 }],
        corruptPlaces: 7,
      });
    await call([...args, '--journal', 'app'], { prove });
    expect(stdout).toContain(
      '2,512 answers: 1 different from what the log makes; 2 beyond the end of the archive: archive the topic once more; ' +
        '1,012 of other definitions\n',
    );
    expect(stdout.slice(stdout.indexOf('1,000 answers of'))).toBe(
      [
        '1,000 answers of card_risk:1 with fingerprint 9c1f, the first at /served/a.jsonl:1; the definitions have a1a9',
        '',
        '12 answers of old:2 with fingerprint 77, the first at b:3; the definitions have no such group',
        '',
        '/served/a.jsonl:99: a line without an end, passed over',
        '',
        'passed over 7 corrupt places of the archive',
        '',
        '/served/a.jsonl:17',
        'card_risk:1 card_id="c1" at 1970-01-01T00:04:50.500Z: the log makes other values of n',
        '            served                    log',
        '----------  ------------------------  ------------------------',
        'window_end  1970-01-01T00:05:00.000Z  1970-01-01T00:05:00.000Z',
        'version     7                         7',
        'known_at    1970-01-01T00:04:50.000Z  1970-01-01T00:04:50.000Z',
        'n           4                         3',
        `tidemark prove ${resolve('defs.ts')} --served ${resolve('served')} --from '${resolve('my archive')}' ` +
          '--journal app --answer /served/a.jsonl:17',
        '',
      ].join('\n'),
    );
    expect(process.exitCode).toBe(1);
  });

  test('prints what programs read, with the command that judges a difference once more', async () => {
    const prove = () => Promise.resolve({ ...proven, isProven: false, differences: [difference] });
    await call([...args, '--json'], { prove });
    const { differences, ...summary } = JSON.parse(stdout);
    expect(summary).toMatchObject({ answers: 1500, isProven: false });
    expect(differences).toEqual([
      { ...difference, command: expect.stringMatching(/^tidemark prove .*a\.jsonl:17$/) },
    ]);
    expect(process.exitCode).toBe(1);
  });
});

describe('tidemark archive', () => {
  test('hands over where the topic is and where it goes', async () => {
    const archiveTopic = vi.fn(() => Promise.resolve({ partitions: 2, records: 1500, files: 3 }));
    await call(['archive', '--brokers', 'a:1,b:2', '--topic', 't', '--out', 'archive'], { archiveTopic });
    expect(archiveTopic).toHaveBeenCalledExactlyOnceWith(
      {
        kafka: { brokers: ['a:1', 'b:2'], ssl: null, sasl: null },
        topic: 't',
        out: resolve('archive'),
        signal: expect.any(AbortSignal),
        onProgress: expect.any(Function),
      },
      expect.objectContaining({ level: 'warn' }),
    );
    expect(stdout).toBe('t: 1,500 records in 3 new files\n');
  });

  test('copies the journal of an app after the topic', async () => {
    const copied: string[] = [];
    const archiveTopic = ({ topic }: ArchiveOptions) => {
      copied.push(topic);
      return Promise.resolve({ partitions: 2, records: copied.length, files: 1 });
    };
    const args = ['archive', '--brokers', 'a:1', '--topic', 't', '--journal', 'risk', '--out', 'archive'];
    await call(args, { archiveTopic });
    expect(copied).toEqual(['t', 'tidemark.risk.t.journal']);
    expect(stdout).toBe('t: 1 records in 1 new files\ntidemark.risk.t.journal: 2 records in 1 new files\n');
    stdout = '';
    await call([...args, '--json'], { archiveTopic });
    expect(JSON.parse(stdout)).toMatchObject({ records: 3, journal: { records: 4 } });
  });

  test('stopped half-way, tells what is there and fails', async () => {
    const stop = new AbortController();
    const archiveTopic = () => {
      stop.abort(new Error('stopped by SIGINT'));
      return Promise.resolve({ partitions: 2, records: 10, files: 1 });
    };
    const args = ['archive', '--brokers', 'a:1', '--topic', 't', '--journal', 'risk', '--out', 'archive'];
    await expect(call(args, { archiveTopic }, stop.signal)).rejects.toThrow('stopped by SIGINT');
    expect(stdout).toBe('t: 10 records in 1 new files\n');
  });
});

describe('tidemark run', () => {
  test('hands over settings and a log, and prints what the worker did when it has stopped', async () => {
    const runWorker = vi.fn(() => Promise.resolve(WORKER));
    vi.spyOn(process.stderr, 'write').mockImplementation(() => true);
    const args = ['run', 'defs.ts', '--app', 'risk', '--brokers', 'a:1', '--sqlite', 'online.db', '--json'];
    await call(args, { runWorker });
    expect(runWorker).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        definitionsFile: resolve('defs.ts'),
        app: 'risk',
        store: { kind: 'sqlite', file: resolve('online.db') },
      }),
      expect.objectContaining({ level: 'info' }),
      expect.any(AbortSignal),
    );
    expect(JSON.parse(stdout)).toEqual(WORKER);
  });
});

describe('tidemark demo', () => {
  const RESULT: DemoResult = {
    events: 1000,
    definitionsFile: '/out/card-risk.ts',
    live: [WORKER, { ...WORKER, records: 1000 }],
    replay: SUMMARY,
    comparison: { entities: 10, rows: 1500, differences: [] },
    sample: { entity: 'c0', windowEnd: '2026-01-01T00:05:00.000Z', version: 7, values: { a: 1, b: null } },
    seconds: { make: 0.1, live: 0.5, replay: 0.25, compare: 0.1 },
  };

  test('makes the same stream each time unless told otherwise', async () => {
    const runDemo = vi.fn(() => Promise.resolve(RESULT));
    await call(['demo'], { runDemo });
    expect(runDemo).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({ seed: 1, events: 200_000, cards: 10_000, out: resolve('demo-out') }),
    );
    await call(['demo', '--seed', '0'], { runDemo });
    expect(runDemo).toHaveBeenLastCalledWith(expect.objectContaining({ seed: 0 }));
    expect(stdout).toMatch(/^live +2,000 events\/s, stopped after 500 events and started again$/m);
    expect(stdout).toMatch(/^live against replay +0 differences in 1,500 rows of 10 cards$/m);
    expect(stdout).toMatch(/^b +-$/m);
  });

  test('is a failure when live and replay differ', async () => {
    await call(['demo', '--json'], {
      runDemo: () =>
        Promise.resolve({ ...RESULT, comparison: { ...RESULT.comparison, differences: ['c1: 1, 2'] } }),
    });
    expect(process.exitCode).toBe(1);
    process.exitCode = undefined;
  });
});

const SOURCE: Source = {
  kind: 'source',
  name: 'transactions',
  topic: 'transactions',
  key: 'card_id',
  fields: new Map([
    ['card_id', { kind: 'string', nullable: false, symbols: [] }],
    ['status', { kind: 'enum', nullable: true, symbols: ['settled', 'failed'] }],
  ]),
  format: 'json',
  writerSchemaFile: null,
  eventTime: { field: 'event_ts', zone: null },
  maxOutOfOrdernessMs: 30_000,
  maxAheadMs: 60_000,
  idleTimeoutMs: null,
  onNullEventTime: 'reject',
  epoch: 0,
  checkKey: true,
};

const GROUP: FeatureGroup = {
  kind: 'featureGroup',
  name: 'card_risk',
  version: 3,
  source: SOURCE,
  entity: ['card_id'],
  grid: { kind: 'fixed', stepMs: 300_000, offsetMs: 0 },
  usesCalendar: false,
  allowedLatenessMs: 600_000,
  emit: 'change',
  maxEntityState: DEFAULT_MAX_ENTITY_STATE,
  ttlMs: null,
  where: null,
  features: [86_400_000, 5_400_000].map((lengthMs, i) => ({
    name: `txn_count_${i}`,
    aggregate: 'count',
    aggregations: [
      { aggregate: 'count', input: null, other: null, where: null, parameters: {}, valueType: 'integer' },
    ],
    result: null,
    range: { kind: 'last', lengthMs },
    default: null,
    valueType: 'integer',
  })),
  fingerprint: 'ab'.repeat(32),
};

function definitions(...groups: readonly FeatureGroup[]): Partial<Drivers> {
  const loaded: Definitions = { file: '/defs.ts', sources: [SOURCE], groups };
  return { loadDefinitions: () => Promise.resolve(loaded) };
}

describe('tidemark check', () => {
  test('tells panes, rows and cost of state', async () => {
    await call(['check', 'defs.ts', '--json'], definitions(GROUP));
    expect(JSON.parse(stdout)).toMatchObject({
      sources: [
        {
          name: 'transactions',
          max_out_of_orderness: '30s',
          fields: { card_id: 'string', status: 'nullable(enum(settled, failed))' },
        },
      ],
      groups: [
        {
          name: 'card_risk',
          version: 3,
          every: '5m',
          pane: '5m',
          rows_per_event_at_most: 3,
          // 24 h of panes, then 30 s of disorder, 10 min of lateness and one step of 5 min.
          state: { panes_at_most: 288 + 4 },
          features: [
            { name: 'txn_count_0', aggregate: 'count', range: 'last 1d' },
            { name: 'txn_count_1', aggregate: 'count', range: 'last 1h30m' },
          ],
        },
      ],
    });
  });

  test('divides step and ranges by the largest pane', async () => {
    const features = GROUP.features.map((feature) => ({
      ...feature,
      range: { kind: 'last', lengthMs: 420_000 } as const,
    }));
    await call(['check', 'defs.ts', '--json'], definitions({ ...GROUP, features }));
    expect(JSON.parse(stdout)).toMatchObject({ groups: [{ pane: '1m', rows_per_event_at_most: 2 }] });
  });

  test('tells the ranges of calendars, and what they cost', async () => {
    const ranges: readonly Range[] = [
      { kind: 'lastUnits', count: 30 },
      { kind: 'since', unit: 'month', zone: 'Asia/Kolkata' },
      { kind: 'lifetime' },
    ];
    const features = ranges.map((range, i) => ({ ...GROUP.features[0]!, name: `n${i}`, range }));
    const grid = { kind: 'calendar', unit: 'day', zone: 'Asia/Kolkata' } as const;
    const group = { ...GROUP, grid, usesCalendar: true, features };
    await call(['check', 'defs.ts', '--json'], definitions(group));
    expect(JSON.parse(stdout)).toMatchObject({
      groups: [
        {
          every: 'day in Asia/Kolkata',
          offset: null,
          pane: 'day in Asia/Kolkata',
          // A lifetime is entered and never left.
          rows_per_event_at_most: 3,
          // A month of 31 days and an hour in days of 23 hours, 2 for a day and the lateness, 1 for all before them.
          state: { panes_at_most: 33 + 2 + 1 },
          features: [
            { range: 'last 30 days' },
            { range: 'since month in Asia/Kolkata' },
            { range: 'lifetime' },
          ],
        },
      ],
    });
  });

  test('tells the limit on the state of an entity, beyond which no panes and sessions come', async () => {
    const limited = { ...GROUP, maxEntityState: 100 };
    const sessions = { ...SESSIONS, maxEntityState: 1 };
    await call(['check', 'defs.ts', '--json'], definitions(limited, sessions));
    expect(JSON.parse(stdout)).toMatchObject({
      groups: [
        { max_entity_state: 100, state: { panes_at_most: 100 } },
        { max_entity_state: 1, state: { sessions_at_most: 1 } },
      ],
    });
    stdout = '';
    await call(['check', 'defs.ts'], definitions(limited));
    expect(stdout).toMatch(/^ {2}largest state +100 panes, sessions and values kept of one entity$/m);
  });

  test('draws the ranges before one window end', async () => {
    const ranges: readonly Range[] = [
      { kind: 'last', lengthMs: 3_600_000 },
      { kind: 'since', unit: 'day', zone: 'Asia/Kolkata' },
      { kind: 'lifetime' },
    ];
    const features = ranges.map((range, i) => ({ ...GROUP.features[0]!, name: `n${i}`, range }));
    await call(['check', 'defs.ts'], definitions({ ...GROUP, usesCalendar: true, features }));
    expect(stdout).toContain(
      [
        '                                       T  = 2026-06-17T12:30Z, one window end (not to scale)',
        '  n0                       [===========)  from 2026-06-17T11:30Z',
        '  n1             [=====================)  from 2026-06-17T00:00+05:30[Asia/Kolkata]',
        '  n2  <================================)  all before',
      ].join('\n'),
    );
    expect(stdout).toContain('what only lifetimes hold is one of these');
  });

  const SESSIONS: FeatureGroup = {
    ...GROUP,
    grid: { kind: 'session', gapMs: 1_800_000, maxDurationMs: null },
    features: GROUP.features.map((feature) => ({ ...feature, range: { kind: 'session' } })),
  };

  test('tells gap, limit and cost of sessions', async () => {
    const grid = { kind: 'session', gapMs: 1_800_000, maxDurationMs: 14_400_000 } as const;
    await call(['check', 'defs.ts', '--json'], definitions(SESSIONS, { ...SESSIONS, grid }));
    const timeline = [
      {
        first_event: '2026-06-17T12:30Z',
        last_event: '2026-06-17T13:00Z',
        window_end: '2026-06-17T13:30Z',
      },
      {
        first_event: '2026-06-17T13:45Z',
        last_event: '2026-06-17T14:00Z',
        window_end: '2026-06-17T14:30Z',
      },
    ];
    expect(JSON.parse(stdout)).toMatchObject({
      groups: [
        {
          kind: 'sessions',
          session: '30m',
          max_duration: null,
          rows_per_event_at_most: 2,
          // In the gap of 30 min and the delay of 10 min 30 s lie the last events of two.
          state: { sessions_at_most: 2 },
          features: [{ range: 'session' }, { range: 'session' }],
          timeline,
        },
        { kind: 'sessions', session: '30m', max_duration: '4h', state: { sessions_at_most: null }, timeline },
      ],
    });
  });

  test('draws two sessions', async () => {
    await call(['check', 'defs.ts'], definitions(SESSIONS));
    expect(stdout).toMatch(/^ {2}session +until 30m without an event$/m);
    expect(stdout).toMatch(/^ {2}lasts +without limit$/m);
    expect(stdout).toMatch(/^ {2}state per entity .*; at most 2 of them$/m);
    expect(stdout).toContain(
      [
        '  *-----*-----*...........)     *-----*...........)',
        '  events from 2026-06-17T12:30Z to 2026-06-17T13:00Z: window end 2026-06-17T13:30Z',
        '  events from 2026-06-17T13:45Z to 2026-06-17T14:00Z: window end 2026-06-17T14:30Z',
        '  * an event, ... 30m without one',
      ].join('\n'),
    );
  });

  test("tells what an aggregate of the user's own is computed from, and options of aggregates", async () => {
    const read = (canonical: string, type: 'integer' | 'number' = 'integer') =>
      ({ type, fields: new Set<string>(), canonical, code: 'null' }) as const;
    const [plain] = GROUP.features;
    const amount = read('(field "amount")');
    const sum = { ...plain!.aggregations[0], aggregate: 'sum', input: amount } as const;
    const mean: Feature = {
      ...plain!,
      name: 'mean',
      aggregate: 'mine',
      aggregations: [sum, { ...sum, aggregate: 'count', input: null, where: read('(field "ok")') }],
      result: read('(/ (field "0") (field "1"))', 'number'),
      valueType: 'number',
    };
    const decayed = { ...sum, aggregate: 'decayedSum', parameters: { halfLife: 5_400_000 } } as const;
    const line = { ...sum, aggregate: 'covariance', other: read('(field "price")') } as const;
    const features: Feature[] = [
      mean,
      { ...plain!, name: 'faded', aggregate: 'decayedSum', aggregations: [decayed] },
      { ...plain!, name: 'line', aggregate: 'covariance', aggregations: [line] },
    ];
    await call(['check', 'defs.ts'], definitions({ ...GROUP, features }));
    const lines = stdout.split('\n').map((each) => each.trim().split(/ {2,}/));
    expect(lines).toContainEqual(['mean', 'number', 'mine', 'last 1d', '-', '-', '-']);
    expect(lines).toContainEqual([
      'faded',
      'integer',
      'decayedSum, halfLife 1h30m',
      'last 1d',
      amount.canonical,
      '-',
      '-',
    ]);
    expect(lines).toContainEqual([
      'line',
      'integer',
      'covariance',
      'last 1d',
      '(field "amount"), (field "price")',
      '-',
      '-',
    ]);
    expect(lines).toContainEqual(['mean = (/ (field "0") (field "1"))']);
    expect(lines).toContainEqual(['0', 'sum', amount.canonical, '-']);
    expect(lines).toContainEqual(['1', 'count', '-', '(field "ok")']);
  });

  test('prints every name for a person', async () => {
    await call(['check', 'defs.ts'], definitions(GROUP));
    for (const text of ['source transactions', 'group card_risk:3', 'txn_count_1', GROUP.fingerprint]) {
      expect(stdout).toContain(text);
    }
  });

  test('refuses an entity that does not include the key of the topic', async () => {
    const group = { ...GROUP, entity: ['merchant_id'] };
    await expect(call(['check', 'defs.ts'], definitions(group))).rejects.toMatchObject({
      code: 'ENTITY_WITHOUT_KEY',
      exitCode: 1,
      message:
        'feature group card_risk: entity merchant_id does not include card_id, the key of source transactions',
    });
    expect(stdout).toBe('');
  });
});

describe('tidemark get', () => {
  const get = ['get', '--redis', 'redis://127.0.0.1:1', '--defs', 'defs.ts'];

  test.each([
    ['card_rsk', 'c1', 'the definitions hold no feature group card_rsk', 'Did you mean card_risk?'],
    ['card_risk:2', 'c1', 'the definitions hold version 3 of card_risk, not 2', 'They hold: card_risk.'],
    [
      'card_risk',
      'c1:m1',
      "ENTITY: 'c1:m1' has 2 fields, card_risk has 1: card_id",
      'Join the fields by ":" and write a : within one as %3A.',
    ],
  ])('refuses what definitions contradict: %s %s', async (group, entity, message, remedy) => {
    await expect(call([...get, group, entity], definitions(GROUP))).rejects.toMatchObject({
      code: 'USAGE',
      exitCode: 2,
      message,
      remedy,
    });
  });
});
