import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { groups } from '../../cli/command-groups.ts';
import { commands } from '../../cli/commands.ts';
import { clockTime } from '../../cli/render/text.ts';
import type { RunSummary, TaskView } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import {
  ended,
  event,
  fakeShell,
  line,
  NOW,
  noCounts,
  oneByOne,
  RUN,
  summary,
  view,
} from './fake-shell.ts';

const root = mkdtempSync(join(tmpdir(), 'fanfold-cli-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const newFolder = (): string => mkdtempSync(join(root, 'case-'));

/** A folder in which a server says that it holds the data. */
function servedFolder(url: string, pid: number): string {
  const folder = newFolder();
  mkdirSync(join(folder, '.fanfold'));
  writeFileSync(join(folder, '.fanfold', 'server.json'), JSON.stringify({ url, pid }));
  return folder;
}

const URL = 'http://127.0.0.1:7999';
const served = (options: Parameters<typeof fakeShell>[0] = {}) =>
  fakeShell({ cwd: servedFolder(URL, 17), alive: [URL], processes: [17], ...options });

describe('the command line', () => {
  test('help names every command', async () => {
    const { run, out } = fakeShell();
    expect(await run('--help')).toBe(0);
    const names = commands.map(({ usage }) => usage.split(' ')[0] ?? '');
    expect(names.filter((name) => !out().includes(`\n  ${name} `))).toEqual([]);
  });

  test.each(commands.map(({ usage }) => usage.split(' ')[0] ?? ''))(
    '%s has help, --json and an act that loads',
    async (name) => {
      const { run, out } = fakeShell();
      expect(await run(name, '--help')).toBe(0);
      expect(out()).toContain('--json');
      const row = commands.find(({ usage }) => usage.split(' ')[0] === name);
      expect(typeof (await row?.load())).toBe('function');
    },
  );

  test.each(
    groups.flatMap((group) =>
      group.commands.map((row) => [group.name, row.usage.split(' ')[0], row] as const),
    ),
  )('%s %s has help, --json and an act that loads', async (group, name = '', row) => {
    const { run, out } = fakeShell();
    expect(await run('--help')).toBe(0);
    expect(out()).toContain(`\n  ${group} `);
    expect(await run(group, name, '--help')).toBe(0);
    expect(out()).toContain('--json');
    expect(typeof (await row.load())).toBe('function');
  });

  test.each([
    [['lss'], "unknown command 'lss'"],
    [['run'], "missing required argument 'file'"],
    [['ls', '--colour'], "unknown option '--colour'"],
    [['ls', '--limit', '0'], 'whole number from 1 to 1000'],
    [['serve', '--url', 'http://localhost:1'], "unknown option '--url'"],
    [['serve', '--port', '70000'], 'whole number from 0 to 65535'],
    [['import', 'wfcommons', 'x', '--scale', 'fast'], 'number above 0'],
    [['ls', '--state', 'nope'], 'expected one of running, paused'],
    [['ls', '--url', 'nope'], 'nope is no URL'],
  ])('%j is refused with exit code 2', async (argv, message) => {
    const { run, out, err } = fakeShell();
    expect(await run(...argv)).toBe(2);
    expect([err(), out()]).toEqual([expect.stringContaining(message), '']);
    expect(err()).toMatch(/^fanfold: /);
  });

  test('with --json a mistake is a document on stdout', async () => {
    for (const argv of [
      ['ls', '--json', '--limit', 'x'],
      ['ls', '--json', '--state', 'nope'],
    ]) {
      const { run, out } = fakeShell();
      expect(await run(...argv)).toBe(2);
      expect(JSON.parse(out()).problem.code).toBe('input-invalid');
    }
  });

  test('no command at all shows what there is', async () => {
    const { run, err } = fakeShell();
    expect(await run()).toBe(2);
    expect(err()).toContain('Commands:');
  });

  test('an error of ours is shown as one', async () => {
    const runs = async () => {
      throw new TypeError('x is not a function');
    };
    const { run, err } = served({ fanfold: { runs } });
    expect(await run('ls')).toBe(1);
    expect(err()).toContain('an error of ours');
  });
});

describe('which Fanfold is asked', () => {
  test('--url comes before FANFOLD_URL, and that before the server of the data folder', async () => {
    const env = { FANFOLD_URL: 'http://127.0.0.1:1' };
    const named = served({ env });
    await named.run('ls', '--url', 'http://127.0.0.1:2');
    expect(named.notes).toEqual(['connect http://127.0.0.1:2']);
    const byEnvironment = served({ env });
    await byEnvironment.run('ls');
    expect(byEnvironment.notes).toEqual(['connect http://127.0.0.1:1']);
    const byFolder = served();
    await byFolder.run('ls');
    expect(byFolder.notes.at(-1)).toBe(`connect ${URL}`);
  });

  test.each([
    ['its process is gone', { processes: [] }],
    ['it does not answer', { alive: [] }],
  ])('a server of the data folder is passed over when %s', async (_, options) => {
    const { run, notes, started } = served(options);
    expect(await run('ls')).toBe(0);
    expect(notes.slice(-2)).toEqual(['start', 'close']);
    expect(started[0]).toMatchObject({ slots: 0, port: null });
  });

  test('without a server and a data folder, the usual place is asked', async () => {
    const { run, notes } = fakeShell({ cwd: newFolder() });
    await run('ls');
    expect(notes).toEqual(['connect http://127.0.0.1:7420']);
  });

  test('a data folder that was named and is not there is no reason to ask others', async () => {
    const { run, err, notes } = fakeShell({ cwd: newFolder() });
    expect(await run('ls', '--data', 'nowhere')).toBe(2);
    expect(err()).toMatch(/there is no data folder \S*nowhere/);
    expect(notes).toEqual([]);
  });

  test("there nothing is done to the last run, which may be anyone's", async () => {
    const { run, err } = fakeShell({ cwd: newFolder() });
    expect(await run('cancel', 'last')).toBe(2);
    expect(err()).toContain('name it by its id');
  });

  test('what it says to enter next is about the same runs', async () => {
    const failed = async () => ended('failed');
    const here = served({ fanfold: { run: failed } });
    await here.run('watch', RUN);
    expect(here.out()).toContain(`npx fanfold show ${RUN},`);
    const cwd = newFolder();
    mkdirSync(join(cwd, "it's"));
    const there = fakeShell({ cwd, fanfold: { run: failed } });
    await there.run('watch', RUN, '--data', "it's");
    expect(there.out()).toContain(`npx fanfold show ${RUN} --data 'it'\\''s',`);
  });

  test('a damaged server file is no server', async () => {
    const cwd = newFolder();
    mkdirSync(join(cwd, '.fanfold'));
    writeFileSync(join(cwd, '.fanfold', 'server.json'), '{"url": 7');
    const { run, notes } = fakeShell({ cwd });
    expect(await run('ls')).toBe(0);
    expect(notes).toEqual(['start', 'close']);
  });

  test('a server that does not answer is told, with what to do', async () => {
    const runs = async () => {
      throw new Problem(
        'server-unreachable',
        'no server answers at x; start one with `fanfold serve`',
      );
    };
    const { run, err } = fakeShell({ cwd: newFolder(), fanfold: { runs } });
    expect(await run('ls')).toBe(1);
    expect(err()).toContain('fanfold serve');
  });
});

describe('ls', () => {
  const runs: RunSummary[] = [
    summary({ state: 'running', createdAt: NOW - 5_000 }),
    summary({
      state: 'failed',
      workflow: 'nightly',
      tasks: 64,
      endedAt: summary().createdAt + 300,
    }),
  ];

  test('runs are rows of a table', async () => {
    const { run, out } = served({ fanfold: { runs: async () => ({ items: runs, next: null }) } });
    expect(await run('ls')).toBe(0);
    const rows = out()
      .trimEnd()
      .split('\n')
      .map((row) => row.split(/ {2,}/));
    const time = (at: number) => clockTime(at, NOW);
    expect(rows).toEqual([
      ['RUN', 'STATE', 'WORKFLOW', 'TASKS', 'CREATED', 'TIME'],
      [RUN, 'running', 'hello', '2', time(NOW - 5_000), '5.0 s'],
      [RUN, 'failed', 'nightly', '64', time(summary().createdAt), '0.3 s'],
    ]);
  });

  test('--json is the page itself, and nothing else', async () => {
    const page = { items: runs, next: 'more' };
    const { run, out, err } = served({ fanfold: { runs: async () => page } });
    expect(await run('ls', '--json')).toBe(0);
    expect([JSON.parse(out()), err()]).toEqual([page, '']);
  });

  test('a next page is announced', async () => {
    const { run, err } = served({ fanfold: { runs: async () => ({ items: runs, next: 'c7' }) } });
    await run('ls');
    expect(err()).toContain('fanfold ls --after c7');
  });
});

describe('show', () => {
  const running = view({
    counts: { ...noCounts, running: 1, waiting: 1 },
    levels: [
      { level: 0, groups: [{ task: 'a', counts: { ...noCounts, running: 1 } }], groupsLeftOut: 0 },
    ],
    running: [
      { task: 'a', attempt: 2, since: NOW - 60_000, step: 'row 812', stepAt: NOW - 30_000 },
    ],
    input: { day: 'x' },
  });

  test('a run tells where it stands, and since when a task is at its step', async () => {
    const { run, out } = served({ fanfold: { run: async () => running } });
    expect(await run('show', RUN)).toBe(0);
    expect(out()).toContain(`run ${RUN} hello is running`);
    expect(out()).toContain('input    day=x');
    const since = clockTime(NOW - 30_000, NOW);
    expect(out()).toContain(`  a  attempt 2  for 1 min 0 s  at step row 812 since ${since}`);
  });

  test('an ended run tells outcome, failures and results', async () => {
    const error = {
      reason: 'exit',
      message: 'no such row',
      exitCode: 3,
      name: 'ValueError',
    } as const;
    const failed = ended('failed', {
      failures: [{ task: 'a', attempt: 2, error }],
      outputs: { b: { rows: 7 }, c: null },
    });
    const { run, out } = served({ fanfold: { run: async () => failed } });
    expect(await run('show', RUN)).toBe(0);
    expect(out()).toContain('hello failed in 10 s: 2 tasks, 2 failed');
    expect(out()).toContain('  a (attempt 2): exit 3: ValueError: no such row');
    expect(out()).toContain('  b: {"rows":7}');
    expect(out()).not.toContain('  c:');
  });

  test('a task that was placed in another pool is named, and why', async () => {
    const placed = [{ task: 'a', why: 'in pool long: it asks for 2 cpu' }];
    const { run, out } = served({ fanfold: { run: async () => ({ ...running, placed }) } });
    expect(await run('show', RUN)).toBe(0);
    expect(out()).toContain('placed:\n  a in pool long: it asks for 2 cpu');
  });

  test('the last run is found by that word, ids in any case', async () => {
    const asked: string[] = [];
    const find = async (id: string) => {
      asked.push(id);
      return running;
    };
    const { run } = served({ fanfold: { run: find } });
    await run('show', 'last');
    await run('show', RUN.toLowerCase());
    expect(asked).toEqual([RUN, RUN]);
    const none = served({ fanfold: { runs: async () => ({ items: [], next: null }) } });
    expect(await none.run('show', 'last')).toBe(2);
  });

  test('an unknown run is refused with exit code 2', async () => {
    const { run, err } = served();
    expect(await run('show', 'nope')).toBe(2);
    expect(err()).toBe('fanfold: no such run\n');
  });

  test('one task is shown with its attempts', async () => {
    const task: TaskView = {
      id: 'a',
      state: 'succeeded',
      attempt: 2,
      level: 0,
      needs: ['x'],
      output: { n: 1 },
      attempts: [
        {
          attempt: 1,
          outcome: 'failed',
          startedAt: 0,
          endedAt: 500,
          cpuSeconds: 0.25,
          memoryMb: 64.2,
          error: { reason: 'error', name: 'TimeoutError', message: 'late' },
        },
      ],
    };
    const { run, out } = served({ fanfold: { task: async () => task } });
    expect(await run('show', RUN, 'a')).toBe(0);
    expect(out()).toContain('task a of run');
    expect(out()).toContain('output   {"n":1}');
    expect(out()).toContain('  1  failed  0.5 s  cpu 0.25 s  memory 64 MB  TimeoutError: late');
  });

  test('tasks are listed by state', async () => {
    const filters: unknown[] = [];
    const tasks = async (_: string, filter: unknown) => {
      filters.push(filter);
      return { items: [], next: null };
    };
    const { run } = served({ fanfold: { tasks } });
    expect(await run('show', RUN, '--tasks')).toBe(0);
    expect(await run('show', RUN, '--tasks', 'failed')).toBe(0);
    expect(await run('show', RUN, '--tasks', 'nope')).toBe(2);
    expect(filters).toEqual([{ limit: 100 }, { state: 'failed', limit: 100 }]);
  });

  test('with --json all tasks are listed, however many pages they fill', async () => {
    const task = { state: 'ready', attempt: 1, level: 0, needs: [] } as const;
    const tasks = async (_: string, { after }: { after?: string }) =>
      after === undefined
        ? { items: [{ ...task, id: 'a' }], next: '1' }
        : { items: [{ ...task, id: 'b' }], next: null };
    const { run, out } = served({ fanfold: { tasks } });
    expect(await run('show', RUN, '--tasks', '--json')).toBe(0);
    expect(JSON.parse(out())).toMatchObject({ items: [{ id: 'a' }, { id: 'b' }], next: null });
  });
});

describe('watch', () => {
  const pages = [
    { items: [event('1', 'start', 'a')], next: 'c1' },
    { items: [event('1', 'start', 'a'), event('2', 'success', 'a')], next: 'c2' },
    {
      items: [event('2', 'success', 'a'), event('3', 'ended', undefined, { detail: 'succeeded' })],
      next: 'c3',
    },
    { items: [], next: 'c3' },
  ];
  const going = () => ({ events: oneByOne(pages), run: oneByOne([view(), ended()]) });

  test.each([
    [ended('succeeded'), 0],
    [ended('failed'), 1],
    [ended('cancelled'), 3],
    [ended('failed', { reason: 'time-limit: 5 s are over' }), 124],
  ])('the exit code is the outcome of the run (%#)', async (view, code) => {
    const { run } = served({
      fanfold: { run: async () => view, events: oneByOne([pages[3]]) as never },
    });
    expect(await run('watch', RUN)).toBe(code);
  });

  test('without a terminal, each event is one line on stderr, the summary is on stdout', async () => {
    const { run, out, err } = served({ fanfold: going() });
    expect(await run('watch', RUN)).toBe(0);
    const states = err()
      .trimEnd()
      .split('\n')
      .map((text) => text.split(' ').slice(2).join(' '));
    expect(states).toEqual([
      'task=a state=running attempt=1',
      'task=a state=succeeded attempt=1 ms=0',
      'state=succeeded',
    ]);
    expect(out()).toContain(`run ${RUN} hello succeeded in 10 s`);
  });

  test('--json prints each event once, and nothing else', async () => {
    const { run, out, err } = served({ fanfold: going() });
    expect(await run('watch', RUN, '--json')).toBe(0);
    const events = out()
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text));
    expect(events.map(({ id }) => id)).toEqual(['1', '2', '3']);
    expect(err()).toBe('');
  });

  test('--events writes starts and ends once, a retried or lost attempt as a failure', async () => {
    const cwd = servedFolder(URL, 17);
    const items = [
      event('1', 'start', 'a', { at: 1500 }),
      event('2', 'failure', 'a', { at: 2000 }),
      event('3', 'retry', 'a', { at: 2000 }),
      event('4', 'start', 'a', { at: 2500, attempt: 2 }),
      event('5', 'lost', 'a', { at: 3000, attempt: 2 }),
      event('6', 'success', 'a', { at: 3500, attempt: 3 }),
      event('7', 'skipped', 'b'),
      event('8', 'ended'),
    ];
    const events = oneByOne([
      { items, next: 'c' },
      { items, next: 'c' },
      { items: [], next: 'c' },
    ]);
    const { run } = served({ cwd, fanfold: { events, run: async () => ended() } });
    expect(await run('watch', RUN, '--events', 'events.jsonl', '--quiet')).toBe(0);
    const lines = readFileSync(join(cwd, 'events.jsonl'), 'utf8').trimEnd().split('\n');
    expect(lines.map((text) => JSON.parse(text))).toEqual([
      { task: 'a', event: 'start', ts: 1.5, attempt: 1 },
      { task: 'a', event: 'failure', ts: 2, attempt: 1 },
      { task: 'a', event: 'start', ts: 2.5, attempt: 2 },
      { task: 'a', event: 'failure', ts: 3, attempt: 2 },
      { task: 'a', event: 'success', ts: 3.5, attempt: 3 },
    ]);
  });

  test('a place where no events can be written is told before anything else', async () => {
    const { run, err } = served({ fanfold: going() });
    expect(await run('watch', RUN, '--events', 'no/such/folder/x')).toBe(2);
    expect(err()).toContain('cannot write events');
  });

  test('on a terminal the picture is redrawn, at most ten times a second', async () => {
    const views = [...Array.from({ length: 50 }, () => view()), ended()];
    const { run, err } = served({ isTTY: true, fanfold: { run: oneByOne(views) } });
    expect(await run('watch', RUN, '--no-color')).toBe(0);
    const pictures = err().split('\u001b[?2026h').length - 1;
    expect(pictures).toBeGreaterThan(3);
    expect(pictures).toBeLessThanOrEqual(53);
    expect(err()).toContain('elapsed');
  });

  test('in CI a terminal gets plain lines too', async () => {
    const { run, err } = served({ isTTY: true, env: { CI: 'true' }, fanfold: going() });
    await run('watch', RUN);
    expect(err()).not.toContain('\u001b');
    expect(err()).toContain('state=succeeded');
  });

  test('Ctrl-C lets go with exit code 130, a second one leaves at once', async () => {
    const never = () => new Promise<never>(() => undefined);
    const { run, signal, left } = served({ fanfold: { run: async () => view(), events: never } });
    const watching = run('watch', RUN);
    await new Promise((resolve) => setTimeout(resolve, 50));
    signal('SIGINT');
    signal('SIGINT');
    expect(await watching).toBe(130);
    expect(left).toEqual([130]);
  });

  test('a run that nothing works on is told instead of waited for', async () => {
    const { run, err } = served({ alive: [], fanfold: { run: async () => view() } });
    expect(await run('watch', RUN)).toBe(1);
    expect(err()).toContain('nothing works on run');
  });

  test('a failed run shows what failed, with its last log lines', async () => {
    const error = { reason: 'exit', message: 'bad', exitCode: 1 } as const;
    const failed = ended('failed', { failures: [{ task: 'a', attempt: 1, error }] });
    const lines = Array.from({ length: 30 }, (_, n) => line(`line ${n}\u001b[2J`));
    const logs = oneByOne([
      { lines, next: '1' },
      { lines: [], next: '1' },
    ]);
    const { run, out } = served({ fanfold: { run: async () => failed, logs } });
    expect(await run('watch', RUN, '--quiet')).toBe(1);
    expect(out()).toContain('✗ a: exit 1: bad');
    expect(out()).toContain('│ line 29\n');
    expect(out()).not.toContain('line 21\n');
    expect(out()).toContain(`npx fanfold rerun ${RUN}`);
  });
});

