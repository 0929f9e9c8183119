import fc from 'fast-check';
import type { Scalar } from '../../src/definitions/definition.ts';
import type { Definition } from './definition-arbitrary.ts';
import { gridUpTo } from './grid.ts';
import type { LoggedMark, LoggedRecord } from './oracle.ts';

/** A record as the oracle takes it, beside the text of its value as a file holds it. */
export interface WrittenRecord extends LoggedRecord {
  readonly partition: number;
  readonly marks: readonly LoggedMark[];
  /** JSON text, but where `row` is `'undecodable'`. */
  readonly valueText: string;
}

/** A field as JSON text (undefined: left out) beside what is read from it; `'schema'`: it cannot be read. */
interface WrittenField {
  readonly text: string | undefined;
  readonly value: Scalar | null | 'schema';
}

const written = (value: Scalar): WrittenField => ({ text: JSON.stringify(value), value });
const spelled = (text: string, value: WrittenField['value']): WrittenField => ({ text, value });
const NULL = spelled('null', null);
const LEFT_OUT: WrittenField = { text: undefined, value: null };

/** Mostly good values, some nulls, few that no field of the type can hold. */
function fieldOf(good: fc.Arbitrary<WrittenField>, bad: readonly string[]): fc.Arbitrary<WrittenField> {
  return fc.oneof(
    { weight: 80, arbitrary: good },
    { weight: 8, arbitrary: fc.constantFrom(NULL, LEFT_OUT) },
    { weight: 1, arbitrary: fc.constantFrom(...bad.map((text) => spelled(text, 'schema'))) },
  );
}

const LIMIT = Number.MAX_SAFE_INTEGER;
const text = fc
  .constantFrom('x', '', 'é', '\uff5e', '\u{1f600}', 'a:b{c}%', 'Z', 'ab', 'x\u0000y')
  .map(written);
const long = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: -3, max: 3 }).map(written) },
  { weight: 3, arbitrary: fc.integer({ min: 0, max: 300 }).map(written) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      written(LIMIT),
      written(-LIMIT),
      written(2 ** 52),
      written(LIMIT - 1),
      spelled('1.0', 1),
      spelled('-0', 0),
      spelled('2e3', 2000),
    ),
  },
);
const double = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(0.1, 0.2, 0.3, 1, -1, 2.5, 1e16).map(written) },
  { weight: 2, arbitrary: fc.constantFrom(1e308, -1e308, Number.MAX_VALUE, 5e-324, 1e-300).map(written) },
  { weight: 1, arbitrary: fc.constantFrom(spelled('-0.0', 0), spelled('1e-400', 0), spelled('7', 7)) },
  {
    weight: 1,
    arbitrary: fc
      .double({ noNaN: true, noDefaultInfinity: true })
      .map((value) => spelled(String(value), value + 0)),
  },
);

const fields = {
  sub: fieldOf(fc.constantFrom('s', 't', 'a:b').map(written), ['4', '[]']),
  n: fieldOf(long, ['"7"', '1.5', '9007199254740992', 'true', '1e999']),
  x: fieldOf(double, ['"0.1"', '1e999', 'false', '{}']),
  flag: fieldOf(fc.boolean().map(written), ['1', '"true"']),
  tag: fieldOf(text, ['5', '["x"]']),
  kind: fc.oneof(
    { weight: 80, arbitrary: fc.constantFrom('a', 'b', 'c').map(written) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        spelled('"z"', 'schema'),
        spelled('null', 'schema'),
        spelled('0', 'schema'),
        { text: undefined, value: 'schema' as const },
      ),
    },
  ),
};

const share = fc.nat({ max: 1000 }).map((part) => part / 1000);
const rarely = (one: number) => fc.nat({ max: one }).map((drawn) => drawn === one);

const NOT_JSON = '{"id":';

