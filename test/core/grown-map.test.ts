import { expect, test } from '@jest/globals';
import { emptyMap, toGrow } from '../../src/core/grown-map.ts';

test('what grows from the empty map is nobody else’s', () => {
  const one = toGrow(emptyMap<string, number>()).set('a', 1);
  const other = toGrow(emptyMap<string, number>()).set('b', 2);
  expect([...one]).toEqual([['a', 1]]);
  expect([...other]).toEqual([['b', 2]]);
  expect(emptyMap().size).toBe(0);
});

test('what has grown goes on growing in place', () => {
  const map = toGrow(emptyMap<string, number>()).set('a', 1);
  expect(toGrow(map).set('b', 2)).toBe(map);
  expect(map.size).toBe(2);
});
