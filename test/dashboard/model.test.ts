import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { formatAddress, parseAddress } from '../../dashboard/model/address.ts';
import { endedByHour, hourMs } from '../../dashboard/model/ended.ts';
import { layoutOf, node } from '../../dashboard/model/layout.ts';
import { groupsOf, normalised } from '../../dashboard/model/signature.ts';
import { Timeline, timingOf } from '../../dashboard/model/timeline.ts';
import { ago, duration } from '../../dashboard/model/words.ts';
import type { RunEvent, RunGraph } from '../../src/contract/api.ts';

describe('an address', () => {
  test('says what it was made of, whatever that is', () => {
    const text = fc.string({ minLength: 1, unit: 'grapheme' });
    const key = fc.stringMatching(/^[a-z]{1,8}$/);
    fc.assert(
      fc.property(fc.array(text), fc.dictionary(key, text), (path, query) => {
        const address = parseAddress(formatAddress(path, query));
        expect([address.path, { ...address.query }]).toEqual([path, { ...query }]);
      }),
    );
  });

  test('leaves out what is empty, and survives what is no encoding', () => {
    expect(formatAddress(['runs'], { state: '', text: undefined })).toBe('#/runs');
    expect(parseAddress('#/runs/%zz')).toEqual({ path: ['runs', '%zz'], query: {} });
  });
});

test.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [9_949, '9.9 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_725_000, '1 h 2 min'],
  [90_000_000, '1 d 1 h'],
  [-1, '–'],
])('%d ms are %s', (ms, words) => expect(duration(ms)).toBe(words));

test.each([
  [1_000, 'just now'],
  [59_000, '59 s ago'],
  [7_200_000, '2 h ago'],
])('%d ms are %s', (ms, words) => expect(ago(0, ms)).toBe(words));

/** Random graphs, as the API gives them: needs are smaller than whose they are. */
const graphs = fc.array(fc.array(fc.nat(), { maxLength: 4 }), { minLength: 1, maxLength: 300 }).map(
  (all): RunGraph => ({
    tasks: all.map((needs, n) => ({
      id: `t${n}`,
      kind: 'none',
      ...(n > 0 && { needs: [...new Set(needs.map((need) => need % n))] }),
    })),
  }),
);

describe('a layout', () => {
  test('puts every task right of what it needs, and none on another', () => {
    fc.assert(
      fc.property(graphs, (graph) => {
        const { x, y, width, height } = layoutOf(graph);
        const places = new Set<string>();
        for (const [task, { needs = [] }] of graph.tasks.entries()) {
          for (const need of needs)
            expect(x[task] as number).toBeGreaterThan((x[need] as number) + node.width);
          places.add(`${x[task]} ${y[task]}`);
          expect((x[task] as number) + node.width).toBeLessThanOrEqual(width);
          expect((y[task] as number) + node.height).toBeLessThanOrEqual(height);
        }
        expect(places.size).toBe(graph.tasks.length);
      }),
    );
  });

  test('does not make a wide level a line', () => {
    const tasks = Array.from({ length: 10_000 }, (_, n) => ({ id: `t${n}`, kind: 'none' }));
    const { width, height } = layoutOf({ tasks });
    expect(width / height).toBeGreaterThan(0.5);
    expect(width / height).toBeLessThan(4);
  });
});

