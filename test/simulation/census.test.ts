import { expect, test } from '@jest/globals';
import { scenarioOf } from './engine/batches.ts';
import {
  censusOf,
  censusTable,
  outOfReach,
  placesInCode,
  unreached,
  untried,
} from './engine/census.ts';

test('a place where no process ever died is told', () => {
  const counts = new Map([
    ['call at src/a.ts:1', 7],
    ['crash-before at src/a.ts:1', 2],
    ['crash-after at src/a.ts:1', 1],
    ['call at src/b.ts:2', 3],
    ['crash-before at src/b.ts:2', 1],
    ['kill', 9],
  ]);
  const places = censusOf(counts);
  expect(places.map(({ calls, before, after }) => [calls, before, after])).toEqual([
    [7, 2, 1],
    [3, 1, 0],
  ]);
  expect(untried(places).map(({ place }) => place)).toEqual(['src/b.ts:2']);
  expect(censusTable(places).split('\n')).toHaveLength(3);
});

test('a run tells where in the engine it called ports, and has processes die at its favourite places', async () => {
  const { counters } = await scenarioOf('cloud census').play(1, {});
  const places = censusOf(new Map(counters.entries()));
  const files = places.map(({ place }) => place.replace(/:\d+$/, ''));
  expect(files).toContain('src/engine/submit.ts');
  expect(files).toContain('src/runner/claims.ts');
  expect(files.filter((file) => /^(test|src.adapters)/.test(file))).toEqual([]);
  expect(places.some(({ before, after }) => before + after > 1)).toBe(true);
});

test('a place in the code that no process came to is told, unless a reason is given that still holds', () => {
  const code = placesInCode();
  expect(code.length).toBeGreaterThan(50);
  const explained = code.filter(({ file, text }) =>
    outOfReach.some((one) => one.file === file && text.includes(one.call)),
  );
  expect(unreached([])).toHaveLength(code.length - explained.length);
  const [place = ''] = unreached([]);
  const reached = { place: `${place} for src/b.ts:1`, calls: 1, before: 1, after: 1 };
  expect(unreached([reached])).not.toContain(place);
  for (const { file, call } of outOfReach)
    expect(code.some((one) => one.file === file && one.text.includes(call))).toBe(true);
});
