import { describe, expect, test } from '@jest/globals';
import type { Problem } from '../../src/contract/problem.ts';
import type { Task, Workflow } from '../../src/contract/workflow.ts';
import { canonicalize, canonicalText, workflowHash } from '../../src/definition/canonical.ts';
import { checkWorkflow } from '../../src/definition/check.ts';
import { findCycles } from '../../src/definition/cycles.ts';
import { parseCanonical } from '../../src/definition/parse-canonical.ts';

const run = { kind: 'shell', line: 'x' } as const;
const of = (...tasks: Task[]): Workflow => ({ name: 'w', tasks });

describe('canonical form', () => {
  test('sorts tasks and needs, and leaves defaults out', () => {
    const given = of(
      {
        id: 'b',
        run: { kind: 'snippet', language: 'node', code: 'x', concurrency: 1 },
        needs: ['c', 'a', 'c'],
        rule: 'all-succeeded',
        with: {},
        pool: 'default',
        retry: {
          attemptsMax: 1,
          backoff: {
            shape: 'exponential',
            delayMsMin: 1000,
            delayMsMax: 300000,
            factor: 2,
            jitter: 'full',
          },
          policies: [],
        },
        limits: { graceMs: 5000 },
        delivery: 'claimed',
        onLost: 'retry',
        lostMax: 10,
        mayFail: false,
        env: {},
      },
      {
        id: 'a',
        run: {
          kind: 'sequence',
          steps: [{ run: { kind: 'script', language: 'shell', path: 'a', args: [] }, with: {} }],
        },
        needs: [],
      },
      {
        id: 'c',
        run: { kind: 'function', language: 'node', path: 'a', name: 'b', concurrency: 1 },
      },
    );
    expect(canonicalize(given)).toEqual(
      of(
        {
          id: 'a',
          run: {
            kind: 'sequence',
            steps: [{ run: { kind: 'script', language: 'shell', path: 'a' }, with: {} }],
          },
        },
        { id: 'b', run: { kind: 'snippet', language: 'node', code: 'x' }, needs: ['a', 'c'] },
        { id: 'c', run: { kind: 'function', language: 'node', path: 'a', name: 'b' } },
      ),
    );
  });

  test('keeps what is not the default, and backoffs of policies also when empty', () => {
    const given = of({
      id: 'a',
      run: { kind: 'script', language: 'shell', path: 'a', args: ['x'] },
      with: [],
      retry: { policies: [{ match: { errors: ['E'] }, action: 'retry', backoff: { factor: 2 } }] },
      limits: { graceMs: 0 },
    });
    expect(canonicalize(given).tasks[0]).toEqual({
      ...given.tasks[0],
      retry: { policies: [{ match: { errors: ['E'] }, action: 'retry', backoff: {} }] },
    });
  });

  test('of what is canonical is the same tasks', () => {
    const given = of({ id: 'a', run }, { id: 'b', needs: ['a'], run, with: { x: 1 } });
    expect(canonicalize(given).tasks === given.tasks).toBe(true);
  });
});

describe('the canonical text', () => {
  test('is JSON with sorted keys', () => {
    const given: Workflow = {
      name: 'w',
      timeLimitMs: 5,
      description: 'd',
      input: { b: { type: 'any' }, a: { type: 'string' } },
      tasks: [
        { id: 'b', run, with: { z: [1.0, 1e21, 'é\n"'], a: null } },
        { run, id: 'a', pool: 'p' },
      ],
    };
    expect(canonicalText(given)).toBe(
      '{"description":"d","input":{"a":{"type":"string"},"b":{"type":"any"}},"name":"w","tasks":[{"id":"a","pool":"p","run":{"kind":"shell","line":"x"}},{"id":"b","run":{"kind":"shell","line":"x"},"with":{"a":null,"z":[1,1e+21,"é\\n\\""]}}],"timeLimitMs":5}',
    );
  });

  test('has a hash that never changes', () => {
    expect(workflowHash(of({ id: 'a', run }))).toBe(
      'ec75531c995fddcd897e73ba3df09a311717995ef9b3ddf12d852d9ad2a95a2e',
    );
    expect(workflowHash(of({ id: 'a', run, needs: [], with: {} }))).toBe(
      workflowHash(of({ id: 'a', run })),
    );
    expect(workflowHash(of({ id: 'a', run, with: null }))).not.toBe(
      workflowHash(of({ id: 'a', run })),
    );
  });
});

