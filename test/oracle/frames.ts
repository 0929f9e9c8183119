import type { CalendarUnit, Grid } from '../../src/definitions/definition.ts';
import { formatDuration } from '../../src/time.ts';

/** The windows that definitions are drawn with: on grids of steps, with calendars and lifetimes too, or sessions. */
export type WindowKind = 'steps' | 'calendars' | 'sessions';

/** A grid, what may be counted on it besides trailing ranges, and when a log for it is worth its while. */
export interface Frame {
  readonly grid: Grid;
  /** About the time between grid times, or the gap: the measure of lengths, lateness and a log's pace. */
  readonly stepMs: number;
  readonly since: readonly { readonly unit: CalendarUnit; readonly zone: string }[];
  /** Where a log's clock may start. */
  readonly starts: readonly number[];
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const STEP_MS = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS };

/** The epoch, just before it, long before it, today. */
const PLAIN_STARTS = [0, -7, -100_000_000_000, 1_700_000_000_000];

export const PLAIN_FRAMES: readonly Frame[] = [10, 1, 3, 250, 1000, 60_000, 300_000].map((stepMs) => ({
  grid: { kind: 'fixed', stepMs, offsetMs: 0 },
  stepMs,
  since: [],
  starts: PLAIN_STARTS,
}));

/** What happened to a zone's clocks, and when. */
const AWKWARD: Readonly<Record<string, readonly string[]>> = {
  'Asia/Kolkata': ['2026-06-01T00:00Z'],
  'Asia/Kathmandu': ['1985-12-31T18:30Z'],
  'America/New_York': ['2026-03-08T07:00Z', '2026-11-01T06:00Z'],
  'America/St_Johns': ['2006-10-29T02:31Z', '2007-03-11T03:31Z'],
  'America/Sao_Paulo': ['2018-11-04T03:00Z'],
  'America/Boa_Vista': ['2000-10-08T04:00Z'],
  'Australia/Lord_Howe': ['2026-04-04T15:00Z', '2026-10-03T15:30Z'],
  'Pacific/Apia': ['2011-12-30T10:00Z'],
  UTC: ['2028-02-29T00:00Z'],
};

/** Somewhat before what is awkward; and at the ends of the time that calendars have. */
function startsIn(zone: string, stepMs: number): number[] {
  const instants = AWKWARD[zone]!.map((text) => Date.parse(text));
  const before = [...instants, ...instants].flatMap((instant) => [
    instant - 4 * stepMs,
    instant - 25 * stepMs,
  ]);
  return [...before, -2 * stepMs - 7, Date.UTC(2100, 0, 1) - 20 * stepMs];
}

function calendarFrame(unit: CalendarUnit, zone: string): Frame {
  const stepMs = STEP_MS[unit];
  return {
    grid: { kind: 'calendar', unit, zone },
    stepMs,
    since: (unit === 'day' ? (['day', 'week', 'month'] as const) : [unit]).map((each) => ({
      unit: each,
      zone,
    })),
    starts: startsIn(zone, stepMs),
  };
}

function stepsFrame(stepMs: number, offsetMs: number, zone: string, units: readonly CalendarUnit[]): Frame {
  return {
    grid: { kind: 'fixed', stepMs, offsetMs },
    stepMs,
    since: units.map((unit) => ({ unit, zone })),
    starts: startsIn(zone, stepMs),
  };
}

/** Steps are long enough for a unit to have few of them: the oracle looks at each. */
export const CALENDAR_FRAMES: readonly Frame[] = [
  ...Object.keys(AWKWARD).map((zone) => calendarFrame('day', zone)),
  calendarFrame('week', 'America/New_York'),
  calendarFrame('week', 'Pacific/Apia'),
  calendarFrame('month', 'America/Sao_Paulo'),
  calendarFrame('month', 'Asia/Kolkata'),
  stepsFrame(HOUR_MS, 0, 'America/New_York', ['day']),
  stepsFrame(HOUR_MS / 2, 0, 'Australia/Lord_Howe', ['day']),
  stepsFrame(HOUR_MS / 2, 0, 'America/St_Johns', ['day']),
  stepsFrame(HOUR_MS / 4, 0, 'Asia/Kathmandu', ['day']),
  stepsFrame(6 * HOUR_MS, HOUR_MS / 2, 'Asia/Kolkata', ['day', 'week']),
  stepsFrame(12 * HOUR_MS, 0, 'UTC', ['day', 'week']),
  stepsFrame(DAY_MS, 0, 'UTC', ['week', 'month']),
];

/** Sessions without limit, and as short, longer and much longer than the gap. */
export const SESSION_FRAMES: readonly Frame[] = [10, 1, 3, 250, 60_000].flatMap((gapMs) =>
  [null, null, 1, 2.5, 7].map((gaps) => ({
    grid: { kind: 'session', gapMs, maxDurationMs: gaps === null ? null : Math.ceil(gaps * gapMs) },
    stepMs: gapMs,
    since: [],
    starts: PLAIN_STARTS,
  })),
);

/** The grid as the options of a group. */
export function gridOptions(grid: Grid): string {
  if (grid.kind === 'session') {
    const gap = `session: '${formatDuration(grid.gapMs)}'`;
    if (grid.maxDurationMs === null) return gap;
    return `${gap},\n  maxDuration: '${formatDuration(grid.maxDurationMs)}'`;
  }
  if (grid.kind === 'calendar') return `every: { unit: '${grid.unit}', zone: '${grid.zone}' }`;
  return `every: '${formatDuration(grid.stepMs)}',\n  offset: '${formatDuration(grid.offsetMs)}'`;
}