/** Where the watermark and log time of a mark lie, from the stream's clock, in steps and in milliseconds. */
const markChoice = fc.record({
  ahead: fc.oneof(
    { weight: 4, arbitrary: share.map((part) => part * 2 - 1) },
    { weight: 2, arbitrary: share.map((part) => part * 8) },
  ),
  onGrid: fc.boolean(),
  logged: fc.constantFrom(0, 1, -1000, 5000),
});

type MarkChoice = typeof markChoice extends fc.Arbitrary<infer Choice> ? Choice : never;

const recordChoice = fc.record({
  entity: fc.oneof(fc.constantFrom(0, 0, 1, 1, 2), fc.nat({ max: 5 })),
  /** How the stream's clock moves on before this record. */
  clock: fc.oneof(
    { weight: 4, arbitrary: fc.constant({ steps: 0, share: 0 }) },
    { weight: 8, arbitrary: fc.record({ steps: fc.constant(0), share }) },
    { weight: 4, arbitrary: fc.record({ steps: fc.integer({ min: 1, max: 4 }), share }) },
    { weight: 1, arbitrary: fc.record({ steps: fc.integer({ min: 5, max: 40 }), share }) },
  ),
  leap: rarely(60),
  /** How far behind the clock (or, below 0, ahead of it) the event lies, in steps. */
  behind: fc.oneof(
    { weight: 8, arbitrary: fc.constant(0) },
    { weight: 6, arbitrary: share },
    { weight: 5, arbitrary: share.map((part) => part * 5) },
    { weight: 3, arbitrary: share.map((part) => part * 25) },
    { weight: 1, arbitrary: share.map((part) => part * 200) },
    { weight: 2, arbitrary: share.map((part) => part * -4) },
    { weight: 1, arbitrary: share.map((part) => part * -12) },
  ),
  onGrid: fc.boolean(),
  marks: fc.oneof(
    { weight: 12, arbitrary: fc.constant<MarkChoice[]>([]) },
    { weight: 1, arbitrary: fc.array(markChoice, { minLength: 1, maxLength: 3 }) },
  ),
  stamped: fc.oneof(
    { weight: 30, arbitrary: fc.constantFrom(0, 0, 3, -5) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
  offsetGap: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.nat({ max: 5 }) }),
  keyed: fc.oneof(
    { weight: 30, arbitrary: fc.constant('right' as const) },
    { weight: 1, arbitrary: fc.constantFrom('null' as const, 'wrong' as const) },
  ),
  id: fc.oneof(
    { weight: 40, arbitrary: fc.constant('good' as const) },
    { weight: 1, arbitrary: fc.constantFrom('null' as const, 'bad' as const) },
  ),
  at: fc.oneof(
    { weight: 40, arbitrary: fc.constant('good' as const) },
    { weight: 2, arbitrary: fc.constantFrom('null' as const, 'left out' as const) },
    { weight: 1, arbitrary: fc.constantFrom('text' as const, 'fraction' as const) },
  ),
  whole: fc.oneof(
    { weight: 60, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom('null', '5', '"text"', '[]', 'true', NOT_JSON) },
  ),
  spaced: fc.boolean(),
  ...fields,
});
type RecordChoice = typeof recordChoice extends fc.Arbitrary<infer Choice> ? Choice : never;

/** The second and third differ in order by UTF-8 and by UTF-16. */
const IDS = ['anna', '\uff5e', '\u{1f600}', '', 'č:{1}%', 'an'];

const streamChoice = fc.record({
  /** Where the stream's clock starts, of the definition's proposals. */
  start: fc.nat({ max: 999 }),
  entities: fc.constantFrom(6, 1, 3),
  /** How fast the clock goes. */
  pace: fc.constantFrom(1, 0.1, 4),
});
type StreamChoice = typeof streamChoice extends fc.Arbitrary<infer Choice> ? Choice : never;

