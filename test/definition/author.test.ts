/** Goal: all that an author can write has one canonical meaning, the same for the short form and the long one. */
import { describe, expect, test } from '@jest/globals';
import type { Run, Task, Workflow } from '../../src/contract/workflow.ts';
import { Workflow as WorkflowSchema } from '../../src/contract/workflow.ts';
import { workflowHash } from '../../src/definition/canonical.ts';
import { parseWorkflowText } from '../../src/definition/parse.ts';
import { printYaml } from '../../src/definition/print.ts';

const ref = (inner: string): string => `\${{ ${inner} }}`;
const parse = (text: string): Workflow => parseWorkflowText(text, 'w.yaml');
/** The task `a` of a workflow that has also a task `z`. */
function taskOf(task: string, head = ''): Task {
  const { tasks } = parse(`name: n\n${head}tasks:\n  z: { run: x }\n  a: ${task}\n`);
  const found = tasks[0] as Task;
  expect(found.id).toBe('a');
  return found;
}

test('the example of the guide compiles to this', () => {
  const workflow = parse(`
name: nightly-orders
description: Orders of the day
input: { day: { type: string, default: today }, shops: list }
timeout: 2h
defaults: { retries: 3, backoff: 10s..5m, timeout: 10m }
tasks:
  extract:
    run: tasks/extract.py --fast
    with: { day: "${ref('input.day')}" }
  clean:
    needs: extract
    each: ${ref('tasks.extract.output.files')}
    function: tasks/clean.mjs#clean
    concurrency: 10
    with: { file: "${ref('item')}" }
  publish:
    needs: [extract, clean]
    when: { at-least: 50% }
    sequence:
      - tasks/pack.sh
      - { name: push, command: [push, --all] }
`);
  const common = {
    limits: { runMs: 600_000 },
    retry: { attemptsMax: 4, backoff: { delayMsMin: 10_000 } },
  };
  expect(workflow).toEqual({
    name: 'nightly-orders',
    description: 'Orders of the day',
    input: { day: { type: 'string', default: 'today' }, shops: { type: 'list' } },
    timeLimitMs: 7_200_000,
    tasks: [
      {
        id: 'clean',
        needs: ['extract'],
        each: [ref('tasks.extract.output.files')],
        run: {
          kind: 'function',
          language: 'node',
          path: 'tasks/clean.mjs',
          name: 'clean',
          concurrency: 10,
        },
        with: { file: ref('item') },
        ...common,
      },
      {
        id: 'extract',
        run: { kind: 'script', language: 'python', path: 'tasks/extract.py', args: ['--fast'] },
        with: { day: ref('input.day') },
        ...common,
      },
      {
        id: 'publish',
        needs: ['clean', 'extract'],
        rule: { atLeastPercent: 50 },
        run: {
          kind: 'sequence',
          steps: [
            { run: { kind: 'script', language: 'shell', path: 'tasks/pack.sh' } },
            { name: 'push', run: { kind: 'command', argv: ['push', '--all'] } },
          ],
        },
        ...common,
      },
    ],
  });
  expect(WorkflowSchema.parse(workflow)).toEqual(workflow);
});

