import type { Feature, FeatureGroup, Scalar } from '../definitions/definition.ts';
import { suggestName } from '../definitions/nearest.ts';
import { TidemarkError } from '../errors.ts';
import { describeFound } from '../sources/decode-validator.ts';
import { Rejection } from '../sources/record.ts';
import { compileEntityReader, type EntityReader } from './entity-reader.ts';
import type { RowKey } from './online-rows.ts';

/** What a caller asks for: the features of one entity. */
export interface ReadRequest {
  /** The name of a feature group, for its highest version, or `name:version`. */
  readonly group: string;
  /** Its entity fields by name, as the records of the source hold them; of a group by one field the value alone will do. */
  readonly entity: Scalar | Readonly<Record<string, Scalar>>;
  /** Names of features; all of the group when absent. */
  readonly features?: readonly string[];
}

/** A request that was understood. */
export interface CheckedRead extends RowKey {
  readonly features: readonly SelectedFeature[];
}

interface SelectedFeature {
  readonly feature: Feature;
  /** Its place among the group's. */
  readonly index: number;
}

/** The caller's fault, and not the store's or ours. */
export class ReadError extends TidemarkError {}

interface ServedGroup {
  readonly group: FeatureGroup;
  readonly readEntity: EntityReader;
  readonly all: readonly SelectedFeature[];
  readonly byName: ReadonlyMap<string, SelectedFeature>;
}

/** The groups that can be asked for, and what they take. */
export class ReadRequests {
  /** By `name:version`, and by `name` the highest version. */
  readonly #groups = new Map<string, ServedGroup>();
  readonly #names: readonly string[];

  constructor(groups: readonly FeatureGroup[]) {
    for (const group of groups.toSorted((a, b) => a.version - b.version)) {
      const served = serve(group);
      this.#groups.set(group.name, served);
      this.#groups.set(`${group.name}:${group.version}`, served);
    }
    this.#names = [...new Set(groups.map((group) => group.name))];
  }

  /** @throws ReadError for a group, an entity or a feature that is none */
  check(request: ReadRequest): CheckedRead {
    const served = this.#groups.get(request.group);
    if (served === undefined) throw this.#unknownGroup(request.group);
    const { group } = served;
    return {
      group,
      entity: entityOf(served, request.entity),
      features: request.features?.map((name) => featureOf(served, name)) ?? served.all,
    };
  }

  #unknownGroup(given: string): ReadError {
    const [name] = String(given).split(':', 1);
    const versions = [...this.#groups.keys()].filter((key) => key.startsWith(`${name}:`));
    return new ReadError(`there is no feature group ${JSON.stringify(given)}`, {
      code: 'GROUP_UNKNOWN',
      remedy: versions.length > 0 ? `There is ${versions.join(', ')}.` : suggestName(name!, this.#names),
    });
  }
}

function serve(group: FeatureGroup): ServedGroup {
  const all = group.features.map((feature, index) => ({ feature, index }));
  return {
    group,
    readEntity: compileEntityReader(group),
    all,
    byName: new Map(all.map((selected) => [selected.feature.name, selected])),
  };
}

function entityOf({ group, readEntity }: ServedGroup, given: ReadRequest['entity']): readonly Scalar[] {
  const fields = fieldsOf(group, given);
  const unknown = Object.keys(fields).find((name) => !group.entity.includes(name));
  if (unknown !== undefined) {
    throw entityError(group, `${JSON.stringify(unknown)} is no field of its entity`);
  }
  const entity = readEntity(fields);
  if (entity instanceof Rejection) throw entityError(group, entity.detail);
  return entity;
}

function fieldsOf(group: FeatureGroup, given: ReadRequest['entity']): object {
  if (typeof given === 'object' && given !== null && !(given instanceof Uint8Array) && !Array.isArray(given))
    return given;
  if (group.entity.length === 1) return { [group.entity[0]!]: given };
  throw entityError(group, `its entity has ${group.entity.length} fields, found ${describeFound(given)}`);
}

function entityError(group: FeatureGroup, problem: string): ReadError {
  return new ReadError(`feature group ${group.name}: ${problem}`, {
    code: 'ENTITY_WRONG',
    remedy: `An entity of ${group.name} is {${group.entity.join(', ')}}, with values as the source's records hold them.`,
  });
}

function featureOf({ group, byName }: ServedGroup, name: string): SelectedFeature {
  const found = byName.get(name);
  if (found !== undefined) return found;
  throw new ReadError(`feature group ${group.name} has no feature ${JSON.stringify(name)}`, {
    code: 'FEATURE_UNKNOWN',
    remedy: suggestName(String(name), byName.keys()),
  });
}
