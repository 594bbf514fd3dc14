import { describe, expect, test } from '@jest/globals';
import pc from 'picocolors';
import { createLive } from '../../cli/render/live.ts';
import { createPlainLines } from '../../cli/render/plain.ts';
import { bar, runLines } from '../../cli/render/run-lines.ts';
import { clockTime, cut, duration, harmless, table, widthOf } from '../../cli/render/text.ts';
import type { RunView } from '../../src/contract/api.ts';
import { event, NOW, noCounts, RUN, view } from './fake-shell.ts';
import { fakeTerminal } from './fake-terminal.ts';

const paint = pc.createColors(false);
const frame = { columns: 80, rows: 24, now: NOW, paint };

const busy: RunView = view({
  workflow: 'nightly-orders',
  input: { day: '2026-11-20' },
  createdAt: NOW - 35_000,
  counts: { ...noCounts, succeeded: 37, running: 4, backoff: 1, waiting: 22 },
  levels: [
    {
      level: 0,
      groups: [{ task: 'extract', counts: { ...noCounts, succeeded: 1 } }],
      groupsLeftOut: 0,
    },
    {
      level: 1,
      groups: [
        {
          task: 'clean',
          counts: { ...noCounts, succeeded: 35, running: 4, backoff: 1, waiting: 20 },
        },
        { task: 'thumbnails', counts: { ...noCounts, succeeded: 1 } },
      ],
      groupsLeftOut: 0,
    },
    {
      level: 2,
      groups: [{ task: 'publish', counts: { ...noCounts, waiting: 1 } }],
      groupsLeftOut: 0,
    },
  ],
  running: [
    { task: 'clean[3]', attempt: 1, since: NOW - 5_000 },
    {
      task: 'clean[9]',
      attempt: 2,
      since: NOW - 2_000,
      step: 'row 812',
      stepAt: NOW - 1000,
      progress: 0.451,
    },
  ],
});

describe('a run as lines', () => {
  test('of a wide level the most urgent are told one by one, and the others together', () => {
    const done = { ...noCounts, succeeded: 1 };
    const groups = Array.from({ length: 100 }, (_, n) => ({ task: `t${n}`, counts: done }));
    groups[70] = { task: 't70', counts: { ...noCounts, running: 1 } };
    groups[71] = { task: 't71', counts: { ...noCounts, waiting: 1 } };
    const levels = [
      { level: 0, groups, groupsLeftOut: 900 },
      {
        level: 1,
        groups: [{ task: 'last', counts: { ...noCounts, waiting: 1 } }],
        groupsLeftOut: 0,
      },
    ];
    const lines = runLines(view({ levels }), { ...frame, groupsMax: 4 });
    const told = lines.map((line) =>
      line
        .split('  ')
        .map((word) => word.trim())
        .filter(Boolean),
    );
    expect(told.slice(1, -1).map(([first, , numbers]) => [first, numbers])).toEqual([
      ['0 t0', '1/1'],
      ['t70', '0/1'],
      ['t71', '0/1'],
      ['… 97 more', '97/97'],
      ['1 last', '0/1'],
      ['… 900 more not shown', undefined],
    ]);
    const few = runLines(view({ levels }), { ...frame, groupsMax: 4, rows: 6 });
    expect(few.join('\n')).toContain('… 999 more not shown');
  });

  test('it shows levels, bars, what is at work, and totals', () => {
    const since = clockTime(NOW - 1000, NOW);
    expect(runLines(busy, frame)).toEqual([
      `run ${RUN} nightly-orders  day=2026-11-20`,
      '  0 extract     ████████████████████    1/1',
      '  1 clean       ███████████▋░░░░░░░░  35/60  4 running  1 retrying',
      '    thumbnails  ████████████████████    1/1',
      '  2 publish     ░░░░░░░░░░░░░░░░░░░░    0/1  waits',
      `    clean[9]  attempt 2  for 2.0 s  at step row 812 since ${since}  45 %`,
      '    clean[3]  for 5.0 s',
      '  35 s elapsed   37/64 done   4 running   1 retrying   0 failed',
    ]);
  });

  test.each([20, 30, 40, 50, 60, 79, 80, 120, 200])(
    'no line is wider than %i columns',
    (columns) => {
      const wide = { ...busy, workflow: 'w'.repeat(128), input: { text: '日本語'.repeat(80) } };
      const lines = runLines(wide, { ...frame, columns });
      expect(lines.filter((line) => widthOf(line) > columns)).toEqual([]);
    },
  );

  test('a narrow terminal gets numbers instead of bars', () => {
    const lines = runLines(busy, { ...frame, columns: 40 });
    expect(lines[2]).toBe('  1 clean       35/60  4 running  1 ret…');
    expect(lines.join('')).not.toContain('█');
  });

  test('when rows are few, what moves is shown and the rest is counted', () => {
    const groups = Array.from({ length: 50 }, (_, i) => ({
      task: `t${i}`,
      counts: { ...noCounts, ...(i === 40 ? { running: 1 } : { succeeded: 1 }) },
    }));
    const many = view({ levels: [{ level: 0, groups, groupsLeftOut: 7 }] });
    const lines = runLines(many, { ...frame, rows: 10 });
    expect(lines.length).toBeLessThanOrEqual(10);
    expect(lines.some((line) => line.includes('t40'))).toBe(true);
    expect(lines.some((line) => line.includes('51 more not shown'))).toBe(true);
  });

  test('text of tasks cannot steer the terminal', () => {
    const running = [{ task: 'a', attempt: 1, since: NOW, step: '\u001b[2Jgone\r\n\u0007!' }];
    const lines = runLines(view({ running }), frame);
    expect(lines.join('')).toContain('at step gone !');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left
    expect(lines.join('')).not.toMatch(/[\u0000-\u001f]/);
  });

  test('colours change nothing but colours', () => {
    const coloured = runLines(busy, { ...frame, paint: pc.createColors(true) });
    expect(coloured.join('\n')).toContain('\u001b[');
    expect(coloured.map(harmless)).toEqual(runLines(busy, frame));
  });

  test('a bar is as full as its share', () => {
    expect(['0', '0.5', '1', '0.06'].map((share) => bar(Number(share), 4))).toEqual([
      '░░░░',
      '██░░',
      '████',
      '▏░░░',
    ]);
  });
});