describe('logs', () => {
  test('lines carry their task, unless one was asked for', async () => {
    const pages = () =>
      oneByOne([
        { lines: [line('one\ttab'), line('\u001b[31mtwo', { task: 'b' })], next: '1' },
        { lines: [], next: '1' },
      ]);
    const all = served({ fanfold: { logs: pages() } });
    expect(await all.run('logs', RUN)).toBe(0);
    expect(all.out()).toBe('a[1] one\ttab\nb[1] two\n');
    const one = served({
      fanfold: {
        logs: oneByOne([
          { lines: [line('x')], next: '1' },
          { lines: [], next: '1' },
        ]),
      },
    });
    await one.run('logs', RUN, 'a');
    expect(one.out()).toBe('x\n');
  });

  test('a task that is not there is refused, and one that printed nothing is told', async () => {
    const unknown = async (): Promise<never> => {
      throw new Problem('task-unknown', 'there is no such task');
    };
    const none = served({ fanfold: { task: unknown } });
    expect(await none.run('logs', RUN, 'nope')).toBe(2);
    expect(none.err()).toContain('there is no such task');
    const task = async (): Promise<TaskView> => ({ state: 'waiting' }) as TaskView;
    const silent = served({ fanfold: { task } });
    expect(await silent.run('logs', RUN, 'a')).toBe(0);
    expect(silent.err()).toBe('task a is waiting and has printed nothing\n');
  });

  test('--json prints a JSON line for each line', async () => {
    const logs = oneByOne([
      { lines: [line('x'), line('y')], next: '1' },
      { lines: [], next: '1' },
    ]);
    const { run, out } = served({ fanfold: { logs } });
    await run('logs', RUN, '--json');
    expect(
      out()
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text).text),
    ).toEqual(['x', 'y']);
  });

  test('--follow goes on until the run has ended, and misses nothing', async () => {
    const none = { lines: [], next: '1' };
    const logs = oneByOne([
      none,
      { lines: [line('a')], next: '1' },
      none,
      { lines: [line('b')], next: '2' },
      none,
    ]);
    const { run, out } = served({ fanfold: { logs, run: oneByOne([view(), ended()]) } });
    expect(await run('logs', RUN, 'a', '--follow')).toBe(0);
    expect(out()).toBe('a\nb\n');
  });
});