describe('what a task does', () => {
  test.each<[string, Run]>([
    ['run: tasks/a.py', { kind: 'script', language: 'python', path: 'tasks/a.py' }],
    [
      'run: "a.mjs  -x \'b c\' \\"d\\" ü=1,2"',
      { kind: 'script', language: 'node', path: 'a.mjs', args: ['-x', 'b c', 'd', 'ü=1,2'] },
    ],
    ['run: ./a.sh', { kind: 'script', language: 'shell', path: './a.sh' }],
    ['run: a.js', { kind: 'script', language: 'node', path: 'a.js' }],
    ['run: a.cjs', { kind: 'script', language: 'node', path: 'a.cjs' }],
    ['run: a.ts', { kind: 'script', language: 'node', path: 'a.ts' }],
    ['run: a.py > out.txt', { kind: 'shell', line: 'a.py > out.txt' }],
    ['run: a.py $HOME', { kind: 'shell', line: 'a.py $HOME' }],
    ['run: a.py "$HOME"', { kind: 'shell', line: 'a.py "$HOME"' }],
    ['run: python a.py', { kind: 'shell', line: 'python a.py' }],
    ['run: a.lua', { kind: 'shell', line: 'a.lua' }],
    ['run: a.constructor', { kind: 'shell', line: 'a.constructor' }],
    ['run: "\'a.py"', { kind: 'shell', line: "'a.py" }],
    ['shell: a.py', { kind: 'shell', line: 'a.py' }],
    ['command: [a.py, ""]', { kind: 'command', argv: ['a.py', ''] }],
    ['script: { path: a.py, args: [] }', { kind: 'script', language: 'python', path: 'a.py' }],
    [
      'script: { path: a, language: shell, args: [b] }',
      { kind: 'script', language: 'shell', path: 'a', args: ['b'] },
    ],
    ['function: a.mjs', { kind: 'function', language: 'node', path: 'a.mjs', name: 'default' }],
    ['function: a.py', { kind: 'function', language: 'python', path: 'a.py', name: 'main' }],
    ['function: a.py:f', { kind: 'function', language: 'python', path: 'a.py', name: 'f' }],
    ['function: a.sh', { kind: 'function', language: 'shell', path: 'a.sh', name: 'main' }],
    ['run: a.jar x', { kind: 'script', language: 'java', path: 'a.jar', args: ['x'] }],
    ['run: a.rb', { kind: 'script', language: 'ruby', path: 'a.rb' }],
    ['function: a.pl:A::f', { kind: 'function', language: 'perl', path: 'a.pl', name: 'A::f' }],
    ['function: a.rb#A.f', { kind: 'function', language: 'ruby', path: 'a.rb', name: 'A.f' }],
    [
      String.raw`function: a.php#A\f`,
      { kind: 'function', language: 'php', path: 'a.php', name: String.raw`A\f` },
    ],
    ['function: a.java', { kind: 'function', language: 'java', path: 'a.java', name: 'run' }],
    [
      'function: a.jar#org.example.A.f',
      { kind: 'function', language: 'java', path: 'a.jar', name: 'org.example.A.f' },
    ],
    [
      'function: { path: target/classes, language: java, name: org.example.A.f }',
      { kind: 'function', language: 'java', path: 'target/classes', name: 'org.example.A.f' },
    ],
    ['function: d/a.ts#ns.f', { kind: 'function', language: 'node', path: 'd/a.ts', name: 'ns.f' }],
    [
      'function: bin/worker#resize',
      { kind: 'function', language: 'binary', path: 'bin/worker', name: 'resize' },
    ],
    [
      'function: { path: a.exe, language: binary }',
      { kind: 'function', language: 'binary', path: 'a.exe', name: 'main' },
    ],
    [
      'function: { path: a.py }',
      { kind: 'function', language: 'python', path: 'a.py', name: 'main' },
    ],
    [
      'function: { path: a, language: node, name: f }',
      { kind: 'function', language: 'node', path: 'a', name: 'f' },
    ],
    ['node: return 1', { kind: 'snippet', language: 'node', code: 'return 1' }],
    ['python: return 1', { kind: 'snippet', language: 'python', code: 'return 1' }],
    ['bash: exit 1', { kind: 'snippet', language: 'shell', code: 'exit 1' }],
    ['none: true', { kind: 'none' }],
    [
      'tandem: [x, { sequence: [y] }]',
      {
        kind: 'tandem',
        steps: [
          { run: { kind: 'shell', line: 'x' } },
          { run: { kind: 'sequence', steps: [{ run: { kind: 'shell', line: 'y' } }] } },
        ],
      },
    ],
    [
      'sequence: [{ node: a, name: s, with: {}, concurrency: 2 }]',
      {
        kind: 'sequence',
        steps: [
          {
            name: 's',
            with: {},
            run: { kind: 'snippet', language: 'node', code: 'a', concurrency: 2 },
          },
        ],
      },
    ],
  ])('%s', (text, run) => {
    expect(taskOf(`{ ${text} }`).run).toEqual(run);
  });

  test('a literal block keeps its lines', () => {
    const task = taskOf('\n    node: |\n      const a = 1;\n      return { a };\n');
    expect(task.run).toMatchObject({ code: 'const a = 1;\nreturn { a };\n' });
  });

  test('concurrency may be a default, for what can use it', () => {
    const head = 'defaults: { concurrency: 5 }\n';
    expect(taskOf('{ node: x }', head).run).toMatchObject({ concurrency: 5 });
    expect(taskOf('{ node: x, concurrency: 7 }', head).run).toMatchObject({ concurrency: 7 });
    expect(taskOf('{ run: x }', head).run).toEqual({ kind: 'shell', line: 'x' });
    expect(() => taskOf('{ node: x }', 'defaults: { concurrency: x }\n')).toThrow(
      'w.yaml:2:26 "concurrency" must be a whole number from 1 to 10000, not the text "x"',
    );
  });
});

