import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileGroup, type RunnableDefinition } from '../oracle/compile-group.ts';
import { oracleSubject } from '../oracle/subject.ts';
import { TaskSubject } from '../oracle/task-subject.ts';
import { definitionOf, element, slidingWindows, watermark } from './flink.ts';

interface Table {
  readonly cases: readonly {
    readonly name: string;
    readonly size: number;
    readonly slide: number;
    /** May be negative here: a grid of ours has the offset that is equal to it modulo the slide. */
    readonly offset: number;
    readonly time: number;
    readonly windows: readonly (readonly [number, number])[];
  }[];
}

const table: Table = JSON.parse(readFileSync(new URL('flink-assigners.json', import.meta.url), 'utf8'));
const cases = table.cases.map((given) => {
  const { name, time, size, slide, offset } = given;
  return [`${name}: ${time} in windows of ${size} every ${slide} from ${offset}`, given] as const;
});

const SUBJECTS = [
  ['the oracle', oracleSubject],
  ['the task', (definition: RunnableDefinition) => new TaskSubject(compileGroup(definition))],
] as const;

describe.each(SUBJECTS)('Flink window assigners, %s', (_subject, open) => {
  it.each(cases)('%s', (_title, given) => {
    const { size, slide, time } = given;
    const subject = open(definitionOf(slidingWindows(given, 0)));
    subject.process(element(0, 'key', 1, time));
    // A lone element enters at the first window that holds it and leaves at the first that does not any more.
    const rows = subject.process(watermark(1, time + 3 * size)).map((row) => [row.windowEnd, row.values[0]]);
    const windows = given.windows.toSorted(([a], [b]) => a - b);
    expect(rows).toEqual([
      [windows[0]![1], 1],
      [windows.at(-1)![1] + slide, null],
    ]);
    expect(windows.map(([start, end]) => [start, end])).toEqual(
      windows.map((_window, index) => [
        windows[0]![1] + index * slide - size,
        windows[0]![1] + index * slide,
      ]),
    );
  });
});