describe('a canonical workflow from outside', () => {
  const refusal = (given: unknown): unknown => {
    try {
      parseCanonical(given);
    } catch (error) {
      return (error as Problem).details.map(({ pointer, message }) => `${pointer} ${message}`);
    }
    return 'read';
  };

  test('shares one object for runs that are equal', () => {
    const text =
      '{"name":"w","tasks":[{"id":"a","run":{"kind":"shell","line":"x"}},{"id":"b","needs":["a"],"run":{"line":"x","kind":"shell"},"with":{"a":[1]}},{"id":"c","pool":"p","run":{"kind":"shell","line":"x"}},{"id":"d","run":{"kind":"shell","line":"y"}}]}';
    const { tasks } = parseCanonical(JSON.parse(text));
    expect(new Set(tasks.map((task) => task.run)).size).toBe(2);
    expect({ name: 'w', tasks }).toEqual(JSON.parse(text));
  });

  test('of thousands of different runs is read', () => {
    const tasks = Array.from({ length: 2_500 }, (_, n) => ({
      id: `t${n}`,
      run: { kind: 'shell', line: `echo ${n}` },
    }));
    expect(parseCanonical({ name: 'w', tasks }).tasks).toEqual(tasks);
    const alike = tasks.map(({ id }, n) => ({
      id,
      run: { kind: 'script', language: 'node', path: 'a.mjs', args: [String(n)] },
    }));
    expect(parseCanonical({ name: 'w', tasks: alike }).tasks).toEqual(alike);
  });

  test.each<[string, unknown, unknown]>([
    ['no object', [], [' a workflow must be an object']],
    ['no tasks', { name: 'w' }, ['/tasks expected a list of at least one task']],
    ['an empty list', { name: 'w', tasks: [] }, ['/tasks expected a list of at least one task']],
    ['no name', { tasks: [{ id: 'a', run }] }, [expect.stringMatching(/^\/name Invalid input/)]],
    [
      'an unknown field',
      { name: 'w', x: 1, tasks: [{ id: 'a', run }] },
      [expect.stringMatching(/^ Unrecognized key: "x"/)],
    ],
    ['a task that is none', { name: 'w', tasks: [5] }, ['/tasks/0 a task must be an object']],
    [
      'a task without a run',
      { name: 'w', tasks: [{ id: 'a' }] },
      [expect.stringMatching(/^\/tasks\/0\/run /)],
    ],
    [
      'a bad id',
      { name: 'w', tasks: [{ id: 'a b', run }] },
      [expect.stringMatching(/^\/tasks\/0\/id /)],
    ],
    [
      'needs of numbers',
      { name: 'w', tasks: [{ id: 'a', run, needs: [1] }] },
      [expect.stringMatching(/^\/tasks\/0\/needs\/0 /)],
    ],
    [
      'needs as a text',
      { name: 'w', tasks: [{ id: 'a', run, needs: 'b' }] },
      [expect.stringMatching(/^\/tasks\/0\/needs /)],
    ],
    [
      'an unknown option',
      { name: 'w', tasks: [{ id: 'a', run, xyz: 1 }] },
      [expect.stringMatching(/^\/tasks\/0 Unrecognized key: "xyz"/)],
    ],
    [
      'input that is no JSON',
      { name: 'w', tasks: [{ id: 'a', run, with: { a: [undefined] } }] },
      ['/tasks/0/with expected JSON'],
    ],
    [
      'a key for prototypes',
      { name: 'w', tasks: [{ id: 'a', run, with: JSON.parse('{"__proto__": 1}') }] },
      ['/tasks/0/with expected JSON'],
    ],
    [
      'too many levels',
      { name: 'w', tasks: [{ id: 'a', run, each: Array(9).fill([]) }] },
      ['/tasks/0/each expected a list of 1 to 8 levels, all of them JSON'],
    ],
  ])('%s is refused', (_what, given, want) => {
    expect(refusal(given)).toEqual(want);
  });

  test('with many mistakes tells twenty', () => {
    const tasks = Array.from({ length: 100 }, () => ({ id: 'a b', run }));
    expect(refusal({ name: 'w', tasks })).toHaveLength(20);
  });

  test('is checked in its meaning, with pointers', () => {
    const workflow: Workflow = {
      ...of(
        { id: 'a', run, needs: ['b', 'q'] },
        {
          id: 'b',
          run: {
            kind: 'tandem',
            steps: [{ run }, { run, with: { 'x/y': '${'.concat('{ item }}') } }],
          },
          needs: ['a'],
        },
        {
          id: 'b',
          run,
          limits: { runMs: 0 },
          retry: {
            totalMs: 0,
            backoff: { shape: 'list' },
            policies: [{ match: {}, action: 'retry', backoff: { delaysMs: [1] } }],
          },
        },
        {
          id: 'c',
          run: { kind: 'command', argv: ['a\0'] },
          each: ['x'],
          env: { A: 'b\0' },
          delivery: 'at-most-once',
          onLost: 'retry',
        },
        {
          id: 'd',
          run,
          retry: { attemptsMax: 2, backoff: { shape: 'list', delaysMs: [400_000], delayMsMin: 1 } },
        },
      ),
      timeLimitMs: 0,
      input: { n: { type: 'integer', default: 'x' } },
    };
    expect(checkWorkflow(workflow).map(({ pointer, message }) => `${pointer} ${message}`)).toEqual([
      '/timeLimitMs a time limit must be longer than 0',
      '/input/n/default the default must be of type integer',
      '/tasks/2/id the task "b" is there twice',
      '/tasks/0/needs/1 unknown need "q": there is no such task',
      '/tasks/0/needs/0 tasks need each other in a cycle: a → b → a',
      '/tasks/1/run/steps/1/with/x~1y ${'.concat('{ item }} is known only within "each"'),
      '/tasks/2/limits/runMs a time limit must be longer than 0',
      '/tasks/2/retry/totalMs a time limit must be longer than 0',
      '/tasks/2/retry/backoff the shape "list" needs "delays"',
      '/tasks/2/retry/policies/0 this matches every error: give exit codes, errors or reasons',
      '/tasks/2/retry/policies/0/backoff "delays" belong to the shape "list"',
      '/tasks/3/onLost on-lost "retry" cannot go with delivery "at-most-once"',
      '/tasks/3/env/A the character U+0000 is not allowed here',
      '/tasks/3/each/0 "each" must be a list, or one reference to a list and nothing else',
      '/tasks/3/run the character U+0000 is not allowed here',
      '/tasks/4/retry/backoff one of the delays is longer than the longest, which is 300 s',
      '/tasks/4/retry/backoff the shortest delay has no effect on the shape "list"',
    ]);
  });
});

