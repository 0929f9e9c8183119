import type { Progress } from '../progress.ts';

const REDRAW_MS = 100;
const PLAIN_LINE_MS = 5000;

export interface ProgressOptions {
  /** What is being done, such as `replay`. */
  readonly label: string;
  /** What is counted, such as `records`. */
  readonly unit: string;
  readonly quiet?: boolean;
  /** Default: standard error. */
  readonly stream?: ProgressStream;
  /** Milliseconds of a steady clock. */
  readonly now?: () => number;
}

export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/**
 * How far long work has come: on a terminal one line that is drawn over, elsewhere a plain line every few
 * seconds, with rate and time left.
 */
export class ProgressLine {
  readonly #options: ProgressOptions;
  readonly #stream: ProgressStream;
  readonly #now: () => number;
  readonly #start: number;
  #lastDrawn: number;
  #drawn = false;

  constructor(options: ProgressOptions) {
    this.#options = options;
    this.#stream = options.stream ?? process.stderr;
    this.#now = options.now ?? (() => performance.now());
    this.#start = this.#now();
    this.#lastDrawn = this.#start;
  }

  /** Cheap enough to call per batch. */
  update(progress: Progress): void {
    if (this.#options.quiet === true) return;
    const terminal = this.#stream.isTTY === true;
    const now = this.#now();
    if (now - this.#lastDrawn < (terminal ? REDRAW_MS : PLAIN_LINE_MS)) return;
    this.#lastDrawn = now;
    const text = `${this.#options.label}: ${describeProgress(progress, this.#options.unit, now - this.#start)}`;
    if (terminal) this.#stream.write(`\r\u001b[K${text.slice(0, (this.#stream.columns ?? 80) - 1)}`);
    else this.#stream.write(`${text}\n`);
    this.#drawn = terminal;
  }

  /** Clears the line, so that what follows stands alone. */
  finish(): void {
    if (this.#drawn) this.#stream.write('\r\u001b[K');
    this.#drawn = false;
  }
}

/** `1,200,000 of 4,800,000 records, 25 %, 400,000/s, 9 s left`. */
export function describeProgress(progress: Progress, unit: string, elapsedMs: number): string {
  const { done, total } = progress;
  const perSecond = elapsedMs > 0 ? (done * 1000) / elapsedMs : 0;
  const rate = `${formatCount(Math.round(perSecond))}/s`;
  if (total === null) return `${formatCount(done)} ${unit}, ${rate}`;
  const share = total === 0 ? 100 : Math.floor((Math.min(done, total) * 100) / total);
  const left = perSecond > 0 ? `, ${formatSeconds((total - done) / perSecond)} left` : '';
  return `${formatCount(done)} of ${formatCount(total)} ${unit}, ${share} %, ${rate}${left}`;
}

/** With a comma every three digits, whatever the machine's locale. */
export function formatCount(count: number): string {
  return String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',');
}

function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 100) return `${whole} s`;
  if (whole < 6000) return `${Math.round(whole / 60)} min`;
  return `${Math.round(whole / 3600)} h`;
}
