import { readFileSync } from 'node:fs';

/** The living processes that a process has started itself, the oldest first. Linux only. */
export function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}
