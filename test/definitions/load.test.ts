import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../../src/definitions/expression-runtime.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import { describeError } from '../../src/errors.ts';
import { group, HEAD, load, writeFiles } from './definitions-file.ts';

/** What a person is told about a file that cannot be loaded, without its folder. */
async function told(file: string): Promise<string> {
  return await loadDefinitions(file).then(
    () => 'loaded',
    (error: unknown) => describeError(error).replaceAll(`${dirname(file)}/`, ''),
  );
}

const N = "n: count({ last: '1h' }),";

describe('a definitions file', () => {
  it('gives every exported source and group, in the order of its text', async () => {
    const { sources, groups } = await load(group(N) + group(N).replaceAll('cards', 'atms'));
    expect(sources.map(({ name }) => name)).toEqual(['transactions']);
    expect(groups.map(({ name }) => name)).toEqual(['cards', 'atms']);
  });

  it('gives the source of a group that exports only the group', async () => {
    const { sources } = await load(group(N), HEAD.replace('export const transactions', 'const transactions'));
    expect(sources.map(({ name }) => name)).toEqual(['transactions']);
  });

  it('compiles what the interface shows', async () => {
    const { groups } = await loadDefinitions(
      new URL('../../examples/card-risk.ts', import.meta.url).pathname,
    );
    const [cardRisk] = groups;
    expect(cardRisk).toMatchObject({
      kind: 'featureGroup',
      name: 'card_risk',
      version: 1,
      entity: ['card_id'],
      grid: { kind: 'fixed', stepMs: 300_000, offsetMs: 0 },
      allowedLatenessMs: 600_000,
      emit: 'change',
      maxEntityState: 1_000_000,
      ttlMs: null,
      where: null,
      source: {
        topic: 'transactions',
        format: 'json',
        maxOutOfOrdernessMs: 30_000,
        maxAheadMs: 60_000,
        idleTimeoutMs: 60_000,
        onNullEventTime: 'reject',
        epoch: 0,
        checkKey: true,
      },
    });
    expect(cardRisk!.features.map((f) => [f.name, f.aggregations[0].aggregate, f.valueType])).toEqual([
      ['card_txn_count_24h', 'count', 'integer'],
      ['card_failed_txn_rate_1h', 'rate', 'number'],
      ['card_spend_24h', 'sum', 'number'],
      ['card_distinct_merchants_7d', 'distinctCount', 'integer'],
      ['card_geo_entropy_24h', 'entropy', 'number'],
    ]);
    expect(compile(cardRisk!.features[2]!.aggregations[0].input!)({ amount_minor: 250 })).toBe(2.5);
  });

  it('says the ranges and grids of calendars', async () => {
    const features = `today: count({ since: { unit: 'day', zone: 'asia/kolkata' } }),
    month: count({ last: { months: 3, zone: 'Asia/Kolkata' }, where: (t) => t.ok }),
    ever: sum((t) => t.amount, { lifetime: true, default: 0 }),`;
    const steps = "entity: 'card_id', every: '30m',";
    const months = "entity: 'card_id', every: { unit: 'month', zone: 'Asia/Kolkata' },";
    const onSteps = await load(group(features.replace(/month:.*/, "hour: count({ last: '1h' }),"), steps));
    const onMonths = await load(group(features.replace(/today:.*/, ''), months));
    const [fixed, calendar] = [onSteps.groups[0]!, onMonths.groups[0]!];
    expect(fixed).toMatchObject({
      grid: { kind: 'fixed', stepMs: 1_800_000, offsetMs: 0 },
      usesCalendar: true,
    });
    expect(fixed.features.map(({ range }) => range)).toEqual([
      { kind: 'since', unit: 'day', zone: 'Asia/Kolkata' },
      { kind: 'last', lengthMs: 3_600_000 },
      { kind: 'lifetime' },
    ]);
    expect(calendar.grid).toEqual({ kind: 'calendar', unit: 'month', zone: 'Asia/Kolkata' });
    expect(calendar.usesCalendar).toBe(true);
    expect(calendar.features.map(({ range }) => range)).toEqual([
      { kind: 'lastUnits', count: 3 },
      { kind: 'lifetime' },
    ]);
    expect((await load(group(N))).groups[0]!.usesCalendar).toBe(false);
  });

  it.each([
    ["'30m'", 'day', 'Asia/Kolkata'],
    ["'1h', offset: '30m'", 'month', 'Asia/Kolkata'],
    ["'1d'", 'month', 'UTC'],
    ["'7d', offset: '4d'", 'week', 'UTC'],
    ["'1h'", 'week', 'America/New_York'],
    ["'15m'", 'day', 'Asia/Kathmandu'],
    ["'1ms'", 'day', 'Africa/Monrovia'],
    ["{ unit: 'day', zone: 'Pacific/Apia' }", 'month', 'Pacific/Apia'],
    ["{ unit: 'day', zone: 'Asia/Kolkata' }", 'week', 'Asia/Calcutta'],
    ["{ unit: 'month', zone: 'UTC' }", 'month', 'UTC'],
  ])('can count on every: %s since the %s began in %s', async (every, unit, zone) => {
    const features = `n: count({ since: { unit: '${unit}', zone: '${zone}' } }),`;
    const { groups } = await load(group(features, `entity: 'card_id', every: ${every},`));
    expect(groups[0]!.features[0]!.range).toEqual({ kind: 'since', unit, zone });
  });

  it('may take its sources from another file, and be JavaScript', async () => {
    const file = writeFiles({
      'definitions.mjs': `import { count, defineFeatureGroup } from 'tidemark';
import { transactions } from './sources.ts';
${group(N)}`,
      'sources.ts': HEAD,
    });
    const { sources, groups } = await loadDefinitions(file);
    expect(sources).toHaveLength(1);
    expect(groups[0]!.source).toBe(sources[0]);
  });

  it('reads its own time as nullable where the source lets it through as null', async () => {
    const text = group('n: max((t) => t.event_ts + 1, { last: "1h" }),');
    const strict = await load(text);
    const lenient = await load(text, HEAD.replace("key: 'card_id'", "onNullEventTime: 'logTime'"));
    const codeOf = ({ groups }: typeof strict): string => groups[0]!.features[0]!.aggregations[0].input!.code;
    expect(codeOf(strict)).not.toContain('null');
    expect(codeOf(lenient)).toContain('record.event_ts === null');
  });

  it('names the writer schema relative to itself', async () => {
    const head = HEAD.replace("key: 'card_id'", "format: 'avro', writerSchema: './value.avsc'");
    const file = writeFiles({ 'definitions.ts': head });
    const { sources } = await loadDefinitions(file);
    expect(sources[0]!.writerSchemaFile).toBe(join(dirname(file), 'value.avsc'));
  });
});

