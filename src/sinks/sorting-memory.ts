import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';

/** What a database may take to sort in, as DuckDB's `memory_limit`: by default a quarter of what there is. */
export function sortingMemory(bytes = availableMemory() / 4): string {
  return `${Math.ceil(bytes / 2 ** 20)}MiB`;
}

/** Of the machine, or of the container when that has less. */
function availableMemory(): number {
  const constrained = constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
