import { expect, test } from '@jest/globals';
import type { Code, Task } from '../../src/contract/workflow.ts';
import { typeOf } from '../../src/engine/task-type.ts';

const one: Task = { id: 'a', run: { kind: 'command', argv: ['true'] } };
const call = { kind: 'function', language: 'node', path: 'a.mjs', name: 'f' } as const;
const code: Code = { folder: '/a' };

test('tasks that differ in name, needs and input alone are one type', () => {
  const first = typeOf({ id: 'a', run: call }, {});
  const again = { id: 'b', run: { ...call }, with: { n: 1 }, needs: ['a'] } as Task;
  expect(typeOf(again, {})).toBe(first);
  expect(typeOf({ id: 'c', run: { kind: 'command', argv: ['true'] } }, { code }).key).not.toBe(
    first.key,
  );
  expect(typeOf(again, {}).key).toBe(first.key);
});

test.each<[string, Task, { code?: Code; codes?: Record<string, Code> }]>([
  ['another function', { ...one, run: { ...call, name: 'g' } }, {}],
  ['a function with concurrency', { ...one, run: { ...call, concurrency: 2 } }, {}],
  ['limits', { ...one, run: call, limits: { runMs: 1 } }, {}],
  ['an environment', { ...one, run: call, env: { A: '1' } }, {}],
  ['another delivery', { ...one, run: call, delivery: 'at-least-once' }, {}],
  ['another pool', { ...one, run: call, pool: 'other' }, {}],
  ['resources', { ...one, run: call, resources: { cpu: 1 } }, {}],
  ['code', { ...one, run: call }, { code }],
  ['code of its own', { ...one, run: call, code: './a' }, { codes: { './a': code } }],
  ['dependencies', { ...one, run: call, dependencies: 'auto' }, { code }],
])(
  'a task with %s, asked for right after or before one without, is another type',
  (_, other, of) => {
    const plain = (): Task => ({ ...one, run: { ...call } });
    const before = typeOf(plain(), {}).key;
    const different = typeOf(other, of).key;
    expect(different).not.toBe(before);
    expect(typeOf(plain(), {}).key).toBe(before);
    expect(typeOf(structuredClone(other), of).key).toBe(different);
  },
);
