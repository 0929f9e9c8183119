/** The one of `names` that `name` was probably meant to be; null when none is near. */
export function nearest(name: string, names: Iterable<string>): string | null {
  const all = [...names];
  let best = all.find((candidate) => continues(candidate, name) || continues(name, candidate)) ?? null;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of all) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Whether a name is another with something added: `card_id` is `card` with more. */
function continues(longer: string, start: string): boolean {
  return start.length >= 3 && longer.toLowerCase().startsWith(start.toLowerCase());
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one text into the other. */
function editDistance(from: string, to: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const current = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = previous[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      let distance = Math.min(replaced, previous[j]! + 1, current[j - 1]! + 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      if (swapped) distance = Math.min(distance, beforePrevious[j - 2]! + 1);
      current.push(distance);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[to.length]!;
}

/** A remedy for a name that does not exist: the nearest one, or all of them. */
export function suggestName(name: string, names: Iterable<string>): string {
  const all = [...names];
  const near = nearest(name, all);
  if (near !== null) return `did you mean '${near}'?`;
  return `there are ${all.map((each) => `'${each}'`).join(', ')}`;
}
