/**
 * A definitions file that is refused, and all that a person is told: place, what is wrong and what to do, word for
 * word.
 */
export type Refusal = readonly [what: string, text: string, told: string];
