import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, jest, test } from '@jest/globals';
import type { RunView, SubmitRequest } from '../../src/contract/api.ts';
import { Problem } from '../../src/contract/problem.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import { ended, event, fakeShell, oneByOne, RUN, summary, view } from './fake-shell.ts';

const workflow: Workflow = {
  name: 'hello',
  input: { day: { type: 'string' }, n: { type: 'integer' } },
  tasks: [{ id: 'a', run: { kind: 'none' } }],
};
const code = { folder: '/code' };
// How files are read is the definition's matter; here any file is this workflow, and `bad.yaml` is not one.
jest.unstable_mockModule('../../cli/workflow-file.ts', () => ({
  loadFile: async (path: string) => {
    if (!path.endsWith('bad.yaml')) return { workflow, code };
    const details = [
      { file: path, line: 14, column: 5, pointer: '/tasks/x', message: 'unknown key "need"' },
      { file: path, line: 20, column: 1, message: 'no such task' },
    ];
    const message = details.map((one) => `${one.file}:${one.line}:${one.column} ${one.message}`);
    throw new Problem('workflow-invalid', message.join('\n'), details);
  },
}));

const root = mkdtempSync(join(tmpdir(), 'fanfold-run-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const newFolder = (): string => mkdtempSync(join(root, 'case-'));

const URL = 'http://127.0.0.1:7999';

function servedFolder(): string {
  const folder = newFolder();
  mkdirSync(join(folder, '.fanfold'));
  writeFileSync(join(folder, '.fanfold', 'server.json'), JSON.stringify({ url: URL, pid: 17 }));
  return folder;
}

/** A shell whose Fanfold notes what is submitted, and whose run goes through these views. */
function shellWith(views: readonly RunView[], options: Parameters<typeof fakeShell>[0] = {}) {
  const submitted: SubmitRequest[] = [];
  const controlled: unknown[] = [];
  const items = [event('1', 'start', 'a'), event('2', 'success', 'a'), event('3', 'ended')];
  const fanfold = {
    submit: async (request: SubmitRequest) => {
      submitted.push(request);
      return { run: summary(), created: true };
    },
    run: oneByOne(views),
    events: oneByOne([
      { items, next: 'c' },
      { items: [], next: 'c' },
    ]),
    control: async (id: string, request: unknown) => {
      controlled.push([id, request]);
      return summary();
    },
    ...options.fanfold,
  };
  return { ...fakeShell({ cwd: newFolder(), ...options, fanfold }), submitted, controlled };
}

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 30));

