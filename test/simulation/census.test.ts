import { expect, test } from '@jest/globals';
import { censusOf, censusTable, untried } from './engine/census.ts';
import { engineScenario } from './engine/scenario.ts';

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

test('a run tells where in the engine it called ports', async () => {
  const scenario = engineScenario({ profile: 'cloud', repair: false });
  const { counters } = await scenario.play(1, { crashSites: true });
  const places = censusOf(new Map(counters.entries()));
  expect(places.map(({ place }) => place.replace(/:\d+$/, ''))).toContain('src/engine/submit.ts');
});
