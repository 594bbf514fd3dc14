import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Spawn } from '../../src/contract/happening.ts';
import {
  ancestorOf,
  counts,
  definitionOf,
  extend,
  type Graph,
  graphOf,
  idOf,
  isDetached,
  isLive,
  itemsOf,
  levelsLeft,
  numberOf,
  parentOf,
  renew,
  segmentAt,
  segmentsOf,
} from '../../src/core/graph.ts';
import { dagOf, mapOf, taskOf, tasksOf } from '../support/core-progress.ts';

const dag = dagOf([
  taskOf('m', { each: [[], []], rule: 'all-done', needs: ['p'], with: { x: 1 }, mayFail: true }),
  taskOf('p', { retry: { attemptsMax: 3 }, env: { A: 'b' } }),
]);
const [p, m] = [0, 1];

const spawn = (parent: number, made: Spawn['made'], attempt = 1): Spawn => ({
  parent,
  attempt,
  at: 0,
  made,
});

/** `m` of two by one elements, `p` with two sub-tasks. */
function family(): Graph {
  const graph = graphOf(dag);
  extend(graph, 's1', spawn(m, mapOf('a', 'b')));
  extend(graph, 's2', spawn(p, tasksOf('x', 'y!')));
  extend(graph, 's3', spawn(3, mapOf(7)));
  return graph;
}

describe('sub-tasks', () => {
  test('get the numbers after all that are there', () => {
    const graph = family();
    expect(graph.segments.map(({ base, count, parent }) => [base, count, parent])).toEqual([
      [2, 2, m],
      [4, 2, p],
      [6, 1, 3],
    ]);
    expect(graph.size).toBe(7);
  });

  test('have a parent, and an ancestor in the workflow', () => {
    const graph = family();
    expect([0, 1, 2, 4, 6].map((task) => parentOf(graph, task))).toEqual([
      undefined,
      undefined,
      m,
      p,
      3,
    ]);
    expect([0, 2, 5, 6].map((task) => ancestorOf(graph, task))).toEqual([p, m, p, m]);
  });

  test('are found by their number in one segment each, and no other number is a task', () => {
    const graph = family();
    expect([2, 3, 4, 5, 6].map((task) => segmentAt(graph, task)?.id)).toEqual([
      's1',
      's1',
      's2',
      's2',
      's3',
    ]);
    expect(segmentAt(graph, 1)).toBeUndefined();
    expect(() => segmentAt(graph, 7)).toThrow('invariant broken');
  });

  test('may be detached', () => {
    const graph = family();
    const segment = segmentAt(graph, 4);
    expect(segment && [isDetached(segment, 4), isDetached(segment, 5)]).toEqual([false, true]);
    const map = segmentAt(graph, 2);
    expect(map && isDetached(map, 2)).toBe(false);
  });

  test('of a map without elements, or of one that can’t be expanded, are none', () => {
    const graph = graphOf(dag);
    expect(extend(graph, 's1', spawn(m, mapOf())).count).toBe(0);
    expect(extend(graph, 's2', spawn(p, { kind: 'impossible', message: 'no' })).count).toBe(0);
    expect(graph.size).toBe(2);
  });

  test('whose elements lie in a blob are counted, and their elements are not at hand', () => {
    const graph = graphOf(dag);
    extend(graph, 's1', spawn(m, { kind: 'map', blob: 'b', count: 5 }));
    expect(graph.size).toBe(7);
    expect(() => itemsOf(graph, 2)).toThrow('the elements of s1 are loaded');
  });
});

describe('the same key', () => {
  const sizes = (...spawns: readonly Spawn[]): number[] => {
    const graph = graphOf(dag);
    return spawns.map((one, i) => extend(graph, `s${i}`, one).count);
  };

  test('of the same parent is the same sub-task, over items and attempts', () => {
    expect(
      sizes(
        spawn(p, tasksOf('x', 'y')),
        spawn(p, tasksOf('y', 'z')),
        spawn(p, tasksOf('x', 'y', 'z'), 2),
      ),
    ).toEqual([2, 1, 0]);
  });

  test('twice in one item is one sub-task', () => {
    expect(sizes(spawn(p, tasksOf('x', 'x')))).toEqual([1]);
  });

  test('of another parent is another sub-task', () => {
    expect(sizes(spawn(p, tasksOf('x')), spawn(m, tasksOf('x')))).toEqual([1, 1]);
  });
});

describe('a definition', () => {
  test('of a map’s element is the map’s', () => {
    const graph = family();
    expect(definitionOf(graph, 6)).toBe(dag.tasks[m]);
  });

  test('of a spawned task has its parent’s options, without needs, rule and input', () => {
    const graph = family();
    expect(definitionOf(graph, 4)).toEqual({
      id: 'p',
      run: { kind: 'command', argv: ['true'] },
      retry: { attemptsMax: 3 },
      env: { A: 'b' },
    });
    const below = extend(graph, 's4', spawn(2, tasksOf('x')));
    expect(definitionOf(graph, below.base)).toEqual({
      id: 'm',
      run: { kind: 'command', argv: ['true'] },
      mayFail: true,
    });
  });

  test('of a spawned task has the run that was asked for, and hands it down', () => {
    const graph = graphOf(dag);
    const run = { kind: 'shell', line: 'echo' } as const;
    extend(graph, 's1', spawn(p, { kind: 'tasks', requests: [{ key: 'x', run }] }));
    extend(graph, 's2', spawn(2, tasksOf('y')));
    expect([definitionOf(graph, 3).run, definitionOf(graph, 2).run]).toEqual([run, run]);
    expect(definitionOf(graph, 3)).toBe(definitionOf(graph, 3));
  });

  test('is of the graph at hand, whoever else read the same spawn', () => {
    const made = tasksOf('x');
    const [one, two] = [graphOf(dag), graphOf(dag)];
    extend(one, 's1', spawn(m, made));
    extend(two, 's1', spawn(p, made));
    expect(definitionOf(one, 2).id).toBe('m');
    expect(definitionOf(two, 2).id).toBe('p');
  });

  test('is found below fifty thousand generations', () => {
    const graph = graphOf(dag);
    let parent = p;
    for (let n = 0; n < 50_000; n++)
      parent = extend(graph, `s${n}`, spawn(parent, tasksOf('x'))).base;
    expect(definitionOf(graph, parent).id).toBe('p');
    expect(idOf(graph, parent)).toHaveLength(1 + 2 * 50_000);
    expect(ancestorOf(graph, parent)).toBe(p);
  });
});