describe('options', () => {
  test.each<[string, Partial<Task>]>([
    ['timeout: 1h30m', { limits: { runMs: 5_400_000 } }],
    ['timeout: 1.5s, grace: 0s', { limits: { runMs: 1_500, graceMs: 0 } }],
    [
      'queue-timeout: 1d, heartbeat-timeout: 250ms',
      { limits: { queueMs: 86_400_000, heartbeatMs: 250 } },
    ],
    ['code: ./app', { code: './app' }],
    [
      'code: tool@0123456, dependencies: off, install-timeout: 1h',
      { code: 'tool@0123456', dependencies: 'off', limits: { installMs: 3_600_000 } },
    ],
    ['artifacts: true', { artifacts: true }],
    ['retries: 3', { retry: { attemptsMax: 4 } }],
    ['retry: { attempts: 4, total: 1h }', { retry: { attemptsMax: 4, totalMs: 3_600_000 } }],
    [
      'retries: 1, backoff: 10s',
      { retry: { attemptsMax: 2, backoff: { shape: 'fixed', delayMsMin: 10_000 } } },
    ],
    [
      'retries: 1, backoff: 10m',
      {
        retry: {
          attemptsMax: 2,
          backoff: { shape: 'fixed', delayMsMin: 600_000, delayMsMax: 600_000 },
        },
      },
    ],
    [
      'retries: 1, backoff: 10s .. 1m',
      { retry: { attemptsMax: 2, backoff: { delayMsMin: 10_000, delayMsMax: 60_000 } } },
    ],
    [
      'retries: 1, backoff: { delays: [1s, 10m] }',
      {
        retry: {
          attemptsMax: 2,
          backoff: { shape: 'list', delaysMs: [1_000, 600_000], delayMsMax: 600_000 },
        },
      },
    ],
    [
      'retries: 1, backoff: { shape: linear, min: 2s, max: 1m, jitter: none }',
      {
        retry: {
          attemptsMax: 2,
          backoff: { shape: 'linear', delayMsMin: 2_000, delayMsMax: 60_000, jitter: 'none' },
        },
      },
    ],
    ['retries: 1, backoff: { factor: 3 }', { retry: { attemptsMax: 2, backoff: { factor: 3 } } }],
    [
      'retry: { on: [{ exit-code: 2, action: fail }, { error: "Timeout*", reason: [lost], attempts: 6, backoff: 1s }] }',
      {
        retry: {
          policies: [
            { match: { exitCodes: [2] }, action: 'fail' },
            {
              match: { errors: ['Timeout*'], reasons: ['lost'] },
              action: 'retry',
              attemptsMax: 6,
              backoff: { shape: 'fixed' },
            },
          ],
        },
      },
    ],
    ['needs: z, when: failed', { needs: ['z'], rule: 'any-failed' }],
    ['when: always', { rule: 'always' }],
    ['needs: z, when: { at-least: 1 }', { needs: ['z'], rule: { atLeast: 1 } }],
    [
      'delivery: at-most-once, pool: big, may-fail: true',
      { delivery: 'at-most-once', pool: 'big', mayFail: true },
    ],
    ['on-lost: fail, lost-max: 0', { onLost: 'fail', lostMax: 0 }],
    ['env: { A: "1" }, description: text', { env: { A: '1' }, description: 'text' }],
    ['each: [1, [2]]', { each: [[1, [2]]] }],
    [`each: { levels: [[1], "${ref('item')}"] }`, { each: [[1], ref('item')] }],
    ['with: 5', { with: 5 }],
    ['with: []', { with: [] }],
  ])('%s', (text, want) => {
    const { id: _id, run: _run, ...rest } = taskOf(`{ run: x, ${text} }`);
    expect(rest).toEqual(want);
  });

  test('of the task win over defaults, retries and limits and variables one by one', () => {
    const head =
      'defaults: { retries: 3, backoff: 1s..1m, timeout: 1m, grace: 1s, env: { A: "1", B: "2" }, pool: p }\n';
    expect(
      taskOf('{ run: x, retries: 1, timeout: 2m, env: { B: "3" }, pool: default }', head),
    ).toEqual({
      id: 'a',
      run: { kind: 'shell', line: 'x' },
      retry: { attemptsMax: 2, backoff: { delayMsMax: 60_000 } },
      limits: { runMs: 120_000, graceMs: 1_000 },
      env: { A: '1', B: '3' },
    });
  });
});

