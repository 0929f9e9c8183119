import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { JoinedGroup } from '../../src/training/options.ts';
import { JoinFolder, MIDNIGHT, minutes } from './a-join.ts';

/** What a training set is made of, and what is said of spines that are not right. */

const SPINE = `card,ts,label\n007,${minutes(2.5)},yes\nb,${minutes(3)},no\n`;

function linesOf(folder: JoinFolder, name = 'train.jsonl'): Record<string, unknown>[] {
  const text = readFileSync(folder.file(name), 'utf8').trimEnd();
  return text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
}

test('keeps columns and order of the spine, and adds the features and which row they are of', async () => {
  const folder = new JoinFolder();
  folder.write('spine.csv', SPINE);
  const summary = await folder.join({ spine: 'spine.csv' });
  expect(readFileSync(folder.file('train.jsonl'), 'utf8').split('\n')[0]).toBe(
    `{"card":"007","ts":"${minutes(2.5)}","label":"yes","n":2,"spent":3.75,` +
      `"cards__window_end":${minutes(3)},"cards__version":2,"cards__known_at":${minutes(2)}}`,
  );
  expect(linesOf(folder)[1]).toMatchObject({ card: 'b', n: 1, spent: 10, cards__version: 3 });
  expect(summary).toMatchObject({
    rows: 2,
    from: 'archive',
    groups: [{ group: 'cards', version: 1, features: ['n', 'spent'], answered: 2, withoutRow: 0 }],
  });
});

test('adds the age of the values where asked, after what says which row they are of', async () => {
  const folder = new JoinFolder();
  const times = [minutes(2.5), minutes(5), minutes(0)];
  folder.write('spine.csv', `card,ts\n${times.map((ts) => `007,${ts}`).join('\n')}\n`);
  await folder.join({ spine: 'spine.csv', withAge: true });
  // The window of the first ends half a minute later; the second is told of it still.
  expect(linesOf(folder).map((row) => row['cards__age_ms'])).toEqual([-30_000, 120_000, null]);
  expect(Object.keys(linesOf(folder)[0]!).slice(-2)).toEqual(['cards__known_at', 'cards__age_ms']);
});

test('a row sees what could be read at its time, and not what came after', async () => {
  const folder = new JoinFolder();
  folder.write(
    'spine.jsonl',
    [minutes(1) - 1, minutes(1), minutes(1) + 199, minutes(1) + 200, minutes(11)]
      .map((ts) => JSON.stringify({ card: '007', ts }))
      .join('\n'),
  );
  await folder.join({ spine: 'spine.jsonl' });
  expect(linesOf(folder).map(({ n }) => n)).toEqual([null, 1, 1, 1, 1]);
  await folder.join({ spine: 'spine.jsonl', servingDelayMs: 200, overwrite: true });
  expect(linesOf(folder).map(({ n }) => n)).toEqual([null, null, null, 1, 1]);
  // Exactly at an event's time it is not in the range yet.
  await folder.join({ spine: 'spine.jsonl', as: 'event-time', overwrite: true });
  expect(linesOf(folder).map(({ n }) => n)).toEqual([0, 0, 1, 1, 1]);
});

test('counts rows without an answer by their reason', async () => {
  const folder = new JoinFolder();
  const rows = [
    { card: 'nobody', ts: minutes(5) },
    { card: null, ts: minutes(5) },
    { card: '007', ts: MIDNIGHT },
    { card: '007', ts: minutes(69) },
    { card: '007', ts: minutes(70) },
  ];
  folder.write('spine.jsonl', rows.map((row) => JSON.stringify(row)).join('\n'));
  const { groups } = await folder.join({ spine: 'spine.jsonl' });
  expect(groups[0]).toMatchObject({ answered: 1, withoutRow: 2, expired: 1, nullEntity: 1, afterEnd: 2 });
  expect(linesOf(folder).map(({ n }) => n)).toEqual([null, null, null, 1, null]);
});

