import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tidemark } from './command-line.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tidemark-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const RUN = [
  'run',
  'defs.ts',
  '--app',
  'risk',
  '--brokers',
  'localhost:9092',
  '--redis',
  'redis://localhost',
];

const SERVE = ['serve', 'defs.ts', '--sqlite', 'x.db', '--allow-anonymous'];

/** Wrong use, and exactly what is said about it. */
const TABLE: readonly (readonly [args: readonly string[], says: string])[] = [
  [['frobnicate'], "unknown command 'frobnicate'\n  See `tidemark --help`."],
  [['replya'], "unknown command 'replya'\n  Did you mean replay? See `tidemark --help`."],
  [['offline', 'describe'], "missing required argument 'store'\n  See `tidemark offline describe --help`."],
  [
    ['offline', 'descrbe'],
    "unknown command 'descrbe'\n  Did you mean describe? See `tidemark offline --help`.",
  ],
  [['--frobnicate'], "unknown option '--frobnicate'\n  See `tidemark --help`."],
  [['replay'], "missing required argument 'defs'\n  See `tidemark replay --help`."],
  [
    ['replay', 'defs.ts', '--frm', 'x'],
    "unknown option '--frm'\n  Did you mean --from? See `tidemark replay --help`.",
  ],
  [['replay', 'defs.ts', '--out', 'x'], '--from <archive> is missing\n  See `tidemark replay --help`.'],
  [['replay', 'defs.ts', '--from', 'x'], '--out <folder> is missing\n  See `tidemark replay --help`.'],
  [
    ['replay', 'defs.ts', '--from', 'x', '--out'],
    "option '--out <folder>' argument missing\n  See `tidemark replay --help`.",
  ],
  [
    ['replay', 'defs.ts', '--from', 'x', '--out', 'y', '--into', 'z'],
    '--out cannot stand beside --into\n  Leave --out or --into out.',
  ],
  [
    ['replay', 'defs.ts', '--from', 'x', '--into', 'z', '--format', 'parquet'],
    '--format cannot stand beside --into\n  Leave --format or --into out.',
  ],
  [
    ['replay', 'defs.ts', '--from', 'x', '--out', 'y', '--buckets', '8'],
    '--buckets is of a store\n  Give --into, or leave it out.',
  ],
  [
    ['replay', 'defs.ts', '--from', 'x', '--into', 'y', '--buckets', '0'],
    "--buckets: '0' is not a positive integer\n  Write a number such as 1000.",
  ],
  [
    ['replay', 'defs.ts', '--from', 'x', '--out', 'y', '--rows', 'finale'],
    "--rows: 'finale' is not allowed\n  Write one of: final, revisions, all. Did you mean final?",
  ],
  [
    ['replay', 'defs.ts', '--from', 'x', '--out', 'y', '--format', 'csv'],
    "--format: 'csv' is not allowed\n  Write one of: parquet, jsonl.",
  ],
  [['prove', 'defs.ts', '--from', 'x'], '--served <log> is missing\n  See `tidemark prove --help`.'],
  [['prove', 'defs.ts', '--served', 'x'], '--from <archive> is missing\n  See `tidemark prove --help`.'],
  [
    ['prove', 'defs.ts', '--served', 'x', '--from', 'y', '--answer', 'served.jsonl'],
    "--answer: 'served.jsonl' is no line of a file\n" +
      '  Write the file, a colon and the number of the line, such as served/served-1.jsonl:17.',
  ],
  [
    [...RUN, '--commit-interval', '200'],
    "--commit-interval: '200' is not a duration\n" +
      '  Write a number with a unit (ms, s, m, h, d), such as 200ms, 30s or 1h30m.',
  ],
  [
    [...RUN, '--commit-interval', '0s'],
    "--commit-interval: '0s' is not a duration\n" +
      '  Write a number with a unit (ms, s, m, h, d), such as 200ms, 30s or 1h30m.',
  ],
  [
    [...RUN, '--max-batch-records', '-5'],
    "--max-batch-records: '-5' is not a positive integer\n  Write a number such as 1000.",
  ],
  [
    [...RUN, '--brokers', 'localhost'],
    "--brokers: 'localhost' is not host:port\n" +
      '  Write one or more brokers separated by commas, such as localhost:9092.',
  ],
  [
    [...RUN, '--redis', 'http://:hunter2@localhost'],
    '--redis: not the URL of a Redis server\n' +
      '  Write redis://host:6379, redis://user:password@host:6379/0, or rediss:// for TLS.',
  ],
  [
    [...RUN, '--app', '../risk'],
    "--app: '../risk' cannot be a name\n" +
      '  Use letters, digits, dots, dashes and underscores, not beginning with a dot or dash.',
  ],
  [[...RUN, '--sqlite', 'x.db'], 'both redis and sqlite are given\n  Choose one online store.'],
  [
    [...RUN, '--kafka-sasl-mechanism', 'plain', '--kafka-sasl-username', 'me'],
    'kafkaSaslPassword is missing\n' +
      '  Give TIDEMARK_KAFKA_SASL_PASSWORD or "kafkaSaslPassword" in the --config file.',
  ],
  [['run'], 'DEFS is missing\n  Give DEFS or TIDEMARK_DEFINITIONS or "definitions" in the --config file.'],
  [
    ['run', 'defs.ts', '--app', 'risk'],
    '--brokers is missing\n  Give --brokers or TIDEMARK_BROKERS or "brokers" in the --config file.',
  ],
  [[...RUN, '--config', 'none.json'], 'none.json: there is no such file\n  Check --config.'],
  [['archive', '--out', 'x'], '--brokers is missing\n  Give --brokers or TIDEMARK_BROKERS.'],
  [
    ['archive', '--out', 'x', '--brokers', 'localhost:9092'],
    '--topic <name> is missing\n  See `tidemark archive --help`.',
  ],
  [['check'], "missing required argument 'defs'\n  See `tidemark check --help`."],
  [
    ['check', 'defs.ts', 'more.ts'],
    "too many arguments for 'check'. Expected 1 argument but got 2.\n  See `tidemark check --help`.",
  ],
  [['serve'], 'DEFS is missing\n  Give DEFS or TIDEMARK_DEFINITIONS or "definitions" in the --config file.'],
  [
    ['serve', 'defs.ts', '--allow-anonymous'],
    '--redis is missing\n  Give --redis or TIDEMARK_REDIS or "redis" in the --config file.',
  ],
  [
    ['serve', 'defs.ts', '--sqlite', 'x.db'],
    'nothing says who may read\n' +
      '  Give --token-file, TIDEMARK_TOKEN, or --allow-anonymous to let anyone read who reaches the port.',
  ],
  [
    [...SERVE, '--token-file', 'tokens'],
    'token file and anyone are both given\n' +
      '  Choose one. Give --token-file, TIDEMARK_TOKEN, or --allow-anonymous to let anyone read who reaches the port.',
  ],
  [[...SERVE, '--token', '0123456789abcdef'], "unknown option '--token'\n  See `tidemark serve --help`."],
  [
    [...SERVE, '--port', '65536'],
    "--port: '65536' is not a port\n  Write a number from 0 (a free one) to 65535.",
  ],
  [
    [...SERVE, '--served-log', 'x', '--served-log-topic', 'served'],
    'both servedLog and servedLogTopic are given\n  Choose files or a topic.',
  ],
  [
    [...SERVE, '--served-log-topic', 'served'],
    '--brokers is missing\n  Give --brokers or TIDEMARK_BROKERS or "brokers" in the --config file.',
  ],
  [
    [...SERVE, '--served-log', 'x', '--served-log-rate', '0'],
    "--served-log-rate: '0' is no share\n  Write a number above 0 and up to 1, such as 0.01.",
  ],
  [
    [...SERVE, '--served-log-rate', '0.5'],
    'servedLogRate is given, and answers are not logged\n  Give --served-log or --served-log-topic, or leave it out.',
  ],
  [['get', 'card_risk'], "missing required argument 'entity'\n  See `tidemark get --help`."],
  [['get', 'card_risk', 'c1'], '--redis is missing\n  Give --redis or TIDEMARK_REDIS.'],
  [
    ['get', 'card_risk:x', 'c1', '--redis', 'redis://localhost'],
    "GROUP: 'card_risk:x' is not a name or name:version\n  Write card_risk or card_risk:2.",
  ],
  [
    ['get', 'card_risk', '100%', '--redis', 'redis://localhost'],
    "ENTITY: '100%' holds a character that keys encode\n" +
      '  Write { as %7B, } as %7D, % as %25 and, within a field, : as %3A.',
  ],
  [
    ['demo', '--events', 'many'],
    "--events: 'many' is not a positive integer\n  Write a number such as 1000.",
  ],
];

