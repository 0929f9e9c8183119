import type { FeatureGroup } from '../definitions/definition.ts';
import type { ServedEntry } from '../serving/served-log.ts';
import type { AnswerPlace, OtherDefinition } from './options.ts';

/** Counts the answers of definitions that are not those of the proof. */
export class OtherDefinitions {
  readonly #found = new Map<string, { -readonly [K in keyof OtherDefinition]: OtherDefinition[K] }>();

  /** @param defined the group of this name and version in the definitions; null when they have none */
  add(
    { group, groupVersion, fingerprint }: ServedEntry,
    first: AnswerPlace,
    defined: FeatureGroup | null,
  ): void {
    const key = `${group}:${groupVersion} ${fingerprint}`;
    const found = this.#found.get(key);
    if (found !== undefined) found.answers++;
    else {
      this.#found.set(key, {
        group,
        version: groupVersion,
        fingerprint,
        defined: defined?.fingerprint ?? null,
        answers: 1,
        first,
      });
    }
  }

  get all(): readonly OtherDefinition[] {
    return [...this.#found.values()];
  }
}
