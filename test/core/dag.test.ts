import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Task } from '../../src/contract/workflow.ts';
import { compile, type Dag, dependentsOf } from '../../src/core/dag.ts';
import { dagOf, taskOf } from '../support/core-progress.ts';

const idsOf = (dag: Dag): string[] => dag.tasks.map(({ id }) => id);
const needsOf = (dag: Dag, task: number): number[] => [
  ...dag.needs.subarray(dag.needsStart[task], dag.needsStart[task + 1]),
];

/** Tasks that each need some of those before it. */
const acyclic = fc.array(fc.array(fc.nat(), { maxLength: 5 }), { maxLength: 40 }).map((rows) =>
  rows.map((picks, n) => {
    const needs = new Set(n === 0 ? [] : picks.map((pick) => `t${pick % n}`));
    return taskOf(`t${n}`, needs.size > 0 ? { needs: [...needs].sort() } : {});
  }),
);
const shuffled = fc.tuple(acyclic, fc.infiniteStream(fc.nat())).map(([tasks, picks]) => {
  const rest = [...tasks];
  const mixed: Task[] = [];
  while (rest.length > 0)
    mixed.push(rest.splice((picks.next().value as number) % rest.length, 1)[0] as Task);
  return { tasks, mixed };
});

describe('a compiled workflow', () => {
  test('numbers tasks level by level, by id within a level', () => {
    const dag = dagOf([
      taskOf('a', { needs: ['z'] }),
      taskOf('b'),
      taskOf('c', { needs: ['a', 'b'] }),
      taskOf('z'),
    ]);
    expect(idsOf(dag)).toEqual(['b', 'z', 'a', 'c']);
    expect([...dag.level]).toEqual([0, 0, 1, 2]);
    expect(dag.levels).toBe(3);
    expect(needsOf(dag, 3)).toEqual([0, 2]);
    expect([...dependentsOf(dag, 1)]).toEqual([2]);
    expect([...dependentsOf(dag, 3)]).toEqual([]);
    expect([...dependentsOf(dag, 99)]).toEqual([]);
  });

  test('of no tasks has no levels', () => {
    const dag = dagOf([]);
    expect([dag.tasks.length, dag.levels]).toEqual([0, 0]);
    expect([...dependentsOf(dag, 0)]).toEqual([]);
  });

  test('is the same for the same tasks in any order', () => {
    fc.assert(
      fc.property(shuffled, ({ tasks, mixed }) => {
        expect(dagOf(mixed)).toEqual(dagOf(tasks));
      }),
    );
  });

  test('has every need as it was given, before its task, and levels as long as the longest way', () => {
    fc.assert(
      fc.property(acyclic, (tasks) => {
        const dag = dagOf(tasks);
        for (const [number, task] of dag.tasks.entries()) {
          const needs = needsOf(dag, number);
          expect(needs.map((need) => dag.tasks[need]?.id).sort()).toEqual(task.needs ?? []);
          expect(needs).toEqual([...needs].sort((a, b) => a - b));
          const above = needs.map((need) => dag.level[need] as number);
          expect(dag.level[number]).toBe(above.length === 0 ? 0 : Math.max(...above) + 1);
          for (const need of needs) expect([...dependentsOf(dag, need)]).toContain(number);
        }
        expect([...dag.level]).toEqual([...dag.level].sort((a, b) => a - b));
        expect(dag.dependents).toHaveLength(dag.needs.length);
      }),
    );
  });

  test('compiles a chain and a fan of fifty thousand', () => {
    const count = 50_000;
    const id = (n: number): string => `t${String(n).padStart(6, '0')}`;
    const chain = Array.from({ length: count }, (_, n) =>
      taskOf(id(n), n > 0 ? { needs: [id(n - 1)] } : {}),
    );
    expect(dagOf(chain).levels).toBe(count);
    const fan = [
      ...chain.map(({ id }) => taskOf(id)),
      taskOf('z', { needs: chain.map(({ id }) => id) }),
    ];
    expect(dagOf(fan).levels).toBe(2);
  });
});

describe('what does not compile says why', () => {
  test('a need that is no task', () => {
    expect(compile([taskOf('a', { needs: ['b'] })])).toEqual({
      kind: 'unknown-need',
      task: 'a',
      need: 'b',
    });
  });

  test('two tasks of one name', () => {
    expect(compile([taskOf('a'), taskOf('b'), taskOf('a')])).toEqual({
      kind: 'duplicate',
      task: 'a',
    });
  });

  test.each([
    ['a task that needs itself', { a: ['a'] }, ['a']],
    ['two that need each other', { a: ['b'], b: ['a'] }, ['a', 'b']],
    ['a ring behind a way in', { a: ['b'], b: ['c'], c: ['d'], d: ['b'] }, ['b', 'c', 'd']],
    ['a ring beside what is free', { a: [], b: ['a', 'c'], c: ['b'], d: ['a'] }, ['b', 'c']],
  ])('%s', (_, needs, want) => {
    const tasks = Object.entries(needs).map(([id, of]) => taskOf(id, { needs: of }));
    expect(compile(tasks)).toEqual({ kind: 'cycle', tasks: want });
  });

  test('any ring: each named task needs the next, the last one the first', () => {
    const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 20 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const tasks = Array.from({ length: 8 }, (_, n) => {
          const needs = new Set(pairs.filter(([from]) => from === n).map(([, to]) => `t${to}`));
          return taskOf(`t${n}`, { needs: [...needs].sort() });
        });
        const compiled = compile(tasks);
        if (compiled.kind !== 'cycle') return;
        const ring = compiled.tasks;
        for (const [i, id] of ring.entries()) {
          const next = ring[(i + 1) % ring.length] as string;
          expect(tasks.find((task) => task.id === id)?.needs).toContain(next);
        }
        expect(new Set(ring).size).toBe(ring.length);
      }),
    );
  });
});
