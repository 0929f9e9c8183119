/** How far events of one partition come after later ones: what a watermark has to wait for. */
export class Disorder {
  #latestMs = Number.NEGATIVE_INFINITY;
  #count = 0;
  /** Events by how many whole minutes they are behind the latest one before them. */
  readonly #byMinutes = new Map<number, number>();

  add(eventMs: number): void {
    this.#count++;
    if (eventMs < this.#latestMs) {
      const minutes = Math.ceil((this.#latestMs - eventMs) / 60_000);
      this.#byMinutes.set(minutes, (this.#byMinutes.get(minutes) ?? 0) + 1);
    }
    this.#latestMs = Math.max(this.#latestMs, eventMs);
  }

  /** Share of the events that are behind the latest one by more than so many minutes. */
  shareBeyond(minutes: number): number {
    let beyond = 0;
    for (const [behind, count] of this.#byMinutes) if (behind > minutes) beyond += count;
    return this.#count === 0 ? 0 : beyond / this.#count;
  }

  get mostMinutes(): number {
    return Math.max(0, ...this.#byMinutes.keys());
  }
}
