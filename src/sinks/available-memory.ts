import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';

/** Of the machine, or of the container when that has less. */
export function availableMemory(): number {
  const constrained = constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}