describe('control', () => {
  test.each([
    [['cancel', RUN, '--reason', 'enough'], { action: 'cancel', reason: 'enough' }],
    [['cancel', RUN], { action: 'cancel' }],
    [['pause', RUN], { action: 'pause' }],
    [['resume', RUN], { action: 'resume' }],
    [['rerun', RUN], { action: 'rerun' }],
    [['rerun', RUN, '--task', 'a', '--task', 'b'], { action: 'rerun', tasks: ['a', 'b'] }],
  ])('%j asks for it', async (argv, want) => {
    const asked: unknown[] = [];
    const control = async (id: string, request: unknown) => {
      asked.push([id, request]);
      return summary({ state: 'paused' });
    };
    const { run, out } = served({ fanfold: { control } });
    expect(await run(...argv)).toBe(0);
    expect(asked).toEqual([[RUN, want]]);
    expect(out()).toBe(`run ${RUN} is paused\n`);
  });
});

test('a rerun without anything to do says so', async () => {
  const { run, err } = served({
    fanfold: { control: async () => summary({ state: 'succeeded' }) },
  });
  expect(await run('rerun', RUN)).toBe(0);
  expect(err()).toContain('nothing had to run again');
});

test('a run is named in any case of letters; what is no id is told as it was given', async () => {
  const asked: string[] = [];
  const told = async (id: string): Promise<never> => {
    asked.push(id);
    throw new Problem('run-unknown', `there is no run ${id}`);
  };
  const { run } = served({ fanfold: { run: told } });
  expect([await run('show', RUN.toLowerCase()), await run('show', 'nope')]).toEqual([2, 2]);
  expect(asked).toEqual([RUN, 'nope']);
});

