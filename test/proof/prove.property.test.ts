import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeatureGroup, FeatureType, Value } from '../../src/definitions/definition.ts';
import { loadDefinitions } from '../../src/definitions/load.ts';
import type { Revision } from '../../src/operators/revision.ts';
import type { Outcome } from '../../src/proof/options.ts';
import { prove } from '../../src/proof/prove.ts';
import { servedLine } from '../../src/serving/served-log.ts';
import { APP, canHold, hasMarks, writeArchive } from '../oracle/archive.ts';
import { type Definition, definitionArbitrary, SAMPLE, TOPIC } from '../oracle/definition-arbitrary.ts';
import type { WindowKind } from '../oracle/frames.ts';
import { logArbitrary, type WrittenRecord } from '../oracle/log-arbitrary.ts';
import { Oracle } from '../oracle/oracle.ts';

/** Answers that a store gives, some of them falsified, and what a proof says of each, against the oracle's revisions. */

type Claim = Pick<Revision, 'entity' | 'windowEnd' | 'version' | 'knownAt' | 'values'>;

interface Choice {
  /** Which revision, and so which entity and how much of the log. */
  readonly revision: number;
  /** How many revisions without another value are left out by the store. */
  readonly coalesced: number;
  /** What is falsified. */
  readonly lie: 'nothing' | 'value' | 'window_end' | 'version' | 'known_at';
  readonly by: number;
}

interface ProofCase {
  readonly definition: Definition;
  readonly log: readonly WrittenRecord[];
  readonly choices: readonly Choice[];
}

/** What the oracle makes of one partition. */
interface ReadPartition {
  readonly revisions: readonly Revision[];
  readonly end: Pick<Revision, 'version' | 'knownAt'>;
}

const choice = fc.nat({ max: 9999 });

function proofCase(kind: WindowKind): fc.Arbitrary<ProofCase> {
  return fc
    .record({ definition: definitionArbitrary(kind), partitions: fc.integer({ min: 1, max: 3 }) })
    .chain(({ definition, partitions }) =>
      fc.record({
        definition: fc.constant(definition),
        log: logArbitrary(definition, { maxLength: kind === 'calendars' ? 50 : 100, partitions }).map((log) =>
          log.filter((record) => canHold('avro', record)),
        ),
        choices: fc.array(
          fc.record({
            revision: choice,
            coalesced: fc.constantFrom(0, 0, 1, 2),
            lie: fc.constantFrom(
              ...(['nothing', 'nothing', 'nothing', 'value', 'window_end', 'version', 'known_at'] as const),
            ),
            by: fc.constantFrom(-1, 1),
          }),
          { minLength: 1, maxLength: 60, size: 'max' },
        ),
      }),
    )
    .filter(({ log }) => log.length > 0);
}

function readPartitions({ definition, log }: ProofCase): ReadPartition[] {
  return [...new Set(log.map(({ partition }) => partition))].map((partition) => {
    const records = log.filter((record) => record.partition === partition);
    const oracle = new Oracle(definition.group);
    for (const record of records) oracle.process(record);
    const times = records.flatMap(({ timestamp, marks }) => [
      timestamp,
      ...marks.map(({ logTime }) => logTime),
    ]);
    const version = records.at(-1)!.offset + 1 + definition.group.epoch * 2 ** 43;
    return { revisions: oracle.revisions, end: { version, knownAt: Math.max(...times) } };
  });
}

function isOf(entity: Revision['entity']): (revision: Revision) => boolean {
  return (revision) => revision.entity.every((field, index) => Object.is(field, entity[index]));
}

/** Whether it is made once the log is taken in up to a position. */
function isUpTo({
  version,
  knownAt,
}: Pick<Revision, 'version' | 'knownAt'>): (revision: Revision) => boolean {
  return (revision) =>
    revision.version < version || (revision.version === version && revision.knownAt <= knownAt);
}

/** The rows that are there after some revisions of an entity: the last revision of each window that is not deleted. */
function rowsOf(revisions: readonly Revision[]): Revision[] {
  const last = new Map(revisions.map((revision) => [revision.windowEnd, revision]));
  return [...last.values()].filter(({ deleted }) => !deleted).sort((a, b) => a.windowEnd - b.windowEnd);
}

function isSameValue(a: Value | null, b: Value | null): boolean {
  const plain = (value: Value | null) => (value instanceof Map ? [...value] : value);
  return Object.is(a, b) || (typeof a === 'object' && JSON.stringify(plain(a)) === JSON.stringify(plain(b)));
}

/** What a store answers of the entity once the log is taken in up to the revision. */
function answerAt(revisions: readonly Revision[], chosen: Revision, coalesced: number): Revision | null {
  const known = revisions.filter(isOf(chosen.entity)).filter(isUpTo(chosen));
  const latest = rowsOf(known).at(-1);
  if (latest === undefined) return null;
  const ofWindow = known.filter(({ windowEnd }) => windowEnd === latest.windowEnd);
  const repeats = ofWindow.findLastIndex(
    ({ deleted, values }) => deleted || !values.every((value, i) => isSameValue(value, latest.values[i]!)),
  );
  const same = ofWindow.slice(repeats + 1);
  return same.at(-1 - Math.min(coalesced, same.length - 1))!;
}

function falsified(row: Revision, { lie, by }: Choice, { features }: FeatureGroup): Claim {
  const { entity, windowEnd, version, knownAt, values } = row;
  const claim = { entity, windowEnd, version, knownAt, values };
  switch (lie) {
    case 'nothing':
      return claim;
    case 'value':
      return { ...claim, values: [otherValue(values[0]!, features[0]!.valueType), ...values.slice(1)] };
    case 'window_end':
      return { ...claim, windowEnd: windowEnd + by };
    case 'version':
      return { ...claim, version: version + by };
    case 'known_at':
      return { ...claim, knownAt: knownAt + by };
  }
}

