import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Problem } from '../../src/contract/problem.ts';
import { task, workflow } from '../../src/definition/builder.ts';
import type { RunOptions, TaskOptions } from '../../src/definition/builder-options.ts';
import { workflowHash } from '../../src/definition/canonical.ts';
import { index, item, items, type Reference, runId } from '../../src/definition/handles.ts';
import { parseWorkflowText } from '../../src/definition/parse.ts';

const ref = (inner: string): string => `\${{ ${inner} }}`;

function nightly() {
  const wf = workflow('nightly-orders', {
    description: 'Orders of the day',
    input: { day: { type: 'string', default: 'today' }, shopList: 'list' },
    timeout: '2h',
    defaults: { retries: 3, backoff: '10s..5m', timeout: '10m', queueTimeout: '1h' },
  });
  const extract = wf.task('extract', {
    run: 'tasks/extract.py --fast',
    with: { day: wf.input.day },
  });
  const clean = wf.task('clean', {
    each: extract.output.files,
    function: 'tasks/clean.mjs#clean',
    concurrency: 10,
    with: { file: item, label: `${index} of ${runId}`, maxRows: items[0].rows[2]['a b'] },
    onLost: 'fail',
    retry: { attempts: 2, on: [{ exitCode: [2, 3], action: 'fail' }] },
    env: { maxHeap: '1' },
  });
  wf.task('publish', {
    needs: [extract, clean],
    when: { atLeast: '50%' },
    sequence: ['tasks/pack.sh', { name: 'push', node: 'return 1', with: { files: clean.output } }],
  });
  return wf;
}

test('a workflow in TypeScript is the same as in YAML, with the same hash', () => {
  const yaml = `
name: nightly-orders
description: Orders of the day
input: { day: { type: string, default: today }, shopList: list }
timeout: 2h
defaults: { retries: 3, backoff: 10s..5m, timeout: 10m, queue-timeout: 1h }
tasks:
  extract:
    run: tasks/extract.py --fast
    with: { day: "${ref('input.day')}" }
  clean:
    needs: extract
    each: ${ref('tasks.extract.output.files')}
    function: tasks/clean.mjs#clean
    concurrency: 10
    with: { file: "${ref('item')}", label: "${ref('index')} of ${ref('run.id')}", maxRows: '${ref('items[0].rows[2]["a b"]')}' }
    on-lost: fail
    retry: { attempts: 2, on: [{ exit-code: [2, 3], action: fail }] }
    env: { maxHeap: "1" }
  publish:
    needs: [extract, clean]
    when: { at-least: 50% }
    sequence: [tasks/pack.sh, { name: push, node: return 1, with: { files: "${ref('tasks.clean.output')}" } }]
`;
  const built = nightly().toDefinition();
  expect(built).toEqual(parseWorkflowText(yaml));
  expect(workflowHash(built)).toBe(workflowHash(parseWorkflowText(yaml)));
  expect(workflowHash(built)).toBe(workflowHash(parseWorkflowText(nightly().toYaml())));
});

test('tasks may be made apart and put together', () => {
  const a = task('a', { run: 'x' });
  const b = task('b', { run: 'y', with: [a.output] });
  expect(workflow('w', { tasks: [b, a] }).toDefinition().tasks).toEqual([
    { id: 'a', run: { kind: 'shell', line: 'x' } },
    { id: 'b', needs: ['a'], run: { kind: 'shell', line: 'y' }, with: [ref('tasks.a.output')] },
  ]);
});