describe('a map', () => {
  test('has levels left to expand until its innermost elements', () => {
    const graph = family();
    expect([m, 2, 6, p, 4].map((task) => levelsLeft(graph, task).length)).toEqual([2, 1, 0, 0, 0]);
  });

  test('gives its elements, outermost first', () => {
    const graph = family();
    expect([m, 2, 6, 4].map((task) => itemsOf(graph, task))).toEqual([[], ['a'], ['b', 7], []]);
  });

  test('is not to be expanded by what its elements spawn', () => {
    const graph = family();
    const below = extend(graph, 's4', spawn(6, tasksOf('x')));
    expect(levelsLeft(graph, below.base)).toEqual([]);
    expect(idOf(graph, below.base)).toBe('m[1][0]/x');
  });
});

describe('an id', () => {
  test('names a task by the way to it', () => {
    const graph = family();
    expect(Array.from({ length: 7 }, (_, task) => idOf(graph, task))).toEqual([
      'p',
      'm',
      'm[0]',
      'm[1]',
      'p/x',
      'p/y',
      'm[1][0]',
    ]);
  });

  test.each([
    '',
    'q',
    'm[2]',
    'm[]',
    'm[0',
    'm[0x]',
    'm[ 0]',
    'm[00]',
    'm[-1]',
    'p[0]',
    'm/x',
    'p/',
    'p/z',
    'p/x/x',
    'p/x[0]',
    '/x',
    '[0]',
    'm[0]x',
  ])('of no task is unknown: %j', (id) => {
    expect(numberOf(family(), id)).toBeUndefined();
  });

  test('leads back to its task, whatever the keys', () => {
    const key = fc.string({ unit: fc.constantFrom('a', '/', '[', ']', '0', '1'), maxLength: 4 });
    fc.assert(
      fc.property(fc.uniqueArray(key, { minLength: 1, maxLength: 4 }), (keys) => {
        const graph = graphOf(dag);
        extend(graph, 's0', spawn(m, mapOf(1, 2)));
        extend(graph, 's1', spawn(2, { kind: 'tasks', requests: keys.map((key) => ({ key })) }));
        for (let task = 0; task < graph.size; task++) {
          const id = idOf(graph, task);
          const same = Array.from({ length: graph.size }, (_, n) => n).filter(
            (n) => idOf(graph, n) === id,
          );
          expect(same).toContain(numberOf(graph, id));
        }
      }),
    );
  });
});

describe('a task that begins anew', () => {
  test('leaves behind what its attempts before spawned: it neither counts nor is found', () => {
    const graph = family();
    renew(graph, m, 2, 2);
    expect(segmentsOf(graph, m)).toEqual([]);
    expect([2, 3, 6, 4, m].map((task) => counts(graph, task))).toEqual([
      false,
      false,
      false,
      true,
      true,
    ]);
    expect(numberOf(graph, 'm[0]')).toBeUndefined();
    const again = extend(graph, 's4', spawn(m, mapOf('c'), 2));
    expect(numberOf(graph, 'm[0]')).toBe(again.base);
    expect(segmentsOf(graph, m)).toEqual([again]);
  });

  test('may ask for the same keys again', () => {
    const graph = family();
    renew(graph, p, 2, 2);
    expect(extend(graph, 's4', spawn(p, tasksOf('x', 'y'), 2)).count).toBe(2);
    expect(extend(graph, 's5', spawn(p, tasksOf('x', 'z'), 3)).count).toBe(1);
  });

  test('that had spawned nothing is as it was', () => {
    const graph = graphOf(dag);
    renew(graph, p, 2, 2);
    expect(graph.renewals.size).toBe(0);
  });

  test('is the same graph when it is read again, however often it began anew', () => {
    const graph = family();
    const spawns = new Map<string, Spawn>([
      ['s1', spawn(m, mapOf('a', 'b'))],
      ['s2', spawn(p, tasksOf('x', 'y!'))],
      ['s3', spawn(3, mapOf(7))],
    ]);
    const add = (id: string, one: Spawn): void => {
      spawns.set(id, one);
      extend(graph, id, one);
    };
    renew(graph, p, 2, 2);
    add('s4', spawn(p, tasksOf('x', 'z'), 2));
    add('s5', spawn(p, tasksOf('z', 'y'), 3));
    renew(graph, p, 4, 3);
    renew(graph, m, 2, 2);
    add('s6', spawn(p, tasksOf('x'), 4));
    const again = graphOf(dag, [...graph.renewals]);
    for (const { id } of graph.segments) extend(again, id, spawns.get(id) as Spawn);
    expect(again.segments).toEqual(graph.segments);
    expect(again.byParent).toEqual(graph.byParent);
    expect(again.segments.map((segment) => isLive(again, segment))).toEqual(
      graph.segments.map((segment) => isLive(graph, segment)),
    );
  });
});