/** The least other value of the type. */
function otherValue(value: Value | null, type: FeatureType): Value {
  if (typeof type === 'object') {
    const isEmpty = value !== null && (value instanceof Map ? value.size : (value as []).length) === 0;
    const element = (of: FeatureType) => otherValue(null, of) as number;
    if (type.kind === 'list') return isEmpty ? [element(type.of)] : [];
    return isEmpty ? new Map([[element(type.key), element(type.value)]]) : new Map();
  }
  if (type === 'string') return `${value ?? ''}x`;
  if (type === 'boolean') return value !== true;
  if (type === 'integer') return value === null ? 0 : (value as number) - Math.sign((value as number) || 1);
  return value === null ? 0.5 : nextDouble(value as number);
}

function nextDouble(value: number): number {
  const bits = new BigInt64Array(new Float64Array([value]).buffer);
  bits[0]! += Math.abs(value) === Number.MAX_VALUE ? -1n : 1n;
  return new Float64Array(bits.buffer)[0]!;
}

/** What the oracle says of a claim, of which the first `asked` values are told. */
function expectedOutcome(
  partitions: readonly ReadPartition[],
  claim: Claim,
  asked: number,
  keepsOlder: boolean,
): Outcome {
  const homes = partitions
    .map(({ revisions, end }) => ({
      end,
      known: revisions.filter(isOf(claim.entity)).filter(isUpTo(claim)),
    }))
    .filter(({ known }) => known.length > 0);
  const rows = homes.flatMap(({ known }) => rowsOf(known));
  const row = rows.find(({ windowEnd }) => windowEnd === claim.windowEnd);
  const isShown = keepsOlder || row === rows.at(-1);
  const isRight =
    row !== undefined &&
    isShown &&
    row.version === claim.version &&
    row.knownAt === claim.knownAt &&
    row.values.slice(0, asked).every((value, index) => isSameValue(value, claim.values[index]!));
  if (isRight) return 'proven';
  const ends = (homes.length > 0 ? homes : partitions).map(({ end }) => end);
  const isBeyond = ends.some(({ version, knownAt }) => version < claim.version && knownAt <= claim.knownAt);
  return isBeyond ? 'beyondEnd' : 'different';
}

async function check(proof: ProofCase): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'tidemark-prove-test-'));
  try {
    const { definition, log, choices } = proof;
    const from = join(directory, 'archive');
    mkdirSync(join(from, TOPIC), { recursive: true });
    await writeArchive(from, log, { layout: 'avro', recordsPerFile: 20 });
    const definitionsFile = join(directory, 'definitions.ts');
    writeFileSync(definitionsFile, definition.text);
    const group = (await loadDefinitions(definitionsFile)).groups.find(({ name }) => name === SAMPLE.name)!;

    const partitions = readPartitions(proof);
    const all = partitions.flatMap(({ revisions }) => revisions);
    const chosen = choices.flatMap((choice) => {
      const revision = all[choice.revision % all.length];
      const row = revision === undefined ? null : answerAt(all, revision, choice.coalesced);
      return row === null ? [] : [{ claim: falsified(row, choice, group), isTrue: choice.lie === 'nothing' }];
    });
    const claims = chosen.map(({ claim }) => claim);
    // Some ask for a part of the features.
    const askedOf = (index: number) => (index % 3 === 2 ? 1 : group.features.length);
    const served = join(directory, 'served.jsonl');
    const lines = claims.map((claim, index) => {
      const name = { group: group.name, groupVersion: group.version, fingerprint: group.fingerprint };
      const entity = Object.fromEntries(group.entity.map((field, place) => [field, claim.entity[place]!]));
      const asked = group.features.slice(0, askedOf(index));
      const values = Object.fromEntries(asked.map((feature, place) => [feature.name, claim.values[place]!]));
      return servedLine(index, { ...name, ...claim, entity, leave: null, dueToFall: false, values });
    });
    writeFileSync(served, lines.map((line) => `${line}\n`).join(''));

    const { groups, differences } = await prove({
      definitionsFile,
      served,
      from,
      journal: hasMarks(log) ? APP : null,
      answer: null,
      skipCorrupt: false,
      signal: new AbortController().signal,
      onRead: () => {},
      onReplay: () => {},
    });
    const keepsOlder = group.grid.kind === 'session';
    const expected = chosen.map(({ claim, isTrue }, index) =>
      isTrue ? 'proven' : expectedOutcome(partitions, claim, askedOf(index), keepsOlder),
    );
    const count = (outcome: Outcome) => expected.filter((each) => each === outcome).length;
    expect(differences.map(({ line }) => line).sort((a, b) => a - b)).toEqual(
      expected.flatMap((outcome, index) => (outcome === 'different' ? [index + 1] : [])),
    );
    if (claims.length === 0) expect(groups).toEqual([]);
    else {
      expect(groups).toMatchObject([
        {
          group: group.name,
          answers: claims.length,
          proven: count('proven'),
          beyondEnd: count('beyondEnd'),
          different: count('different'),
          withoutRow: 0,
        },
      ]);
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe.each([
  { kind: 'steps', numRuns: 20 },
  { kind: 'calendars', numRuns: 6 },
  { kind: 'sessions', numRuns: 15 },
] as const)('a proof %o', ({ kind, numRuns }) => {
  it('finds each answer that the log does not make, and no other', async () => {
    await fc.assert(fc.asyncProperty(proofCase(kind), check), { numRuns });
  });
});
