import { OUTCOMES, type Outcome, type ProvenGroup } from './options.ts';
import type { AnsweredGroup } from './served-answers.ts';

/** Counts what became of a group's answers, and of the values in them. */
export class GroupTally {
  readonly #answered: AnsweredGroup;
  readonly #outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  readonly #features: ReadonlyMap<string, { compared: number; different: number }>;

  constructor(answered: AnsweredGroup) {
    this.#answered = answered;
    this.#features = new Map(
      answered.group.features.map(({ name }) => [name, { compared: 0, different: 0 }]),
    );
  }

  add(outcome: Outcome): void {
    this.#outcomes[outcome]++;
  }

  /** Features whose values were compared, and those of them that differ. */
  addValues(compared: readonly string[], differing: readonly string[]): void {
    for (const name of compared) this.#features.get(name)!.compared++;
    for (const name of differing) this.#features.get(name)!.different++;
  }

  get summary(): ProvenGroup {
    const { name, version } = this.#answered.group;
    return {
      group: name,
      version,
      answers: Object.values(this.#outcomes).reduce((sum, count) => sum + count, 0),
      ...this.#outcomes,
      features: [...this.#features].map(([feature, counts]) => ({ feature, ...counts })),
    };
  }
}
