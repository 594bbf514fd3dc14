import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import type { Task } from '../../src/contract/workflow.ts';
import { bounds, secondsOf } from '../../src/definition/bounds.ts';
import { canonicalText, workflowHash } from '../../src/definition/canonical.ts';
import { parseWorkflowText } from '../../src/definition/parse.ts';
import { printYaml } from '../../src/definition/print.ts';
import { importWfcommons, sleepRun } from '../../src/definition/wfcommons.ts';

const fixture = (name: string): unknown =>
  JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures', `${name}.wfformat.json`), 'utf8'));
const needsOf = (tasks: readonly Task[]) =>
  Object.fromEntries(tasks.map((task) => [task.id, task.needs ?? []]));

describe('an instance with ids', () => {
  const workflow = importWfcommons(fixture('diamond'), { scale: 0.01 });

  test('becomes sleeps of the scaled runtimes, all by one shared run', () => {
    expect(workflow.name).toBe('diamond');
    expect(needsOf(workflow.tasks)).toEqual({
      join_04: ['left_02', 'right_03'],
      left_02: ['split_01'],
      right_03: ['split_01'],
      split_01: [],
    });
    expect(workflow.tasks.map((task) => task.with)).toEqual([
      { seconds: 0.005 },
      { seconds: 0.02 },
      { seconds: 0.0525 },
      { seconds: 0.015 },
    ]);
    expect(new Set(workflow.tasks.map((task) => task.run))).toEqual(new Set([sleepRun]));
  });

  test('is printed as YAML of the same hash', () => {
    expect(workflowHash(parseWorkflowText(printYaml(workflow)))).toBe(workflowHash(workflow));
  });

  test('has its bounds', () => {
    const whole = importWfcommons(fixture('diamond'), { scale: 1 });
    expect(bounds(whole, 1)).toEqual({
      criticalPathSeconds: 7.25,
      totalSeconds: 9.25,
      makespanSeconds: 9.25,
      criticalPath: ['split_01', 'right_03', 'join_04'],
    });
    expect(bounds(whole, 2).makespanSeconds).toBe(7.25);
    expect(bounds(whole, 2, () => 1).makespanSeconds).toBe(3);
  });
});

test('an older instance goes by names; those that are none here become near ones', () => {
  const { name, tasks } = importWfcommons(fixture('stages'), { scale: 1 });
  expect(name).toBe('three_stages');
  expect(needsOf(tasks)).toEqual({
    READ_SHEET_1_: [],
    sort_1: ['READ_SHEET_1_'],
    sort_2: ['READ_SHEET_1_'],
    write: ['sort_1', 'sort_2'],
  });
  expect(tasks.map(secondsOf)).toEqual([3, 4, 2, 1]);
});

test('near names are unlike all others', () => {
  const tasks = ['a/b', 'a_b', 'a b', ':', '.x'].map((name) => ({ name, runtime: 1 }));
  const { tasks: made } = importWfcommons({ name: 'n', workflow: { tasks } }, { scale: 1 });
  expect(made.map((task) => task.id)).toEqual(['_', '_.x', 'a_b', 'a_b_2', 'a_b_3']);
});

test.each([
  ['newer', { outputFiles: ['f'] }, { inputFiles: ['f', 'g'], outputFiles: ['f'] }],
  [
    'older',
    { files: [{ link: 'output', name: 'f' }] },
    {
      files: [
        { link: 'input', name: 'f' },
        { link: 'output', name: 'f' },
      ],
    },
  ],
])('where no task names another, files say what it needs (%s)', (_, writes, reads) => {
  const tasks = [
    { id: 'a', ...writes, parents: [] },
    { id: 'b', ...reads },
  ];
  const found = importWfcommons({ workflow: { tasks } }, { scale: 1 });
  expect(needsOf(found.tasks)).toEqual({ a: [], b: ['a'] });
  const [a, b] = tasks;
  const named = importWfcommons(
    { workflow: { tasks: [{ ...a, parents: ['b'] }, b] } },
    { scale: 1 },
  );
  expect(needsOf(named.tasks)).toEqual({ a: ['b'], b: [] });
});