describe('wrong use', () => {
  test.each(TABLE)('tidemark %j says what is wrong and what to do, and ends with 2', async (args, says) => {
    expect(await tidemark(args, { cwd: folder })).toEqual({
      exitCode: 2,
      signal: null,
      stdout: '',
      stderr: `tidemark: ${says}\n`,
    });
  });

  test('a wrong variable of the environment is named', async () => {
    const { exitCode, stderr } = await tidemark(RUN, { cwd: folder, env: { TIDEMARK_COMMIT_INTERVAL: '1' } });
    expect(exitCode).toBe(2);
    expect(stderr).toContain("TIDEMARK_COMMIT_INTERVAL: '1' is not a duration");
  });

  test('a wrong setting in the file of settings is named with its place', async () => {
    writeFileSync(join(folder, 'worker.json'), '{\n  "app": "risk",\n  "broker": "localhost:9092"\n}\n');
    const { exitCode, stderr } = await tidemark(['run', 'defs.ts', '--config', 'worker.json'], {
      cwd: folder,
    });
    expect(exitCode).toBe(2);
    expect(stderr).toBe("tidemark: worker.json:3:3: unknown setting 'broker'\n  Did you mean brokers?\n");
  });

  test('--json gives the error as JSON', async () => {
    const { exitCode, stdout, stderr } = await tidemark(['replay', 'defs.ts', '--json'], { cwd: folder });
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(JSON.parse(stderr)).toEqual({
      errors: [
        { code: 'USAGE', message: '--from <archive> is missing', remedy: 'See `tidemark replay --help`.' },
      ],
    });
  });

  test('no command at all shows the help', async () => {
    const { exitCode, stdout, stderr } = await tidemark([], { cwd: folder });
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: tidemark');
  });
});

