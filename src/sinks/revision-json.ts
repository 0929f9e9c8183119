import type { FeatureGroup, Scalar } from '../definitions/definition.ts';
import { VectorJson } from '../definitions/value.ts';
import { type RevisionBatch, TIMINGS } from '../operators/revision.ts';
import { quote } from './json-row.ts';

/** Writes revisions as the lines of a replay's JSONL files: the same fields in the same order and form. */
export class RevisionJson {
  readonly #entityPrefixes: readonly string[];
  readonly #featurePrefixes: readonly string[];

  constructor({ entity, features }: FeatureGroup) {
    this.#entityPrefixes = entity.map((name, index) => `${index === 0 ? '{' : ','}${JSON.stringify(name)}:`);
    this.#featurePrefixes = features.map(({ name }) => `,${JSON.stringify(name)}:`);
  }

  line(batch: RevisionBatch, row: number): string {
    const entity = batch.entityOf(row);
    let line = '';
    for (let index = 0; index < entity.length; index++) {
      line += this.#entityPrefixes[index]! + scalarJson(entity[index]!);
    }
    line += `,"window_end":${batch.windowEnd[row]},"version":${batch.version[row]},"known_at":${batch.knownAt[row]}`;
    line += `,"timing":"${TIMINGS[batch.timing[row]!]}","deleted":${batch.deleted[row] === 1}`;
    for (const [feature, value] of batch.storedValues(row).entries()) {
      line += this.#featurePrefixes[feature]! + (value === null ? 'null' : storedJson(value));
    }
    return `${line}}`;
  }
}

function storedJson(value: Scalar | VectorJson): string {
  return value instanceof VectorJson ? value.json : scalarJson(value);
}

function scalarJson(value: Scalar): string {
  return typeof value === 'string' || value instanceof Uint8Array ? quote(value) : String(value);
}
