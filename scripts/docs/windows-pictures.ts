import type { FeatureGroup } from '../../src/definitions/definition.ts';
import type { EventTimeMs } from '../../src/time.ts';
import { type Click, clock, type IdleMark, run, runMarked } from './clicks.ts';
import { columnsPicture } from './columns-picture.ts';
import { logPicture } from './log-picture.ts';
import { rowsPicture } from './rows-picture.ts';
import { sessionsPicture } from './sessions-picture.ts';
import { loadSnippet } from './snippet.ts';
import { document, type Picture } from './svg.ts';

type Draw = (title: string, group: FeatureGroup) => Picture;

const USER = 'ana';

/** The clicks of {@link USER} at the given times, then one of somebody else that moves the watermark far ahead. */
function inTime(times: readonly string[], until: string): Click[] {
  return [...times.map((time) => click(time)), click(until, until, 'ben')];
}

function click(at: string, logged = at, user = USER): Click {
  return { user, at: clock(at), logged: clock(logged) };
}

function mark(watermark: string, logged: string): IdleMark {
  return { watermark: clock(watermark), logged: clock(logged) };
}

const HOUR_MS = 3_600_000;

/** A click of {@link USER} in the middle of each hour, then one of somebody else. */
function hourly(from: EventTimeMs, hours: number): Click[] {
  return Array.from({ length: hours + 1 }, (_, hour) => {
    const at = from + hour * HOUR_MS + HOUR_MS / 2;
    return { user: hour < hours ? USER : 'ben', at, logged: at };
  });
}

/** What each picture of the page shows: a log, run through the group that stands above it on the page. */
const PICTURES: Readonly<Record<string, Draw>> = {
  ranges: (title, group) => {
    const times = ['12:02', '12:06', '12:08', '12:13', '12:17', '12:24', '12:31', '12:33', '12:38', '12:47'];
    const steps = run(group, inTime(times, '13:02'));
    return rowsPicture(title, { group, steps, user: USER, from: clock('11:50'), to: clock('13:00') });
  },
  'enter-and-leave': (title, group) => {
    const steps = run(group, inTime(['12:03'], '13:00'));
    return rowsPicture(title, { group, steps, user: USER, from: clock('11:50'), to: clock('12:25') });
  },
  revisions: (title, group) => {
    const log = [
      click('12:02', '12:02'),
      click('12:04', '12:04'),
      click('12:03', '12:05'),
      click('12:08', '12:08'),
      click('12:04:30', '12:09'),
      click('12:11', '12:11'),
      click('12:13', '12:13'),
      click('12:04:50', '12:14'),
      click('12:09', '12:15'),
      click('12:18', '12:18'),
    ];
    return logPicture(title, {
      group,
      steps: run(group, log),
      user: USER,
      from: clock('12:00'),
      to: clock('12:20'),
    });
  },
  idle: (title, group) => {
    const log = [
      click('12:01', '12:01'),
      click('12:06', '12:06'),
      mark('12:05', '12:07'),
      mark('12:10', '12:12'),
      click('12:08', '12:13'),
      click('12:13', '12:14'),
    ];
    return logPicture(title, {
      group,
      steps: runMarked(group, log),
      user: USER,
      from: clock('12:00'),
      to: clock('12:20'),
    });
  },
  lifetime: (title, group) => {
    const log = [
      click('12:02'),
      click('12:07'),
      click('12:18'),
      click('12:03', '12:19'),
      click('12:23'),
      click('12:50', '12:50', 'ben'),
    ];
    return rowsPicture(title, {
      group,
      steps: run(group, log),
      user: USER,
      from: clock('11:55'),
      to: clock('12:35'),
    });
  },
  'since-midnight': (title, group) => {
    const steps = run(group, hourly(Date.UTC(2026, 2, 27, 23), 71));
    return columnsPicture(title, { group, steps, user: USER, zone: 'Europe/Berlin' });
  },
  'calendar-days': (title, group) => {
    const from = Date.UTC(2026, 9, 23, 22);
    const steps = run(group, hourly(from, 73));
    return rowsPicture(title, { group, steps, user: USER, from, to: from + 73 * HOUR_MS });
  },
  sessions: (title, group) => {
    const log = [
      click('12:01'),
      click('12:04'),
      click('12:12'),
      click('12:08', '12:13'),
      click('12:20', '12:20', 'ben'),
      click('12:11', '12:21'),
      click('12:25', '12:25', 'ben'),
      click('12:09', '12:26'),
    ];
    const steps = run(group, log);
    return sessionsPicture(title, { group, steps, user: USER, from: clock('11:58'), to: clock('12:25') });
  },
  'longest-session': (title, group) => {
    const steps = run(group, inTime(['12:01', '12:04', '12:07', '12:10', '12:13'], '12:25'));
    return sessionsPicture(title, { group, steps, user: USER, from: clock('11:58'), to: clock('12:25') });
  },
};

/**
 * The pictures of docs/windows.md by the names of their files. The page's first block of code is the source; each
 * picture stands right after a block with its group's options.
 */
export async function windowsPictures(page: string): Promise<ReadonlyMap<string, string>> {
  const source = /```ts\n(.*?)```/s.exec(page)![1]!;
  const made = new Map<string, string>();
  for (const [, options, title, name] of page.matchAll(
    /```ts\n([^`]*)```\n\n!\[([^\]]*)\]\(images\/([\w-]+)\.svg\)/g,
  )) {
    const draw = PICTURES[name!];
    if (draw === undefined) throw new Error(`docs/windows.md shows images/${name}.svg, which nothing draws`);
    made.set(`images/${name}.svg`, document(draw(title!, await loadSnippet(source, options!))));
  }
  return made;
}
