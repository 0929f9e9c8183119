import { describe, expect, test } from 'vitest';
import { createLogger, redactUrl } from '../../src/cli/logger.ts';
import { describeProgress, ProgressLine } from '../../src/cli/progress.ts';
import { formatFields, formatTable } from '../../src/cli/table.ts';

/** A stream and a clock that a test moves. */
function recorder(isTTY: boolean) {
  const written: string[] = [];
  const clock = { ms: 0 };
  const stream = { isTTY, columns: 60, write: (text: string) => written.push(text) };
  return { written, clock, stream, now: () => clock.ms };
}

describe('progress', () => {
  test('tells share, rate and time left', () => {
    expect(describeProgress({ done: 1_200_000, total: 4_800_000 }, 'records', 3000)).toBe(
      '1,200,000 of 4,800,000 records, 25 %, 400,000/s, 9 s left',
    );
    expect(describeProgress({ done: 500, total: null }, 'records', 1000)).toBe('500 records, 500/s');
    expect(describeProgress({ done: 0, total: 0 }, 'records', 1000)).toBe('0 of 0 records, 100 %, 0/s');
  });

  test('draws over its line on a terminal, and clears it at the end', () => {
    const { written, clock, stream, now } = recorder(true);
    const line = new ProgressLine({ label: 'replay', unit: 'records', stream, now });
    for (const ms of [50, 100, 150, 200]) {
      clock.ms = ms;
      line.update({ done: ms, total: 200 });
    }
    line.finish();
    expect(written).toEqual([
      '\r\u001b[Kreplay: 100 of 200 records, 50 %, 1,000/s, 1 s left',
      '\r\u001b[Kreplay: 200 of 200 records, 100 %, 1,000/s, 0 s left',
      '\r\u001b[K',
    ]);
  });

  test('writes a plain line every five seconds elsewhere', () => {
    const { written, clock, stream, now } = recorder(false);
    const line = new ProgressLine({ label: 'replay', unit: 'records', stream, now });
    for (let ms = 1000; ms <= 11_000; ms += 1000) {
      clock.ms = ms;
      line.update({ done: ms, total: null });
    }
    line.finish();
    expect(written).toEqual(['replay: 5,000 records, 1,000/s\n', 'replay: 10,000 records, 1,000/s\n']);
  });

  test('is silent when told so', () => {
    const { written, clock, stream, now } = recorder(false);
    const line = new ProgressLine({ label: 'replay', unit: 'records', quiet: true, stream, now });
    clock.ms = 60_000;
    line.update({ done: 1, total: 2 });
    line.finish();
    expect(written).toEqual([]);
  });
});

describe('tables', () => {
  test('align numbers to the right and texts to the left', () => {
    const rows = [
      ['card_risk', 1234, 'x'],
      ['m', null, 'yy'],
    ];
    expect(formatTable(['group', 'rows', 'of'], rows)).toBe(
      ['group       rows  of', '---------  -----  --', 'card_risk  1,234  x', 'm              -  yy'].join(
        '\n',
      ),
    );
  });

  test('put the values of fields in one column', () => {
    expect(
      formatFields([
        ['a', 1],
        ['long', null],
      ]),
    ).toBe('a     1\nlong  -');
  });
});

describe('logs', () => {
  function logged(json: boolean): string {
    let text = '';
    const logger = createLogger({ level: 'info', json }, (line) => {
      text += line;
    });
    logger.debug('unseen');
    logger.info(
      { url: 'redis://me:hunter2@host:1', sasl: { password: 'hunter2' }, lag: 3 },
      'worker started',
    );
    return text;
  }

  test('are JSON lines for programs', () => {
    expect(JSON.parse(logged(true))).toMatchObject({ level: 'info', msg: 'worker started', lag: 3 });
  });

  test('are single lines for people', () => {
    expect(logged(false)).toMatch(/^\d\d:\d\d:\d\d INFO worker started url=redis:.* lag=3\n$/);
  });

  test.each([true, false])('hold no password (JSON: %s)', (json) => {
    expect(logged(json)).not.toContain('hunter2');
    expect(logged(json)).not.toContain('unseen');
  });

  test('leave a URL without a password as it is', () => {
    expect(redactUrl('redis://host:1')).toBe('redis://host:1');
    expect(redactUrl('no url')).toBe('no url');
  });
});