describe('serve', () => {
  test('it serves until it is told to end, then closes', async () => {
    const { run, signal, notes, out, started } = fakeShell({ cwd: newFolder() });
    const serving = run('serve', '--port', '0', '--slots', '3', '--data', 'd');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(out()).toContain('serving http://127.0.0.1:7420/v1');
    expect(notes).toEqual(['start']);
    signal('SIGTERM');
    expect(await serving).toBe(0);
    expect(notes).toEqual(['start', 'close']);
    expect(started[0]).toMatchObject({ port: 0, slots: 3 });
  });

  test('two servers never hold one data folder', async () => {
    const { run, err, notes } = served();
    expect(await run('serve')).toBe(1);
    expect(err()).toContain(`held by the server at ${URL}`);
    expect(notes).not.toContain('start');
  });
});

describe('init', () => {
  test('it writes a workflow with its tasks, and never over what is there', async () => {
    const cwd = newFolder();
    const first = fakeShell({ cwd });
    expect(await first.run('init', 'hello')).toBe(0);
    expect(readdirSync(join(cwd, 'hello')).sort()).toEqual(['README.md', 'tasks', 'workflow.yaml']);
    const [schema = ''] = readFileSync(join(cwd, 'hello', 'workflow.yaml'), 'utf8').split('\n');
    const path = schema.replace('# yaml-language-server: $schema=', '');
    expect(existsSync(join(cwd, 'hello', path))).toBe(true);
    const second = fakeShell({ cwd });
    expect(await second.run('init', 'hello')).toBe(2);
    expect(second.err()).toContain('hello/workflow.yaml, ');
    expect(second.err()).toContain('are there already; nothing was written');
    const json = fakeShell({ cwd });
    expect(await json.run('init', 'other', '--json')).toBe(0);
    expect(JSON.parse(json.out()).files).toHaveLength(5);
  });

  test('in a project with a README of its own it leaves that alone', async () => {
    const cwd = newFolder();
    writeFileSync(join(cwd, 'README.md'), 'mine');
    expect(await fakeShell({ cwd }).run('init')).toBe(0);
    expect(readFileSync(join(cwd, 'README.md'), 'utf8')).toBe('mine');
    expect(await fakeShell({ cwd }).run('lint', 'workflow.yaml')).toBe(0);
  });
});