test('tasks without a runtime take no time', () => {
  const tasks = [{ name: 'a' }, { name: 'b', runtimeInSeconds: null }];
  const made = importWfcommons({ workflow: { jobs: tasks } }, { scale: 1 });
  expect(made.name).toBe('workflow');
  expect(made.tasks.map(secondsOf)).toEqual([0, 0]);
  expect(secondsOf({ id: 'a', run: { kind: 'none' } })).toBe(0);
});

describe('what does not fit together is refused', () => {
  const of = (tasks: unknown) => () =>
    importWfcommons({ name: 'n', workflow: { specification: { tasks } } }, { scale: 1 });
  test.each<[string, () => unknown, string]>([
    ['no object', () => importWfcommons(5, { scale: 1 }), 'no WfFormat'],
    [
      'no tasks',
      () => importWfcommons({ workflow: {} }, { scale: 1 }),
      'no WfFormat: it has no tasks',
    ],
    [
      'tasks of another type',
      of([5]),
      '/workflow/specification/tasks/0 no WfFormat: Invalid input',
    ],
    ['a task without a name', of([{}]), '/workflow/tasks/0 a task has neither id nor name'],
    [
      'the same id twice',
      of([{ id: 'a' }, { id: 'a' }]),
      '/workflow/tasks/1 the task "a" is there twice',
    ],
    [
      'an unknown parent',
      of([{ id: 'a', parents: ['q'] }]),
      '/workflow/tasks/0 "a" has a parent "q" that is not among the tasks',
    ],
    [
      'an unknown child',
      of([{ id: 'a', children: ['q'] }]),
      '/workflow/tasks/0 "a" has a child "q" that is not among the tasks',
    ],
    [
      'a cycle',
      of([
        { id: 'a', parents: ['b'] },
        { id: 'b', parents: ['a'] },
      ]),
      'tasks need each other in a cycle: a → b → a',
    ],
    ['a runtime below 0', of([{ id: 'a', runtime: -1 }]), 'no WfFormat'],
  ])('%s', (_what, make, message) => {
    expect(make).toThrow(message);
  });
});

const shared = join(import.meta.dirname, '..', '..', '..', 'shared', 'data', 'workflows');
const instances = existsSync(shared) ? readdirSync(join(shared, 'instances')) : [];

describe('recorded instances', () => {
  test('are all read where they are', () => {
    if (instances.length === 0) process.stderr.write(`no recorded workflows at ${shared}\n`);
    expect(existsSync(shared)).toBe(instances.length > 0);
  });
  for (const file of instances)
    test(`${file} keeps its ids, edges and bounds`, () => {
      const text = gunzipSync(readFileSync(join(shared, 'instances', file))).toString('utf8');
      const instance = JSON.parse(text) as {
        workflow: { specification: { tasks: { id: string; parents: string[] }[] } };
      };
      const expected = JSON.parse(
        readFileSync(join(shared, 'expected', file.replace('.gz', '')), 'utf8'),
      ) as { edges: number; lowerBoundMakespanSeconds: Record<string, number> };
      const workflow = importWfcommons(instance, { scale: 1 });
      const needs = needsOf(workflow.tasks);
      const given = instance.workflow.specification.tasks;
      expect(Object.keys(needs).sort()).toEqual(given.map((task) => task.id).sort());
      for (const task of given) expect(needs[task.id]).toEqual([...task.parents].sort());
      expect(Object.values(needs).flat()).toHaveLength(expected.edges);
      for (const [slots, seconds] of Object.entries(expected.lowerBoundMakespanSeconds))
        expect(bounds(workflow, Number(slots)).makespanSeconds).toBeCloseTo(seconds, 3);
      expect(canonicalText(workflow)).toContain('setTimeout');
    });
});