describe('help', () => {
  test.each(['demo', 'run', 'replay', 'archive', 'check', 'get'])('tidemark %s --help', async (command) => {
    const { exitCode, stdout, stderr } = await tidemark([command, '--help'], { cwd: folder });
    expect(exitCode).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toContain(`Usage: tidemark ${command}`);
  });

  test('never offers a flag for a password', async () => {
    const { stdout } = await tidemark(['run', '--help'], { cwd: folder });
    expect(stdout).not.toContain('--kafka-sasl-password');
  });
});

describe('a store that cannot be reached', () => {
  test('is told without its password, and ends with 1', async () => {
    const { exitCode, stderr } = await tidemark(
      ['get', 'card_risk:1', 'c1', '--redis', 'redis://:hunter2@127.0.0.1:1'],
      { cwd: folder },
    );
    expect(exitCode).toBe(1);
    expect(stderr).toBe(
      'tidemark: Redis at 127.0.0.1:1 cannot be reached: connect ECONNREFUSED 127.0.0.1:1\n' +
        '  Start it, or correct the URL.\n',
    );
  });
});

describe('definitions that cannot be used', () => {
  const definitions = (every: string, where: string) => `
import { count, defineFeatureGroup, defineSource, field } from 'tidemark';

export const clicks = defineSource({
  name: 'clicks',
  key: 'user_id',
  schema: { user_id: field.string, page: field.string, event_ts: field.timestampMillis },
  eventTime: { field: 'event_ts' },
});

export const userClicks = defineFeatureGroup({
  name: 'user_clicks',
  version: 1,
  source: clicks,
  entity: ['page'],
  every: '${every}',
  features: { clicks_1h: count({ last: '1h', where: (t) => ${where} }) },
});
`;

  test('a missing file', async () => {
    const { exitCode, stdout, stderr } = await tidemark(['check', 'none.ts'], { cwd: folder });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain(`${join(folder, 'none.ts')}: there is no such file`);
  });

  test('a clock and a wrong duration: both are told, each at its place', async () => {
    const file = join(folder, 'clock.ts');
    writeFileSync(file, definitions('5 minutes', 't.event_ts > Date.now()'));
    const { exitCode, stdout, stderr } = await tidemark(['check', file]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toMatch(/clock\.ts:16:\d+: .*5 minutes/);
    expect(stderr).toMatch(/clock\.ts:17:73: 'Date\.now' /);
    const asJson = await tidemark(['check', file, '--json']);
    expect(asJson.exitCode).toBe(1);
    expect(JSON.parse(asJson.stderr).errors).toHaveLength(2);
  });

  test.each(['check', 'replay'])(
    'tidemark %s refuses an entity without the key of its topic',
    async (command) => {
      const file = join(folder, 'no-key.ts');
      writeFileSync(file, definitions('5m', "t.page !== ''"));
      mkdirSync(join(folder, 'archive/clicks/0'), { recursive: true });
      const more = {
        check: [],
        replay: ['--from', 'archive', '--out', 'rows'],
      }[command]!;
      expect(await tidemark([command, file, ...more], { cwd: folder })).toEqual({
        exitCode: 1,
        signal: null,
        stdout: '',
        stderr:
          `tidemark: ${file}:11:27: feature group user_clicks: entity page does not include user_id, the key of source clicks\n` +
          '  Its records would be spread over partitions. Add user_id to the entity, or write the topic again keyed by page.\n',
      });
    },
  );
});