describe('a timeline', () => {
  let number = 0;
  const event = (at: number, name: RunEvent['event'], task: string, attempt = 1): RunEvent => ({
    id: `e${number++}`,
    at,
    event: name,
    task,
    attempt,
  });
  const graph: RunGraph = {
    tasks: [
      { id: 'a', kind: 'shell' },
      { id: 'b', kind: 'shell', needs: [0] },
      { id: 'c', kind: 'shell', needs: [0] },
      { id: 'd', kind: 'shell', needs: [1, 2] },
    ],
  };

  test('has a bar for each attempt, whatever comes twice or in another order', () => {
    const events = [
      event(10, 'start', 'a'),
      event(20, 'retry', 'a'),
      event(50, 'start', 'a', 2),
      event(60, 'success', 'a', 2),
    ];
    const timeline = new Timeline();
    timeline.add(events.toReversed());
    timeline.add(events);
    expect(timeline.rows()).toEqual([
      {
        task: 'a',
        bars: [
          { attempt: 1, startedAt: 10, endedAt: 20, end: 'retry', isBare: false },
          { attempt: 2, startedAt: 50, endedAt: 60, end: 'success', isBare: false },
        ],
      },
    ]);
  });

  test('begins a map with its first sub-task, and leaves out what never began', () => {
    const timeline = new Timeline();
    timeline.add([
      event(30, 'start', 'm[1]'),
      event(20, 'start', 'm[0]'),
      event(40, 'success', 'm[0]'),
      event(90, 'success', 'm'),
      event(95, 'cancelled', 'late'),
    ]);
    const starts = timeline.rows().map(({ task, bars }) => [task, bars[0]?.startedAt]);
    expect(starts).toEqual([
      ['m[0]', 20],
      ['m', 20],
      ['m[1]', 30],
    ]);
  });

  test('tells what made the run so long, and what had time', () => {
    const timeline = new Timeline();
    const spans = { a: [5, 10], b: [12, 50], c: [12, 20], d: [55, 60] } as const;
    for (const [task, [from, to]] of Object.entries(spans))
      timeline.add([event(from, 'start', task), event(to, 'success', task)]);
    const timing = timingOf(graph, timeline, 0);
    expect(timing.critical).toEqual(['a', 'b', 'd']);
    expect(['a', 'b', 'c', 'd'].map((task) => timing.readyAt(task))).toEqual([0, 10, 10, 50]);
    // c might have ended when d began at the latest: at 55.
    expect(timing.slack('c')).toBe(35);
    expect(timing.slack('d')).toBe(0);
  });
});

describe('failures', () => {
  test.each([
    ['row 17 of 4,000 is bad', 'row # of # is bad'],
    ['no file /tmp/a1b2c3d4e5/x', 'no file /tmp/#/x'],
    ['run 01JD8K7QZZZZZZZZZZZZZZZZZZ is gone', 'run # is gone'],
    ['id 6f1a2c3e-1111-2222-3333-0123456789ab at 0xFFee', 'id # at #'],
    ['a decade of feedback', 'a decade of feedback'],
    ['first\nsecond', 'first'],
  ])('%s is %s', (message, signature) => expect(normalised(message)).toBe(signature));

  test('ten thousand of three causes are three groups', () => {
    const causes = [
      (n: number) => `timeout after ${n} ms`,
      (n: number) => `no such key: user-${n}`,
      (n: number) => `connection ${(n * 7919).toString(16).padStart(8, '0')} was reset`,
    ];
    const failures = Array.from({ length: 10_000 }, (_, n) => ({
      run: `r${n}`,
      workflow: 'w',
      task: 't',
      at: n,
      error: { reason: 'error' as const, message: causes[n % 3]?.(n) ?? '' },
    }));
    const groups = groupsOf(failures);
    expect(groups.map(({ failures: all }) => all.length).sort()).toEqual([3333, 3333, 3334]);
    expect(groups[0]).toMatchObject({ first: 0, last: 9_999 });
  });

  test('what differs in its reason, name or exit code is not the same', () => {
    const of = (error: object) => ({ run: 'r', workflow: 'w', task: 't', at: 0, error }) as never;
    const message = 'no';
    expect(
      groupsOf([
        of({ reason: 'exit', message, exitCode: 1 }),
        of({ reason: 'exit', message, exitCode: 2 }),
        of({ reason: 'error', message, name: 'ValueError' }),
        of({ reason: 'error', message, name: 'KeyError' }),
      ]),
    ).toHaveLength(4);
  });
});

test('runs count in the hour in which they ended', () => {
  const now = 100 * hourMs + 5;
  const run = (endedAt: number, state: string) => ({ endedAt, state }) as never;
  const hours = endedByHour(
    [
      run(100 * hourMs, 'succeeded'),
      run(100 * hourMs - 1, 'failed'),
      run(98 * hourMs, 'cancelled'),
      run(98 * hourMs - 1, 'failed'),
      run(0, 'running'),
    ],
    now,
    3,
  );
  expect(hours).toEqual([
    { from: 98 * hourMs, succeeded: 0, failed: 0, cancelled: 1 },
    { from: 99 * hourMs, succeeded: 0, failed: 1, cancelled: 0 },
    { from: 100 * hourMs, succeeded: 1, failed: 0, cancelled: 0 },
  ]);
});