describe('cycles', () => {
  const edges = (...lists: number[][]) => {
    const start = [0];
    for (const list of lists) start.push((start.at(-1) as number) + list.length);
    return { start: Int32Array.from(start), list: Int32Array.from(lists.flat()) };
  };
  test.each<[string, number[][], number[][]]>([
    ['none', [[1, 2], [2], []], []],
    ['one to itself', [[0]], [[0]]],
    ['a ring', [[1], [2], [0]], [[0, 1, 2]]],
    ['the shorter of two', [[1], [2, 0], [3], [0]], [[0, 1]]],
    [
      'two apart',
      [[1], [0], [3, 0], [2]],
      [
        [0, 1],
        [2, 3],
      ],
    ],
    ['behind others', [[1], [2], [3], [2], [0]], [[2, 3]]],
  ])('%s', (_what, lists, want) => {
    expect(findCycles(edges(...lists), lists.length, 20)).toEqual(want);
  });

  test('at most as many as are wanted', () => {
    expect(findCycles(edges([0], [1], [2]), 3, 2)).toEqual([[0], [1]]);
  });
});

test('a large workflow from outside is read, checked and hashed', () => {
  const code = 'await new Promise((done) => setTimeout(done, input.seconds * 1000));';
  const count = 100_000;
  const id = (n: number) => `t${String(n).padStart(7, '0')}`;
  const tasks = Array.from({ length: count }, (_, n) => ({
    id: id(n),
    needs: n === 0 ? [] : [id(n >> 1)],
    run: { kind: 'snippet', language: 'node', code, concurrency: 1000 },
    with: { seconds: n % 100 },
  }));
  const json = JSON.parse(JSON.stringify({ name: 'w', tasks })) as unknown;
  const workflow = parseCanonical(json);
  expect(checkWorkflow(workflow)).toEqual([]);
  expect(workflowHash(workflow)).toHaveLength(64);
});