describe('run', () => {
  test('it runs in this process, then closes', async () => {
    const { run, notes, out, submitted, started } = shellWith([ended()]);
    expect(await run('run', 'w.yaml', '--slots', '3')).toBe(0);
    expect(notes).toEqual(['start', 'close']);
    expect(started[0]).toMatchObject({ slots: 3, dataFolder: expect.stringMatching(/\.fanfold$/) });
    expect(submitted).toEqual([{ workflow, code }]);
    expect(out()).toContain(`run ${RUN} hello succeeded`);
  });

  test.each([
    ['succeeded', undefined, 0],
    ['failed', undefined, 1],
    ['cancelled', undefined, 3],
    ['failed', 'time-limit', 124],
  ] as const)('a run that is %s (%s) gives exit code %i', async (state, reason, want) => {
    const view = ended(state, reason === undefined ? {} : { reason });
    const { run, notes } = shellWith([view]);
    expect(await run('run', 'w.yaml', '--quiet')).toBe(want);
    expect(notes.at(-1)).toBe('close');
  });

  test('--json prints the run as one document, and nothing else anywhere', async () => {
    const { run, out, err } = shellWith([ended()]);
    expect(await run('run', 'w.yaml', '--json')).toBe(0);
    expect([JSON.parse(out()), err()]).toEqual([ended(), '']);
  });

  test('a live server that holds the data folder gets the run', async () => {
    const cwd = servedFolder();
    const { run, notes, err, submitted } = shellWith([ended()], {
      cwd,
      alive: [URL],
      processes: [17],
    });
    expect(await run('run', 'w.yaml')).toBe(0);
    expect(notes).not.toContain('start');
    expect(err()).toContain(`goes to the server at ${URL}`);
    expect(submitted).toHaveLength(1);
  });

  test('input comes from the file, then from the options, by the types of its fields', async () => {
    const { run, submitted, shell } = shellWith([ended()]);
    writeFileSync(join(shell.cwd, 'in.yaml'), 'day: monday\nlist: [1, 2]\n');
    const argv = [
      '--input-file',
      'in.yaml',
      '--input',
      'day=2026',
      '--input',
      'n=7',
      '--input',
      'x=a=b',
    ];
    expect(await run('run', 'w.yaml', ...argv, '--tag', 't')).toBe(0);
    expect(submitted[0]).toMatchObject({
      input: { day: '2026', list: [1, 2], n: 7, x: 'a=b' },
      tags: ['t'],
    });
  });

  test('resources are given by task', async () => {
    const { run, submitted } = shellWith([ended()]);
    const argv = ['--resources', 'a=cpu:0.5,memory:2GB', '--resources', 'b=gpu:1'];
    expect(await run('run', 'w.yaml', ...argv)).toBe(0);
    expect(submitted[0]?.resources).toEqual({ a: { cpu: 0.5, memoryMb: 2048 }, b: { gpu: 1 } });
  });

  test.each([
    [['--input', 'day'], 'expected name=value'],
    [['--input', '=x'], 'expected name=value'],
    [['--input-file', 'none.yaml'], 'none.yaml: there is no such file'],
    [['--resources', 'cpu:1'], '--resources cpu:1: expected task=cpu:2,memory:4GB'],
    [['--resources', 'a=ram:4GB'], 'unknown key "ram"'],
    [['--resources', 'a=memory:4'], '"memory" needs a unit'],
  ])('%j is refused with exit code 2, and nothing is started', async (argv, message) => {
    const { run, err, notes } = shellWith([ended()]);
    expect(await run('run', 'w.yaml', ...argv)).toBe(2);
    expect(err()).toContain(message);
    expect(notes).toEqual([]);
  });

  test('a prototype as a name of the input is data', async () => {
    const { run, submitted } = shellWith([ended()]);
    await run('run', 'w.yaml', '--input', '__proto__={"x":1}', '--input', 'constructor=1');
    expect(Object.keys(submitted[0]?.input ?? {})).toEqual(['__proto__', 'constructor']);
  });

  test('a file with mistakes is refused with their places', async () => {
    const { run, err, notes } = shellWith([ended()]);
    expect(await run('run', 'bad.yaml')).toBe(2);
    expect(err()).toBe(
      'fanfold: the workflow has 2 mistakes\n  bad.yaml:14:5 unknown key "need"\n  bad.yaml:20:1 no such task\n',
    );
    expect(notes).toEqual([]);
  });

  test('--events has each start and end once, also with a picture', async () => {
    for (const isTTY of [true, false]) {
      const { run, shell } = shellWith([view(), view(), ended()], { isTTY });
      expect(await run('run', 'w.yaml', '--events', 'e.jsonl')).toBe(0);
      const lines = readFileSync(join(shell.cwd, 'e.jsonl'), 'utf8').trimEnd().split('\n');
      expect(lines.map((text) => JSON.parse(text).event)).toEqual(['start', 'success']);
    }
  });

  test('a refused run closes what was started', async () => {
    const submit = async () => {
      throw new Problem('input-invalid', 'day is missing', [
        { pointer: '/day', message: 'is missing' },
      ]);
    };
    const { run, err, notes } = shellWith([], { fanfold: { submit } });
    expect(await run('run', 'w.yaml')).toBe(2);
    expect(err()).toContain('fanfold: day is missing');
    expect(notes).toEqual(['start', 'close']);
  });

  test('--detach needs a server, and then prints the id alone', async () => {
    const alone = shellWith([view()]);
    expect(await alone.run('run', 'w.yaml', '--detach')).toBe(1);
    expect(alone.err()).toContain('npx fanfold serve');
    const cwd = servedFolder();
    const held = shellWith([view()], { cwd, alive: [URL], processes: [17] });
    expect(await held.run('run', 'w.yaml', '--detach')).toBe(0);
    expect(held.out()).toBe(`${RUN}\n`);
  });
});