test('takes Parquet with instants, several groups, and names every feature by its group where asked', async () => {
  const folder = new JoinFolder();
  await folder.writeQuery(
    'spine.parquet',
    `SELECT '007' AS card, 1 AS shop, make_timestamptz(${minutes(2.5)}000) AS ts, 1 AS n`,
  );
  await folder.join({ spine: 'spine.parquet', out: 'train.parquet', features: null, fullNames: true });
  expect(await folder.query(`SELECT * FROM '${folder.file('train.parquet')}'`)).toEqual([
    {
      card: '007',
      shop: 1,
      ts: '2026-03-01 00:02:30+00',
      n: 1,
      cards__n: '2',
      cards__spent: 3.75,
      shops__most: 1.5,
      shops__amounts: [{ key: 1.5, value: '1' }],
      cards__window_end: '2026-03-01 00:03:00+00',
      cards__version: '2',
      cards__known_at: '2026-03-01 00:02:00+00',
      shops__window_end: '2026-03-01 00:02:00+00',
      shops__version: '2',
      shops__known_at: '2026-03-01 00:02:00+00',
    },
  ]);
  const metadata = await folder.query(
    `SELECT decode(value) AS value FROM parquet_kv_metadata('${folder.file('train.parquet')}') WHERE decode(key) = 'tidemark.as'`,
  );
  expect(metadata).toEqual([{ value: 'served' }]);
});

test('a CSV that becomes a CSV keeps every text as it stands', async () => {
  const folder = new JoinFolder();
  folder.write('spine.csv', `card,code,ts,note\n007,0012,2026-03-01T05:33:00+05:30,"a, ""b""\nc"\n`);
  await folder.join({ spine: 'spine.csv', out: 'train.csv' });
  expect(readFileSync(folder.file('train.csv'), 'utf8')).toBe(
    'card,code,ts,note,n,spent,cards__window_end,cards__version,cards__known_at\n' +
      '007,0012,2026-03-01T05:33:00+05:30,"a, ""b""\nc",2,3.75,2026-03-01T00:03:00.000Z,2,2026-03-01T00:02:00.000Z\n',
  );
});

test('numbers that are the keys of a map stand in text as they do in the online store', async () => {
  const folder = new JoinFolder();
  folder.write('spine.csv', `card,shop,ts\n007,1,${minutes(10.5)}\nb,1,${minutes(3)}\nb,2,${minutes(3)}\n`);
  await folder.join({ spine: 'spine.csv', features: ['shops.amounts'] });
  expect(linesOf(folder).map(({ amounts }) => amounts)).toEqual([{ '4': 1 }, { '10': 1 }, null]);
  await folder.join({ spine: 'spine.csv', features: ['shops.amounts'], out: 'train.csv' });
  const lines = readFileSync(folder.file('train.csv'), 'utf8').split('\n');
  expect(lines[1]).toContain('"{""4"":1}"');
});

test.each([
  ['epoch milliseconds', String(minutes(2.5)), null],
  ['an offset', '"2026-03-01T05:32:30+05:30"', null],
  ['UTC', '"2026-03-01 00:02:30Z"', null],
  ['a local time and its zone', '"2026-03-01T05:32:30"', 'Asia/Kolkata'],
  ['an offset, which wins over the zone', '"2026-03-01T00:02:30.000Z"', 'Asia/Kolkata'],
])('reads times as %s', async (_, ts, spineZone) => {
  const folder = new JoinFolder();
  folder.write('spine.jsonl', `{"card":"007","ts":${ts}}\n`);
  await folder.join({ spine: 'spine.jsonl', spineZone });
  expect(linesOf(folder)[0]).toMatchObject({ ts: JSON.parse(ts), n: 2 });
});

test('a spine without rows makes a training set without rows', async () => {
  const folder = new JoinFolder();
  folder.write('spine.csv', 'card,ts,label\n');
  expect(await folder.join({ spine: 'spine.csv' })).toMatchObject({ rows: 0 });
  expect(linesOf(folder)).toEqual([]);
});