describe('the package that a definitions file imports', () => {
  it('is the one installed beside it, before that of the running command', async () => {
    const file = writeFiles({
      'definitions.mjs': "import { mine } from 'tidemark';\nexport const source = mine;\n",
    });
    const folder = join(dirname(file), 'node_modules', 'tidemark');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"type":"module","exports":"./index.js"}');
    const source = '{ kind: "source", name: "from beside" }';
    writeFileSync(join(folder, 'index.js'), `export const mine = ${source};`);
    const { sources } = await loadDefinitions(file);
    expect(sources[0]!.name).toBe('from beside');
  });

  it('is found under plain Node, from any folder, without a warning', () => {
    const file = writeFiles({ 'definitions.ts': HEAD + group(N) });
    const loader = new URL('../../src/definitions/load.ts', import.meta.url).href;
    const script = `const { loadDefinitions } = await import('${loader}');
      const { groups } = await loadDefinitions(${JSON.stringify(file)});
      console.log(groups[0].name, groups[0].features[0].name);`;
    const node = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      cwd: dirname(file),
      encoding: 'utf8',
    });
    expect(node.stderr).toBe('');
    expect(node.stdout).toBe('cards n\n');
  });
});

describe('a file that cannot be loaded', () => {
  it.each([
    ['is not there', '', /no such file\n {2}check the path/],
    [
      'has an enum',
      'enum Status { failed }\n',
      /:1:1: this TypeScript is more than types: .*enum.*\n {2}Node only strips types/,
    ],
    ['is no TypeScript', 'export const a = ;\n', /:1:18: the file is no valid JavaScript or TypeScript/],
    [
      'is JavaScript with an error',
      'export const a = 1;\nexport const a = 2;\n',
      /:2:14: .*already been declared/,
    ],
    [
      'exports nothing of use',
      'export const a = 1;\n',
      /exports no source and no feature group\n {2}export what/,
    ],
    [
      'throws',
      "const a = 1;\nthrow new RangeError('too much');\n",
      /:2:7: the file threw RangeError: too much/,
    ],
    ['waits', 'await 1;\nexport const a = 1;\n', /await at the top/],
    [
      'imports a file that is not there',
      "import { a } from './nowhere.ts';\na;\n",
      /:1:19: Cannot find module .*nowhere\.ts/,
    ],
    [
      'imports a package that is not there',
      "import { a } from 'no-such-package';\na;\n",
      /:1:19: Cannot find package 'no-such-package'/,
    ],
    [
      'imports a name that is not there',
      "import { contu } from 'tidemark';\ncontu;\n",
      /:1:10: .*no.* export named 'contu'/,
    ],
  ])('because it %s is told with its place', async (what, text, message) => {
    const file = writeFiles({ 'definitions.ts': text });
    expect(await told(what === 'is not there' ? `${file.slice(0, -3)}s.ts` : file)).toMatch(message);
  });

  it('because it is a different kind of file says which are right', async () => {
    expect(await told('definitions.yaml')).toMatch(/no definitions file\n {2}name a file that ends in \.ts/);
  });

  it('because two groups have one name and version names both places', async () => {
    const text = group(N) + group(N).replace('const cards', 'const others');
    await expect(load(text)).rejects.toMatchObject({
      message: "version 1 of the group 'cards' is defined twice, first in line 17",
      place: { line: 27, column: 23 },
    });
  });

  it('because two sources have one name names both places', async () => {
    const again =
      "\nexport const other = defineSource({ name: 'transactions', schema: { at: field.long }, eventTime: { field: 'at' } });";
    await expect(load(again)).rejects.toMatchObject({
      message: "the source 'transactions' is defined twice, first in line 2",
    });
  });
});
