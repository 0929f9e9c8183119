import type { SessionGrid } from '../definitions/definition.ts';
import { floorDiv } from '../time.ts';
import { EXAMPLE_TIME, timeText } from './timeline.ts';

/** Two sessions of an entity as an example. */
export type SessionTimeline = readonly {
  readonly first_event: string;
  readonly last_event: string;
  readonly window_end: string;
}[];

/** When the events of each are, in gaps. */
const EXAMPLE = [
  [0, 0.5, 1],
  [2.5, 3],
] as const;

export function sessionTimelineOf({ gapMs }: SessionGrid): SessionTimeline {
  const start = floorDiv(EXAMPLE_TIME, gapMs) * gapMs;
  const timeOf = (gaps: number): string => timeText(start + Math.floor(gaps * gapMs), null);
  return EXAMPLE.map((events) => {
    const [first, last] = [events[0], events.at(-1)!];
    return { first_event: timeOf(first), last_event: timeOf(last), window_end: timeOf(last + 1) };
  });
}

const GAP_WIDTH = 12;

/** The sessions to scale, and below what is to be seen. */
export function drawSessions(timeline: SessionTimeline, gap: string): string {
  const drawn = EXAMPLE.map((events) => {
    const steps = events.slice(1).map((at, index) => '-'.repeat((at - events[index]!) * GAP_WIDTH - 1));
    return `${['', ...steps].join('*')}*${'.'.repeat(GAP_WIDTH - 1)})`;
  });
  const apart = ' '.repeat((EXAMPLE[1][0] - EXAMPLE[0][2] - 1) * GAP_WIDTH - 1);
  return [
    drawn.join(apart),
    ...timeline.map(
      ({ first_event, last_event, window_end }) =>
        `events from ${first_event} to ${last_event}: window end ${window_end}`,
    ),
    `* an event, ... ${gap} without one`,
  ].join('\n');
}
