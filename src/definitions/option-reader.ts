import type { Place } from '../errors.ts';
import { type DurationMs, formatDuration, parseDuration } from '../time.ts';
import { LONGEST_YEARS } from './calendar.ts';
import type { Problem } from './definition-error.ts';
import type { ObjectSite } from './definition-text.ts';
import { nearest } from './nearest.ts';

export type Given = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Given {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const LONGEST_MS = LONGEST_YEARS * 365 * 86_400_000;

/** A value as a message shows it. */
export function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (typeof value !== 'object' || value === null) return String(value);
  return Array.isArray(value) ? 'a list' : 'an object';
}

/**
 * Reads the options object of a call: every option that is unknown, missing or wrong becomes a problem at its
 * own place, and reads as its default so that the rest can be checked too.
 */
export class OptionReader {
  readonly site: ObjectSite;
  readonly given: Given;
  /** What the options belong to, as messages name it: `'last'` of feature `x`. */
  readonly #what: string;
  readonly #problems: Problem[];

  constructor(what: string, given: unknown, site: ObjectSite, problems: Problem[]) {
    this.#what = what;
    this.site = site;
    this.#problems = problems;
    this.given = isObject(given) ? given : {};
    if (isObject(given) && ![Object.prototype, null].includes(Object.getPrototypeOf(given))) {
      const problem = `${what} has a prototype, and what that holds is not read`;
      this.problem(site.key('__proto__'), problem, 'write a plain object, { … }, and no __proto__');
    }
    if (!isObject(given)) {
      this.problem(site.place, `${what} takes an object of options, not ${show(given)}`, 'write { … }');
    }
  }

  problem(place: Place, message: string, remedy: string): void {
    this.#problems.push({ message, place, remedy });
  }

  /** Refuses an option: its value does not do. */
  wrong(name: string, problem: string, remedy: string): void {
    this.problem(this.site.value(name), `'${name}' of ${this.#what} ${problem}`, remedy);
  }

  /** Refuses options of other names; `elsewhere` says what to do about names that are known but not here. */
  only(names: readonly string[], elsewhere: Given = {}): void {
    for (const name of Object.keys(this.given)) {
      if (names.includes(name) || this.given[name] === undefined) continue;
      const advice = elsewhere[name];
      const near = nearest(name, names);
      this.problem(
        this.site.key(name),
        typeof advice === 'string'
          ? `'${name}' cannot stand in ${this.#what}`
          : `${this.#what} has no option '${name}'`,
        typeof advice === 'string'
          ? advice
          : near === null
            ? `its options are ${names.map((each) => `'${each}'`).join(', ')}`
            : `did you mean '${near}'?`,
      );
    }
    for (const { name, place } of this.site.repeated()) {
      this.problem(place, `'${name}' stands twice in ${this.#what}`, 'leave one of them out');
    }
  }

  has(name: string): boolean {
    return this.given[name] !== undefined;
  }

  /** True when the option is there; a problem when it is not. */
  require(name: string, remedy: string): boolean {
    if (this.has(name)) return true;
    this.problem(this.site.place, `${this.#what} needs the option '${name}'`, remedy);
    return false;
  }

  text(name: string): string | null {
    const value = this.given[name];
    if (value === undefined) return null;
    if (typeof value === 'string' && value !== '') return value;
    this.wrong(name, `is ${value === '' ? 'empty' : show(value)}, not a text`, `write ${name}: '…'`);
    return null;
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.given[name];
    if (value === undefined) return otherwise;
    if (typeof value === 'boolean') return value;
    this.wrong(name, `is ${show(value)}, not true or false`, `write ${name}: ${!otherwise}`);
    return otherwise;
  }

  choice<T extends string>(name: string, choices: readonly T[], otherwise: T): T {
    const value = this.given[name];
    if (value === undefined) return otherwise;
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    const near = typeof value === 'string' ? nearest(value, choices) : null;
    const all = choices.map((choice) => `'${choice}'`).join(' or ');
    this.wrong(name, `is ${show(value)}`, near === null ? `write ${all}` : `did you mean '${near}'?`);
    return otherwise;
  }

  integer(name: string, from: number, to: number, otherwise: number): number {
    const value = this.given[name];
    if (value === undefined) return otherwise;
    if (typeof value === 'number' && Number.isInteger(value) && value >= from && value <= to) return value;
    const range = to === Number.MAX_SAFE_INTEGER ? `${from} or more` : `${from} to ${to}`;
    const isInteger = typeof value === 'number' && Number.isInteger(value);
    const why = isInteger ? `is ${show(value)}, which is out of range` : `is ${show(value)}, not an integer`;
    this.wrong(name, why, `write an integer, ${range}`);
    return otherwise;
  }

  /** A duration of at least `least` milliseconds and at most 130 years; null when absent or wrong. */
  duration(name: string, least: 0 | 1): DurationMs | null {
    const value = this.given[name];
    if (value === undefined) return null;
    const duration = typeof value === 'string' ? parseDuration(value) : null;
    if (duration !== null && duration >= least && duration <= LONGEST_MS) return duration;
    const negative =
      typeof value === 'string' && value.startsWith('-') && parseDuration(value.slice(1)) !== null;
    const why =
      duration !== null && duration < least
        ? `is ${show(value)}, but must be longer than nothing`
        : negative
          ? `is ${show(value)}, but cannot be negative`
          : typeof value === 'string' && /^(\d+(ms|s|m|h|d))+$/.test(value)
            ? `is ${show(value)}, more than ${LONGEST_YEARS} years`
            : `is ${show(value)}, not a duration`;
    this.wrong(name, why, durationAdvice(value));
    return null;
  }
}

function durationAdvice(value: unknown): string {
  const ms = typeof value === 'number' && Number.isSafeInteger(value) && value > 0;
  const example = ms
    ? `milliseconds are written '${formatDuration(value)}'`
    : "write '250ms', '30s', '5m', '1h30m'";
  return ms ? example : `${example} or '7d'`;
}
