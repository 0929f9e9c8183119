/** How far long work has come, in the unit that its reporter names. */
export interface Progress {
  readonly done: number;
  /** Null when it is not known beforehand. */
  readonly total: number | null;
}
