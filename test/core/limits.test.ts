import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  type Bounded,
  freeSlots,
  mayBeFreed,
  type Place,
  placeOrder,
  placesOf,
  type Slot,
  textOfKey,
} from '../../src/core/limits.ts';

const holder = { run: 'r', task: 0, attempt: 1, generation: 1, at: 0 };

const limits: fc.Arbitrary<Bounded> = fc
  .record({
    name: fc.constantFrom('a', 'b', 'c'),
    shared: fc.boolean(),
    key: fc.option(fc.string({ unit: 'binary', maxLength: 5 }), { nil: undefined }),
    max: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    sum: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
    rate: fc.option(fc.constant({ count: 1, perMs: 1 }), { nil: undefined }),
  })
  .map(({ name, shared, key, ...bounds }) => ({
    limit: { name, ...(shared && { shared: true as const }) },
    bounds,
    key,
  }));

test('places have one order, whatever the order of the limits and whoever asks', () => {
  fc.assert(
    fc.property(fc.array(limits, { maxLength: 4 }), fc.array(limits, { maxLength: 4 }), (a, b) => {
      const names = (list: readonly Bounded[]) => placesOf('w', 't', list).map(({ name }) => name);
      const [first, second] = [names(a), names([...b, ...a])];
      const both = first.filter((name) => second.includes(name));
      expect(second.filter((name) => both.includes(name)).filter(isFirst)).toEqual(
        both.filter(isFirst),
      );
      const places = placesOf('w', 't', a);
      expect([...places].sort(placeOrder)).toEqual(places);
    }),
  );
});
const isFirst = (name: string, at: number, all: readonly string[]): boolean =>
  all.indexOf(name) === at;

test('places of different limits, keys and kinds have different names', () => {
  const at = (limit: Bounded['limit'], key?: string): Place[] =>
    placesOf('w', 't', [{ limit, key, bounds: { max: 1, sum: 1, rate: { count: 1, perMs: 1 } } }]);
  const places = [
    ...at({}),
    ...at({ name: 'x' }, 'k'),
    ...at({ name: 'x' }, 'k2').filter(({ kind }) => kind === 'key'),
    ...at({ name: 'x', shared: true }, 'k'),
  ];
  expect(new Set(places.map(({ name }) => name)).size).toBe(places.length);
  expect(places.map(({ name }) => name)).toContain('w/t');
});

test('who waits for one key is of one group, who waits for all takes turns by key', () => {
  const bounds = { max: 1, sum: 2 };
  const [own, sum] = placesOf('w', 't', [{ limit: { name: 'x' }, bounds, key: 'eve' }]);
  expect([own?.group, sum?.group]).toEqual(['', 'eve']);
});

test('keys that differ have texts that differ, and nothing in one is read as more than a key', () => {
  const key = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(key, key, (a, b) => {
      expect(textOfKey(a)).toMatch(/^[A-Za-z0-9%_.*'()-]*$/);
      if (a.isWellFormed() && b.isWellFormed()) expect(textOfKey(a) === textOfKey(b)).toBe(a === b);
    }),
  );
  const long = 'x'.repeat(1000);
  expect(textOfKey(`${long}a`)).not.toBe(textOfKey(`${long}b`));
});

test('what is free and what is held are never more than the bound, also after it was lowered', () => {
  const drawn = fc.uniqueArray(
    fc.record({ index: fc.integer({ min: 0, max: 12 }), held: fc.boolean() }),
    { selector: ({ index }) => index },
  );
  fc.assert(
    fc.property(drawn, fc.integer({ min: 1, max: 8 }), (list, max) => {
      const slots = list.map(
        ({ index, held }): Slot => ({ index, group: '', holder: held ? holder : undefined }),
      );
      const held = slots.filter((slot) => slot.holder !== undefined);
      const free = freeSlots(slots, max);
      expect(free.every((slot) => slot.index < max && slot.holder === undefined)).toBe(true);
      expect(new Set([...free, ...held].map(({ index }) => index)).size).toBe(
        free.length + held.length,
      );
      const below = held.filter(({ index }) => index < max).length;
      expect(free.length).toBe(Math.max(0, Math.min(max - held.length, max - below)));
    }),
  );
});

test('what a runner is at is taken from it by its own word only', () => {
  expect(mayBeFreed(holder, false)).toBe(true);
  expect(mayBeFreed({ ...holder, owner: 'a' }, false)).toBe(false);
  expect(mayBeFreed({ ...holder, owner: 'a' }, true)).toBe(true);
});