describe('references', () => {
  test.each<[Reference, string]>([
    [task('a.b', { none: true }).output.x, 'tasks["a.b"].output.x'],
    [task('1-a', { none: true }).output[0], 'tasks.1-a.output[0]'],
    [item.then, 'item.then'],
    [item.toString.constructor, 'item.toString.constructor'],
    [item['a"b']['']['-1'], 'item["a\\"b"][""]["-1"]'],
    [item.größe, 'item.größe'],
  ])('print themselves', (reference, text) => {
    expect(`${reference}`).toBe(ref(text));
    const wf = workflow('w');
    wf.task('a.b', { run: 'x' });
    wf.task('1-a', { run: 'x' });
    wf.task('t', { run: 'x', each: [1], with: { reference } });
    expect(wf.toDefinition().tasks.find(({ id }) => id === 't')?.with).toEqual({
      reference: ref(text),
    });
  });

  test('of any name lead to that name', () => {
    fc.assert(
      fc.property(
        fc.string().filter((name) => name.length < 200),
        (name) => {
          const built = workflow('w', {
            tasks: [task('t', { run: 'x', each: [1], with: item[name] })],
          });
          expect(workflowHash(parseWorkflowText(built.toYaml()))).toBe(
            workflowHash(built.toDefinition()),
          );
        },
      ),
    );
  });
});

describe('mistakes are told with their pointers', () => {
  const detailsOf = (options: object, more: object = {}): unknown => {
    try {
      workflow('w', {
        ...more,
        tasks: [task('a', { run: 'x', ...options } as TaskOptions)],
      }).toDefinition();
    } catch (error) {
      return (error as Problem).details;
    }
    return [];
  };
  test.each<[object, string, RegExp]>([
    [{ need: 'b' }, '/tasks/a/need', /unknown key "need" \(did you mean "needs"\?\)/],
    [{ timeout: 5 }, '/tasks/a/timeout', /"timeout" needs a unit/],
    [{ priority: 1 }, '/tasks/a/priority', /not supported yet/],
    [{ needs: 'b' }, '/tasks/a/needs/0', /unknown need "b"/],
    [{ with: task('b', { run: 'x' }).output }, '/tasks/a/needs/0', /unknown need "b"/],
    [{ with: item }, '/tasks/a/with', /known only within "each"/],
    [
      { with: { at: new Date() } },
      '/tasks/a/with/at',
      /expected JSON: plain maps, lists and values/,
    ],
    [{ with: { f: () => 1 } }, '/tasks/a/with/f', /expected JSON/],
    [{ with: [Number.NaN] }, '/tasks/a/with/0', /expected JSON, not NaN/],
    [{ with: JSON.parse('{"__proto__": 1}') }, '/tasks/a/with', /"__proto__" is not allowed/],
  ])('%j', (options, pointer, message) => {
    expect(detailsOf(options)).toEqual([{ pointer, message: expect.stringMatching(message) }]);
  });

  test('the same task twice, and names that are none', () => {
    const wf = workflow('a b', { tasks: [task('a', { run: 'x' }), task('a', { run: 'x' })] });
    expect(() => wf.toDefinition()).toThrow('/tasks the task "a" is there twice');
    expect(() => workflow('a b', { tasks: [task('a', { run: 'x' })] }).toDefinition()).toThrow(
      '/name "a b" is no name',
    );
    expect(() => workflow('w').toDefinition()).toThrow('a workflow needs at least one task');
  });

  test('a value that holds itself', () => {
    const ring: unknown[] = [];
    ring.push(ring);
    expect(detailsOf({ with: ring })).toEqual([
      {
        pointer: expect.stringMatching(/^\/tasks\/a\/with(\/0)+$/),
        message: expect.stringMatching(/100 deep/),
      },
    ]);
  });

  test('what is undefined counts as not given', () => {
    expect(detailsOf({ timeout: undefined, with: { a: undefined } })).toEqual([]);
  });
});

test('every kind of run is built', () => {
  const runs: readonly RunOptions[] = [
    { command: ['a', 'b'] },
    { shell: 'a | b' },
    { script: { path: 'a', language: 'python', args: ['b'] } },
    { function: { path: 'a.py', name: 'f' } },
    { python: 'return 1' },
    { bash: 'true' },
    { tandem: ['a', { command: ['b'] }] },
    { none: true },
  ];
  const wf = workflow('w', { tasks: runs.map((run, at) => task(`t${at}`, run)) });
  expect(wf.toDefinition().tasks.map(({ run }) => run.kind)).toEqual([
    'command',
    'shell',
    'script',
    'function',
    'snippet',
    'snippet',
    'tandem',
    'none',
  ]);
  expect(parseWorkflowText(wf.toYaml())).toEqual(wf.toDefinition());
});