test.each(['served', 'event-time'] as const)('answers every row of a large spine %s', async (as) => {
  const folder = new JoinFolder();
  const rows = 250_000;
  await folder.writeQuery(
    'spine.parquet',
    `SELECT CASE i % 2 WHEN 0 THEN '007' ELSE 'b' END AS card, ${minutes(4)}::BIGINT - i % 7 AS ts, i
     FROM range(${rows}) t(i)`,
  );
  const summary = await folder.join({ spine: 'spine.parquet', out: 'train.parquet', as });
  expect(summary).toMatchObject({ rows, groups: [{ answered: rows }] });
  const found = await folder.query(
    `SELECT count(*)::INTEGER AS rows, count(DISTINCT i)::INTEGER AS different, bool_and(n = (CASE card WHEN '007' THEN 2 ELSE 1 END)) AS right
     FROM '${folder.file('train.parquet')}'`,
  );
  expect(found).toEqual([{ rows, different: rows, right: true }]);
});

/** What is wrong with a spine or what was said of it: the error's code, what it says and what it advises. */
const DEFECTS: readonly {
  readonly what: string;
  readonly name?: string;
  readonly text?: string | Uint8Array;
  readonly sql?: string;
  readonly options?: Partial<Parameters<JoinFolder['join']>[0]>;
  readonly code: string;
  readonly message: RegExp;
  readonly remedy?: RegExp;
}[] = [
  { what: 'no such file', options: { spine: 'none.csv' }, code: 'SPINE_MISSING', message: /no such spine/ },
  {
    what: 'an ending of no format',
    name: 'spine.xlsx',
    text: 'x',
    code: 'FILE_FORMAT',
    message: /no format/,
    remedy: /\.parquet/,
  },
  {
    what: 'an output of no format',
    text: SPINE,
    options: { out: 'train.xlsx' },
    code: 'FILE_FORMAT',
    message: /no format/,
  },
  { what: 'an empty file', text: '', code: 'SPINE_COLUMN', message: /no column 'ts'/ },
  {
    what: 'a Parquet file that is none',
    name: 'spine.parquet',
    text: 'card,ts',
    code: 'SPINE_UNREADABLE',
    message: /cannot be read/,
  },
  {
    what: 'a torn line of JSON',
    name: 'spine.jsonl',
    text: `{"card":"007","ts":1}\n{"card":"0`,
    code: 'SPINE_UNREADABLE',
    message: /cannot be read/,
  },
  {
    what: 'lines of unequal length',
    text: 'card,ts\n007,1,2,3\nb\n',
    code: 'SPINE_UNREADABLE',
    message: /cannot be read/,
  },
  {
    what: 'a time column that is not there',
    options: { entityTime: 'tss' },
    text: SPINE,
    code: 'SPINE_COLUMN',
    message: /no column 'tss'/,
    remedy: /did you mean 'ts'/,
  },
  {
    what: 'no column for the entity',
    text: `cart,ts\n007,1\n`,
    code: 'SPINE_COLUMN',
    message: /no column 'card', an entity field of cards/,
    remedy: /did you mean 'cart'/,
  },
  {
    what: 'times that are null',
    text: `card,ts\n007,\nb,1\n`,
    code: 'SPINE_TIME',
    message: /row 1: null/,
    remedy: /leave rows without a time out/,
  },
  {
    what: 'times that are no times',
    text: `card,ts\n007,noon\nb,1\nb,2026-02-30T00:00Z\n`,
    code: 'SPINE_TIME',
    message: /row 1: "noon", row 3: "2026-02-30T00:00Z"/,
  },
  {
    what: 'local times without a zone',
    text: 'card,ts\n007,2026-03-01T00:02:30\n',
    code: 'SPINE_TIME',
    message: /row 1/,
    remedy: /--spine-zone/,
  },
  {
    what: 'timestamps without a zone',
    sql: "SELECT '007' AS card, TIMESTAMP '2026-03-01 00:02:30' AS ts",
    code: 'SPINE_TIME',
    message: /timestamps without a zone/,
    remedy: /--spine-zone/,
  },
  {
    what: 'dates',
    sql: "SELECT '007' AS card, DATE '2026-03-01' AS ts",
    code: 'SPINE_TIME',
    message: /of type DATE, which is no time/,
  },
  {
    what: 'fractions of milliseconds',
    sql: "SELECT '007' AS card, 1.5::DOUBLE AS ts",
    code: 'SPINE_TIME',
    message: /row 1: 1.5/,
  },
  {
    what: 'times beyond exact numbers',
    sql: "SELECT '007' AS card, 9007199254740993 AS ts",
    code: 'SPINE_TIME',
    message: /row 1/,
  },
  {
    what: 'numbers where the entity is text',
    sql: 'SELECT 7 AS card, 1 AS ts',
    code: 'SPINE_TYPE',
    message: /'card' is of type INTEGER, but an entity field of cards of type string/,
    remedy: /as text/,
  },
  {
    what: 'texts where the entity is a number',
    sql: "SELECT '007' AS card, 'first' AS shop, 1 AS ts",
    options: { features: ['shops'] },
    code: 'SPINE_ENTITY',
    message: /'shop' holds values that an entity field of shops of type long cannot have: row 1: "first"$/,
    remedy: /whole numbers/,
  },
  {
    what: 'fractions where the entity is a number',
    sql: "SELECT '007' AS card, 1.5::DOUBLE AS shop, 1 AS ts",
    options: { features: ['shops'] },
    code: 'SPINE_TYPE',
    message: /'shop' is of type DOUBLE/,
  },
  {
    what: 'a column named like a feature',
    text: `card,ts,spent\n007,1,2\n`,
    code: 'COLUMN_TWICE',
    message: /two columns 'spent'/,
    remedy: /--full-names/,
  },
  {
    what: 'a column named like one that says which row',
    text: `card,ts,cards__version\n007,1,2\n`,
    options: { fullNames: true },
    code: 'COLUMN_TWICE',
    message: /two columns 'cards__version'/,
    remedy: /Rename/,
  },
  {
    what: 'a group that there is not',
    text: SPINE,
    options: { features: ['card'] },
    code: 'FEATURE_UNKNOWN',
    message: /no feature group 'card'/,
    remedy: /did you mean 'cards'/,
  },
  {
    what: 'a feature that there is not',
    text: SPINE,
    options: { features: ['cards.spend'] },
    code: 'FEATURE_UNKNOWN',
    message: /cards has no feature 'spend'/,
    remedy: /did you mean 'spent'/,
  },
  {
    what: 'a folder',
    options: { spine: 'archive' },
    code: 'SPINE_UNREADABLE',
    message: /is a folder/,
    remedy: /one Parquet/,
  },
  {
    what: 'an empty Parquet file',
    name: 'spine.parquet',
    text: '',
    code: 'SPINE_UNREADABLE',
    message: /too small to be a Parquet file/,
  },
  {
    what: 'a CSV that is said to be compressed',
    name: 'spine.csv.gz',
    text: SPINE,
    code: 'SPINE_UNREADABLE',
    message: /not a GZIP stream/,
  },
  {
    what: 'bytes that are no UTF-8',
    text: Buffer.from('card,ts\n\xff,1\n', 'latin1'),
    code: 'SPINE_UNREADABLE',
    message: /Line: 2: .*not utf-8/,
  },
  {
    what: 'a quote that does not end',
    text: 'card,ts\n007,"1\n',
    code: 'SPINE_UNREADABLE',
    message: /cannot be read/,
  },
  {
    what: 'an object with one key twice',
    name: 'spine.jsonl',
    text: '{"card":"007","ts":1,"ts":2}',
    code: 'SPINE_UNREADABLE',
    message: /line 1: .*duplicate key "ts"/,
  },
  {
    what: 'lines of JSON that are no objects',
    name: 'spine.jsonl',
    text: '[{"card":"007","ts":1}]',
    code: 'SPINE_HEADER',
    message: /no JSON objects/,
    remedy: /one object a line/,
  },
  {
    what: 'two columns of one name',
    text: 'card,ts,label,label\n007,1,2,3\n',
    code: 'SPINE_HEADER',
    message: /two columns 'label'/,
    remedy: /Rename/,
  },
  {
    what: 'two keys that only upper case tells apart',
    name: 'spine.jsonl',
    text: '{"card":"007","ts":1,"Card":"008"}',
    code: 'SPINE_HEADER',
    message: /two columns 'card'/i,
  },
  {
    what: 'a column without a name',
    text: 'card,ts,\n007,1,2\n',
    code: 'SPINE_HEADER',
    message: /column 3 of the spine has no name/,
  },
  {
    what: 'values between semicolons',
    text: 'card;ts\n007;1\n',
    code: 'SPINE_COLUMN',
    message: /no column 'ts'/,
    remedy: /only column is 'card;ts': separate values by commas/,
  },
  {
    what: 'no line of names',
    text: `007,${minutes(1)}\n`,
    code: 'SPINE_COLUMN',
    message: /no column 'ts'/,
    remedy: /007/,
  },
  {
    what: 'times of day',
    sql: "SELECT '007' AS card, TIME '00:02:30' AS ts",
    code: 'SPINE_TIME',
    message: /of type TIME, which is no time/,
  },
  {
    what: 'decimal times',
    sql: "SELECT '007' AS card, 1700000000.5::DECIMAL(18, 3) AS ts",
    code: 'SPINE_TIME',
    message: /of type DECIMAL\(18,3\), which is no time/,
  },
  {
    what: 'times that are no numbers',
    sql: "SELECT '007' AS card, 'nan'::DOUBLE AS ts",
    code: 'SPINE_TIME',
    message: /row 1: NaN/,
  },
  {
    what: 'instants without an end',
    sql: "SELECT '007' AS card, 'infinity'::TIMESTAMPTZ AS ts",
    code: 'SPINE_TIME',
    message: /row 1: /,
  },
  {
    what: 'more wrong times than it names',
    text: `card,ts\n${'007,soon\n'.repeat(9)}`,
    code: 'SPINE_TIME',
    message: /row 5: "soon", and 4 more$/,
  },
  {
    what: 'bytes where the entity is text',
    sql: "SELECT '007'::BLOB AS card, 1 AS ts",
    code: 'SPINE_TYPE',
    message: /'card' is of type BLOB/,
  },
  {
    what: 'lists where the entity is text',
    sql: "SELECT ['007'] AS card, 1 AS ts",
    code: 'SPINE_TYPE',
    message: /'card' is of type VARCHAR\[\]/,
  },
  {
    what: 'texts and numbers where the entity is text',
    name: 'spine.jsonl',
    text: '{"card":"007","ts":1}\n{"card":7,"ts":1}',
    code: 'SPINE_TYPE',
    message: /'card' is of type JSON/,
  },
  {
    what: 'texts of fractions where the entity is a whole number',
    text: 'card,shop,ts\n007,2,1\n007,1.5,1\n',
    options: { features: ['shops'] },
    code: 'SPINE_ENTITY',
    message: /row 2: "1.5"$/,
  },
  {
    what: 'whole numbers that no record can have',
    sql: "SELECT '007' AS card, 9007199254740992 AS shop, 1 AS ts",
    options: { features: ['shops'] },
    code: 'SPINE_ENTITY',
    message: /row 1: "9007199254740992"$/,
    remedy: /2\^53/,
  },
  {
    what: 'an output that is the spine',
    text: SPINE,
    options: { out: 'spine.csv', overwrite: true },
    code: 'OUTPUT_IS_SPINE',
    message: /would replace its spine/,
  },
  {
    what: 'an output below a file',
    text: SPINE,
    options: { out: 'definitions.ts/train.csv' },
    code: 'OFFLINE_WRITE_FAILED',
    message: /cannot write the training set/,
  },
  {
    what: 'an output that is there',
    text: SPINE,
    options: { out: 'definitions.ts' },
    code: 'OUTPUT_EXISTS',
    message: /a file already/,
    remedy: /--overwrite/,
  },
];

