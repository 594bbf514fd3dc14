import { describe, expect, test } from '@jest/globals';
import {
  getUnits,
  itemBytes,
  queryUnits,
  queueRequests,
  refusedUnits,
  storedBytes,
  writeUnits,
} from '../../../bench/cost/rules.ts';
import type { Row } from '../../../src/adapters/aws/row.ts';

/** An item of so many bytes: 6 of keys, 2 of the version, the rest text. */
const rowOf = (bytes: number, more: Row = {}): Row => ({
  p: { S: 'ab' },
  s: { S: 'cd' },
  v: { N: '1' },
  d: { S: 'x'.repeat(bytes - 10) },
  ...more,
});

const active = (sort: string): Row => ({ ap: { S: 'A' }, as: { S: sort } });
const recent: Row = { rp: { S: 'R' }, rs: { S: '1' } };

describe('sizes', () => {
  test.each([
    ['a text counts in UTF-8, with its name', { p: { S: 'aé' } }, 1 + 3],
    ['bytes count as they are', { b: { B: new Uint8Array(9) } }, 1 + 9],
    ['a number counts a byte for two digits, and one', { v: { N: '1234567' } }, 1 + 4 + 1],
    ['its sign and its point count nothing', { v: { N: '-12.34' } }, 1 + 2 + 1],
  ] as readonly (readonly [string, Row, number])[])('%s', (_, row, bytes) => {
    expect(itemBytes(row)).toBe(bytes);
  });

  test('an item has the size that these cases mean', () => {
    expect(itemBytes(rowOf(1024))).toBe(1024);
  });

  test('what is stored has 100 bytes more, and so has each entry of an index', () => {
    // The entry: the table's keys (6), and the index's own: ap + A, as + 1.
    expect(storedBytes(rowOf(500, {}))).toBe(600);
    expect(storedBytes({ ...rowOf(500), ...active('1') })).toBe(500 + 6 + 100 + (6 + 6) + 100);
  });
});

describe('writes', () => {
  test.each([
    ['a new item of 1 KB is a unit', undefined, rowOf(1024), 1, 0],
    ['a byte more is two', undefined, rowOf(1025), 2, 0],
    ['the larger one counts, when it shrinks', rowOf(3000), rowOf(100), 3, 0],
    ['and when it grows', rowOf(100), rowOf(3000), 3, 0],
    ['what goes away counts as it was', rowOf(2048), undefined, 2, 0],
    ['a removal of nothing is a unit', undefined, undefined, 1, 0],
    ['an entry that comes is a unit', undefined, rowOf(100, active('1')), 1, 1],
    ['one that stays is none', rowOf(100, active('1')), rowOf(900, active('1')), 1, 0],
    ['one that moves goes and comes', rowOf(100, active('1')), rowOf(100, active('2')), 1, 2],
    ['one that goes is a unit', rowOf(100, active('1')), rowOf(100), 1, 1],
    ['each index counts for itself', undefined, rowOf(100, { ...active('1'), ...recent }), 1, 2],
    ['half of an entry is none', undefined, rowOf(100, { ap: { S: 'A' } }), 1, 0],
  ] as const)('%s', (_, before, after, table, indexes) => {
    expect(writeUnits(before, after)).toEqual({ table, indexes });
  });

  test('a refused one counts what lies there, or a unit', () => {
    expect(refusedUnits(rowOf(2500))).toBe(3);
    expect(refusedUnits(undefined)).toBe(1);
  });
});

describe('reads', () => {
  test('one by one they are rounded up each, and what is not there is a unit', () => {
    expect(getUnits([rowOf(4096), rowOf(4097), rowOf(20), undefined], true)).toBe(1 + 2 + 1 + 1);
  });

  test('a page is rounded up as a whole', () => {
    expect(queryUnits([rowOf(2000), rowOf(2000), rowOf(20)], true)).toBe(1);
    expect(queryUnits([rowOf(4000), rowOf(4000), rowOf(400)], true)).toBe(3);
    expect(queryUnits([], true)).toBe(1);
  });

  test('a weak one costs half', () => {
    expect(queryUnits([rowOf(4000), rowOf(4000)], false)).toBe(1);
    expect(getUnits([rowOf(20)], false)).toBe(0.5);
  });
});

test('messages are billed by 64 KB', () => {
  expect([0, 65_536, 65_537, 200_000].map(queueRequests)).toEqual([1, 1, 2, 4]);
});