describe('the live picture', () => {
  test('each picture takes the place of the one before, also a longer or shorter one', () => {
    const terminal = fakeTerminal({ columns: 20, rows: 10 });
    terminal.output.write('$ fanfold run\n');
    const live = createLive(terminal.output);
    live.draw(['one', 'two']);
    live.draw(['one and a half', 'two', 'three']);
    live.draw(['four']);
    expect(terminal.lines()).toEqual(['$ fanfold run', 'four']);
    live.clear();
    expect(terminal.lines()).toEqual(['$ fanfold run']);
  });

  test('a picture that is kept stays, and the next one is drawn below', () => {
    const terminal = fakeTerminal({ columns: 20, rows: 10 });
    const live = createLive(terminal.output);
    live.draw(['one']);
    live.keep();
    live.clear();
    live.draw(['two']);
    live.draw(['three']);
    expect(terminal.lines()).toEqual(['one', 'three']);
  });

  test('a narrower window leaves nothing of the old picture behind', () => {
    const terminal = fakeTerminal({ columns: 40, rows: 10 });
    terminal.output.write('before\n');
    const live = createLive(terminal.output);
    live.draw(['x'.repeat(39), 'y'.repeat(30)]);
    terminal.resize(16);
    live.draw(['short', 'also']);
    expect(terminal.lines()).toEqual(['before', 'short', 'also']);
  });
});

describe('plain lines', () => {
  test('each event is a line, with the time that an attempt took', () => {
    const lineOf = createPlainLines('R');
    const at = Date.parse('2026-11-20T02:31:07.000Z');
    const error = { reason: 'exit', message: 'bad\nrow' } as const;
    const events = [
      event('1', 'start', 'clean[3]', { at }),
      event('2', 'retry', 'clean[3]', { at: at + 412, error }),
      event('3', 'success', 'other', { at }),
      event('4', 'control', undefined, { at, detail: 'pause' }),
      event('5', 'ended', undefined, { at, detail: 'failed' }),
    ];
    expect(events.map(lineOf)).toEqual([
      '2026-11-20T02:31:07.000Z run=R task=clean[3] state=running attempt=1',
      '2026-11-20T02:31:07.412Z run=R task=clean[3] state=retrying attempt=1 ms=412 why="bad row"',
      '2026-11-20T02:31:07.000Z run=R task=other state=succeeded attempt=1',
      '2026-11-20T02:31:07.000Z run=R control=pause',
      '2026-11-20T02:31:07.000Z run=R state=failed',
    ]);
  });
});

describe('text', () => {
  test.each([
    [0, '0.0 s'],
    [812, '0.8 s'],
    [35_400, '35 s'],
    [125_000, '2 min 5 s'],
    [12_000_000, '3 h 20 min'],
    [400_000_000, '4 days'],
  ])('%i ms are %s', (ms, want) => expect(duration(ms)).toBe(want));

  test('wide characters take two columns, colours and marks none', () => {
    expect(['abc', '日本', 'e\u0301', '\u001b[31mred\u001b[0m', '🎉'].map(widthOf)).toEqual([
      3, 4, 1, 3, 2,
    ]);
    expect(cut('日本語', 5)).toBe('日本…');
    expect(cut('abc', 3)).toBe('abc');
    expect(cut('abcd', 3)).toBe('ab…');
    expect(cut('abcd', 0)).toBe('');
  });

  test('columns of a table line up, and end at the edge', () => {
    expect(
      table(
        [
          ['a', 'bb', 'c'],
          ['aaa', 'b', 'long text'],
        ],
        14,
      ),
    ).toEqual(['a    bb  c', 'aaa  b   long…']);
  });
});
