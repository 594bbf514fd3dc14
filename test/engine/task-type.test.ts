import { expect, test } from '@jest/globals';
import type { Code, Task } from '../../src/contract/workflow.ts';
import { typeOf } from '../../src/engine/task-type.ts';

const one: Task = { id: 'a', run: { kind: 'command', argv: ['true'] } };
const call = { kind: 'function', language: 'node', path: 'a.mjs', name: 'f' } as const;
const code: Code = { folder: '/a' };

test('tasks that differ in name, needs and input alone are one type', () => {
  const first = typeOf({ id: 'a', run: call }, undefined);
  const again = { id: 'b', run: { ...call }, with: { n: 1 }, needs: ['a'] } as Task;
  expect(typeOf(again, undefined)).toBe(first);
  expect(typeOf({ id: 'c', run: { kind: 'command', argv: ['true'] } }, code).key).not.toBe(
    first.key,
  );
  expect(typeOf(again, undefined).key).toBe(first.key);
});

test.each<[string, Task, Code | undefined]>([
  ['another function', { ...one, run: { ...call, name: 'g' } }, undefined],
  ['a function with concurrency', { ...one, run: { ...call, concurrency: 2 } }, undefined],
  ['limits', { ...one, run: call, limits: { runMs: 1 } }, undefined],
  ['an environment', { ...one, run: call, env: { A: '1' } }, undefined],
  ['another delivery', { ...one, run: call, delivery: 'at-least-once' }, undefined],
  ['another pool', { ...one, run: call, pool: 'other' }, undefined],
  ['resources', { ...one, run: call, resources: { cpu: 1 } }, undefined],
  ['code', { ...one, run: call }, code],
])(
  'a task with %s, asked for right after or before one without, is another type',
  (_, other, folder) => {
    const plain = (): Task => ({ ...one, run: { ...call } });
    const before = typeOf(plain(), undefined).key;
    const different = typeOf(other, folder).key;
    expect(different).not.toBe(before);
    expect(typeOf(plain(), undefined).key).toBe(before);
    expect(typeOf(structuredClone(other), folder).key).toBe(different);
  },
);