test.each(DEFECTS)('refuses $what', async ({ name, text, sql, options = {}, code, message, remedy }) => {
  const folder = new JoinFolder();
  const spine = name ?? (sql === undefined ? 'spine.csv' : 'spine.parquet');
  if (text !== undefined) folder.write(spine, text);
  if (sql !== undefined) await folder.writeQuery(spine, sql);
  const error = await folder.join({ spine, ...options }).then(
    () => null,
    (thrown: unknown) => thrown as Record<string, unknown>,
  );
  expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  if (remedy !== undefined) expect(error!['remedy']).toMatch(remedy);
});

/** What is odd with a spine and yet no error: what becomes of its rows, which all are of one moment and card 007. */
const ODDITIES: readonly {
  readonly what: string;
  readonly name?: string;
  readonly text?: string;
  readonly sql?: string;
  readonly features?: readonly string[];
  readonly counted: Partial<JoinedGroup>;
}[] = [
  {
    what: 'entities that are all null, in JSON lines',
    name: 'spine.jsonl',
    text: `{"card":null,"ts":${minutes(3)}}`,
    counted: { nullEntity: 1 },
  },
  {
    what: 'entities that are all null, in Parquet',
    sql: `SELECT NULL AS card, ${minutes(3)}::BIGINT AS ts`,
    counted: { nullEntity: 1 },
  },
  {
    what: 'empty cells of a CSV',
    text: `card,shop,ts\n007,,${minutes(3)}\n`,
    features: ['shops'],
    counted: { nullEntity: 1 },
  },
  {
    what: 'a text that says null',
    text: `card,ts\nNULL,${minutes(3)}\n`,
    counted: { withoutRow: 1 },
  },
  { what: 'spaces around a text', text: `card,ts\n 007 ,${minutes(3)}\n`, counted: { withoutRow: 1 } },
  {
    what: 'a text that has lost its zeros',
    text: `card,ts\n7,${minutes(3)}\n`,
    counted: { withoutRow: 1 },
  },
  {
    what: 'times in seconds, which lie before the log',
    text: `card,ts\n007,${minutes(3) / 1000}\n`,
    counted: { withoutRow: 1 },
  },
  {
    what: 'times in microseconds, which lie after it',
    text: `card,ts\n007,${minutes(3)}000\n`,
    counted: { expired: 1, afterEnd: 1 },
  },
  {
    what: 'times as numbers and as texts',
    name: 'spine.jsonl',
    text: `{"card":"007","ts":${minutes(3)}}\n{"card":"007","ts":"2026-03-01T00:03:00Z"}`,
    counted: { answered: 2 },
  },
  {
    what: 'the same row twice',
    text: `card,ts\n${`007,${minutes(3)}\n`.repeat(2)}`,
    counted: { answered: 2 },
  },
  {
    what: 'a byte order mark and lines that end with a carriage return',
    text: `\u{feff}card,ts\r\n007,${minutes(3)}\r\n`,
    counted: { answered: 1 },
  },
];

test.each(ODDITIES)('counts what becomes of $what', async ({ name, text, sql, features, counted }) => {
  const folder = new JoinFolder();
  const spine = name ?? (sql === undefined ? 'spine.csv' : 'spine.parquet');
  if (text !== undefined) folder.write(spine, text);
  if (sql !== undefined) await folder.writeQuery(spine, sql);
  const { groups } = await folder.join({ spine, features: features ?? ['cards'] });
  const none = { answered: 0, withoutRow: 0, expired: 0, nullEntity: 0, afterEnd: 0 };
  expect(groups[0]).toMatchObject({ ...none, ...counted });
});
