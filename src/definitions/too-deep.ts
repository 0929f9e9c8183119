/** Whether an error says that an expression is nested deeper than a parser or compiler can follow. */
export function isTooDeep(error: unknown): boolean {
  if (error instanceof RangeError) return /call stack/.test(error.message);
  // The parser of types that Node brings runs out of a stack of its own, which Node reports as a bug.
  return error instanceof Error && 'code' in error && error.code === 'ERR_INTERNAL_ASSERTION';
}