function build(
  definition: Definition,
  stream: StreamChoice,
  partitions: number,
  choices: readonly RecordChoice[],
): WrittenRecord[] {
  const { stepMs, starts } = definition;
  const { grid } = definition.group;
  // Times that are the gap apart, to the millisecond, are no rarer than those at grid times.
  const steps = grid.kind === 'session' ? ({ kind: 'fixed', stepMs, offsetMs: 0 } as const) : grid;
  const leapSteps = grid.kind === 'calendar' ? 45 : 12_345;
  const nextOffset = Array.from({ length: partitions }, (_, partition) => partition * 1000);
  let clock = starts[stream.start % starts.length]!;
  return choices.map((chosen) => {
    const entity = chosen.entity % stream.entities;
    const partition = entity % partitions;
    clock += Math.floor((chosen.clock.steps + chosen.clock.share) * stream.pace * stepMs);
    if (chosen.leap) clock += leapSteps * stepMs + 1_000_003;
    let at = clock - Math.round(chosen.behind * stepMs);
    if (chosen.onGrid) at = gridUpTo(steps, at);
    const timestamp = chosen.stamped === null ? -1 : Math.max(0, clock + chosen.stamped);
    const offset = nextOffset[partition]! + chosen.offsetGap;
    nextOffset[partition] = offset + 1;

    const id = definition.idKind === 'string' ? IDS[entity]! : (entity - 2) * 5;
    const keyText = { right: String(id), wrong: 'somebody', null: null }[chosen.keyed];
    const value: Record<string, WrittenField> = {
      id: {
        good: written(id),
        null: NULL,
        bad: spelled(definition.idKind === 'string' ? '12' : '"12"', 'schema' as const),
      }[chosen.id],
      ...Object.fromEntries(Object.keys(fields).map((name) => [name, chosen[name as keyof typeof fields]])),
      at: {
        good: written(at),
        null: NULL,
        'left out': LEFT_OUT,
        text: spelled('"noon"', 'schema' as const),
        fraction: spelled(`${at}.5`, 'schema' as const),
      }[chosen.at],
      undeclared: spelled('{"n":1}', null),
    };
    const markAt = ({ ahead, onGrid, logged }: MarkChoice): LoggedMark => {
      const watermark = clock + Math.round(ahead * stepMs);
      return { watermark: onGrid ? gridUpTo(steps, watermark) : watermark, logTime: clock + logged };
    };
    const position = {
      partition,
      offset,
      timestamp,
      key: keyText,
      marks: chosen.marks.map(markAt),
    };
    if (chosen.whole !== null) {
      const reasons = { null: 'null_value', [NOT_JSON]: 'undecodable' } as const;
      const row = reasons[chosen.whole as keyof typeof reasons] ?? 'schema';
      return { ...position, valueText: chosen.whole, row, eventTime: null };
    }
    const names = Object.keys(value);
    const isReadable = names.every((name) => value[name]!.value !== 'schema');
    const row = Object.fromEntries(names.map((name) => [name, value[name]!.value]));
    return {
      ...position,
      valueText: objectText(value, chosen.spaced),
      row: isReadable ? row : ('schema' as const),
      eventTime: isReadable ? (row['at'] as number | null) : null,
    };
  });
}

function objectText(value: Readonly<Record<string, WrittenField>>, spaced: boolean): string {
  const members = Object.entries(value).filter(([, field]) => field.text !== undefined);
  const [colon, comma] = spaced ? [': ', ' ,  '] : [':', ','];
  return `{${members.map(([name, field]) => `${JSON.stringify(name)}${colon}${field.text}`).join(comma)}}`;
}

/** A log for a definition: per record its partition; offsets grow within each, with gaps. */
export function logArbitrary(
  definition: Definition,
  options: { readonly maxLength: number; readonly partitions: number },
): fc.Arbitrary<WrittenRecord[]> {
  return fc
    .tuple(streamChoice, fc.array(recordChoice, { minLength: 1, maxLength: options.maxLength, size: 'max' }))
    .map(([stream, choices]) => build(definition, stream, options.partitions, choices));
}
