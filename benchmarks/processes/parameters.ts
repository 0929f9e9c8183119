/** The parameters that {@link startProcess} gave this process. */
export function parameters<T>(): T {
  return JSON.parse(process.argv[2] ?? '{}') as T;
}

export function tell(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Collects what is garbage now; the process runs with --expose-gc. */
export function collectGarbage(): void {
  globalThis.gc?.();
}