describe('Ctrl-C while a run goes on', () => {
  test('in this process it cancels the run, waits for its end, and leaves with 130', async () => {
    let state: RunView = view();
    const controlled: unknown[] = [];
    const control = async (_: string, request: unknown) => {
      controlled.push(request);
      state = ended('cancelled');
      return summary();
    };
    const { run, signal, notes } = shellWith([], {
      isTTY: true,
      fanfold: { control, run: async () => state },
    });
    const running = run('run', 'w.yaml');
    await tick();
    signal('SIGINT');
    expect(await running).toBe(130);
    expect(controlled).toEqual([{ action: 'cancel', reason: 'interrupted' }]);
    expect(notes).toEqual(['start', 'close']);
  });

  test('a second one leaves at once', async () => {
    let state: RunView = view();
    const { run, signal, left } = shellWith([], {
      isTTY: true,
      fanfold: { run: async () => state },
    });
    const running = run('run', 'w.yaml');
    await tick();
    signal('SIGINT');
    signal('SIGINT');
    expect(left).toEqual([130]);
    state = ended('cancelled');
    await running;
  });

  test('a run on a server goes on', async () => {
    const options = { cwd: servedFolder(), alive: [URL], processes: [17], isTTY: true };
    const { run, signal, controlled, err } = shellWith([view()], options);
    const running = run('run', 'w.yaml');
    await tick();
    signal('SIGINT');
    expect(await running).toBe(130);
    expect(controlled).toEqual([]);
    expect(err()).toContain(`npx fanfold watch ${RUN}`);
  });

  test('SIGTERM leaves the run as it is, to be gone on with', async () => {
    const { run, signal, controlled, notes, err } = shellWith([view()], { isTTY: true });
    const running = run('run', 'w.yaml');
    await tick();
    signal('SIGTERM');
    expect(await running).toBe(143);
    expect(controlled).toEqual([]);
    expect(notes).toEqual(['start', 'close']);
    expect(err()).toContain('is kept');
  });
});

describe('lint', () => {
  test('each mistake is a line with its place; exit code 2', async () => {
    const { run, out } = shellWith([]);
    expect(await run('lint', 'good.yaml', 'bad.yaml')).toBe(2);
    expect(out()).toBe('bad.yaml:14:5 unknown key "need"\nbad.yaml:20:1 no such task\n');
  });

  test('a file without mistakes says so', async () => {
    const { run, out, err } = shellWith([]);
    expect(await run('lint', 'good.yaml')).toBe(0);
    expect([out(), err()]).toEqual(['', 'good.yaml: fine, 1 task\n']);
  });

  test('--json is one document for all files', async () => {
    const { run, out } = shellWith([]);
    expect(await run('lint', 'good.yaml', 'bad.yaml', '--json')).toBe(2);
    const report = JSON.parse(out());
    expect([report.valid, report.files.length, report.files[1].errors.length]).toEqual([
      false,
      2,
      2,
    ]);
  });
});

describe('submit', () => {
  test('it hands the file over and prints the id', async () => {
    const { run, out, notes, submitted } = shellWith([]);
    expect(await run('submit', 'w.yaml', '--url', URL, '--input', 'n=1')).toBe(0);
    expect(notes).toEqual([`connect ${URL}`]);
    expect(out()).toBe(`${RUN}\n`);
    expect(submitted[0]).toEqual({ workflow, code, input: { n: 1 } });
  });

  test('a data folder without a server is told; nobody else gets the run', async () => {
    const { run, err, notes, submitted } = shellWith([]);
    expect(await run('submit', 'w.yaml', '--data', 'other')).toBe(1);
    expect(err()).toContain('start one with `npx fanfold serve --data other`');
    expect([notes, submitted]).toEqual([[], []]);
  });
});

describe('start', () => {
  test('--once shows the example and leaves with its exit code', async () => {
    const { run, err, out, notes } = shellWith([ended('failed')]);
    expect(await run('start', '--once')).toBe(1);
    expect(err()).toContain('http://127.0.0.1:7420/v1');
    expect(out()).toContain('failed');
    expect(notes).toEqual(['start', 'close']);
  });

  test('without --once it stays until it is told to end', async () => {
    const { run, signal, err, notes } = shellWith([ended()]);
    const running = run('start');
    await tick();
    expect(err()).toContain('Ctrl-C ends');
    expect(notes).toEqual(['start']);
    signal('SIGINT');
    expect(await running).toBe(0);
    expect(notes).toEqual(['start', 'close']);
  });
});
