import { type Place, TidemarkError } from '../errors.ts';

/** One thing that is wrong in a definitions file. */
export interface Problem {
  readonly message: string;
  readonly place: Place;
  readonly remedy: string;
}

/**
 * A definitions file that says what cannot be. The error is the first problem in the order of the text, `others`
 * are the rest; its code is `DEFINITION`.
 */
export class DefinitionError extends TidemarkError {
  constructor(problems: readonly [Problem, ...Problem[]], cause?: unknown) {
    const [first, ...others] = problems;
    super(first.message, {
      code: 'DEFINITION',
      place: first.place,
      remedy: first.remedy,
      others: others.map((problem) => new DefinitionError([problem])),
      cause,
    });
  }
}

/** Shared by every copy of the package that one file may import, so the keys are global. */
const COLLECTED = Symbol.for('tidemark.collectedProblems');
const shared = globalThis as { [COLLECTED]?: Problem[] | undefined };

/**
 * Ends a define…() call: throws its problems, or leaves them to the loader while one is at work, so that all
 * problems of a file are told at once.
 */
export function reportProblems(problems: readonly Problem[]): void {
  const [first, ...others] = problems;
  if (first === undefined) return;
  if (shared[COLLECTED] === undefined) throw new DefinitionError([first, ...others]);
  shared[COLLECTED].push(...problems);
}

/** Runs `load` and gives what it returns or throws, with the problems of the define…() calls inside. */
export function collectProblems<T>(
  load: () => T,
): { readonly problems: readonly Problem[] } & ({ readonly result: T } | { readonly thrown: unknown }) {
  const outer = shared[COLLECTED];
  const problems: Problem[] = [];
  shared[COLLECTED] = problems;
  try {
    return { problems, result: load() };
  } catch (thrown) {
    return { problems, thrown };
  } finally {
    shared[COLLECTED] = outer;
  }
}