describe('one meaning has one hash', () => {
  test.each([
    ['retries: 3', 'retry: { attempts: 4 }'],
    ['retries: 0', 'may-fail: false'],
    ['timeout: 90s', 'timeout: 1m30s'],
    ['timeout: 1h', 'timeout: 60m, grace: 5s'],
    ['needs: z', 'needs: [z]'],
    ['needs: z, when: failed', 'needs: [z], when: any-failed'],
    [
      'retries: 1, backoff: 1s..5m',
      'retry: { attempts: 2, backoff: { shape: exponential, min: 1s, max: 300s, factor: 2, jitter: full } }',
    ],
    ['retries: 1, backoff: 7s', 'retries: 1, backoff: { shape: fixed, min: 7000ms }'],
    ['each: [1]', 'each: { levels: [[1]] }'],
    ['with: { a: 1, b: 2 }', 'with: { b: 2, a: 1.0 }'],
    ['with: {}', 'env: {}, needs: []'],
    ['pool: default, delivery: claimed, on-lost: retry, lost-max: 10', 'when: all-succeeded'],
  ])('%s = %s', (a, b) => {
    const hashOf = (text: string) =>
      workflowHash(parse(`name: n\ntasks: { a: { run: x, ${text} }, z: { run: y } }`));
    expect(hashOf(a)).toBe(hashOf(b));
  });

  test('in YAML and JSON, whatever the order', () => {
    const yaml = 'name: n\ntasks:\n  b: { run: x.py, needs: a }\n  a: { run: y }\n';
    const json =
      '{"tasks": {"a": {"run": "y"}, "b": {"needs": ["a"], "script": {"path": "x.py"}}}, "name": "n"}';
    expect(workflowHash(parse(yaml))).toBe(workflowHash(parseWorkflowText(json, 'w.json')));
    expect(workflowHash(parse(yaml))).toBe(workflowHash(parse(json)));
  });
});

test('YAML keeps its meaning: anchors, words that other versions read as flags, dates', () => {
  const workflow = parse(`
name: n
tasks:
  a: &a { run: x, with: { no: no, on: on, date: 2026-11-20, octal: 0o17, yes: "yes" } }
  b: *a
`);
  const input = { no: 'no', on: 'on', date: '2026-11-20', octal: 15, yes: 'yes' };
  expect(workflow.tasks.map((task) => task.with)).toEqual([input, input]);
});

test('what is printed keeps its meaning for readers of older YAML', () => {
  const workflow = parse(
    'name: w\ntasks:\n  a: { run: x, with: { "<<": 1, a: "no", b: "2026-11-20" } }\n',
  );
  expect(printYaml(workflow)).toBe(`name: w
tasks:
  a:
    shell: x
    with:
      "<<": 1
      a: "no"
      b: "2026-11-20"
`);
});

test('line ends of other systems, a byte order mark and tabs in JSON are no matter', () => {
  const plain = parse('name: n\ntasks:\n  a: { run: x }\n');
  expect(parse('\uFEFFname: n\r\ntasks:\r\n  a: { run: x }\r\n')).toEqual(plain);
  expect(parse('{\n\t"name": "n",\n\t"tasks": {\n\t\t"a": { "run": "x" }\n\t}\n}\n')).toEqual(
    plain,
  );
  expect(parse('{ name: n, tasks: { a: { run: x } } }')).toEqual(plain);
});
