import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { aimedModes, allModes, type RangeResult, scenarioOf, sometimes } from './engine/batches.ts';
import { fits } from './engine/mutate.ts';
import { engineScenario } from './engine/scenario.ts';
import { stories } from './engine/stories.ts';
import { type Order, ordersOf, playOrders } from './engine/workers.ts';
import { playBatch } from './kernel/batch.ts';
import { mutants, rare } from './mutants.ts';

/** In processes of their own: within Jest, everything takes many times as long. */
async function play(orders: readonly Order[]) {
  const seen = new Map<string, number>();
  const violations: RangeResult['violations'][number][] = [];
  let runs = 0;
  await playOrders(orders, 2, (result) => {
    runs += result.runs;
    violations.push(...result.violations);
    for (const [name, count] of result.counts) seen.set(name, (seen.get(name) ?? 0) + count);
    return 'go on';
  });
  return { runs, seen, violations };
}

test('what was once broken holds', async () => {
  const orders = stories.map(({ mode, seed }) => ({ mode, from: seed, seeds: 1 }));
  const { runs, violations } = await play(orders);
  const told = violations.map((one) => ({
    ...one,
    story: stories.find(({ mode, seed }) => mode === one.mode && seed === one.seed)?.story,
  }));
  expect(told).toEqual([]);
  expect(runs).toBe(stories.length);
});

test('the engine keeps its promises in 2,000 worlds, which met all that can go wrong', async () => {
  const orders = [
    ...ordersOf('cloud off', 100_000, 800, 100),
    ...ordersOf('cloud on', 100_000, 500, 100),
    ...ordersOf('cloud lossy', 100_000, 300, 100),
    ...ordersOf('embedded off', 100_000, 200, 100),
    ...ordersOf('embedded on', 100_000, 200, 100),
  ];
  const { runs, seen, violations } = await play(orders);
  expect(violations).toEqual([]);
  expect(runs).toBe(2_000);
  expect(sometimes.filter((name) => !seen.get(name))).toEqual([]);
});

test.each([...allModes, ...aimedModes])('the same seed is the same story: %s', async (mode) => {
  const { unsteady, violations } = await playBatch(scenarioOf(mode), {
    from: 200_000,
    seeds: 6,
    twiceEvery: 3,
  });
  expect([unsteady, violations]).toEqual([[], []]);
});

/** Every rate zero but these. */
test('without faults, repair has nothing to do but look', async () => {
  const calm = engineScenario({ profile: 'cloud', repair: true, calm: true, deeds: false });
  const { violations, counters } = await playBatch(calm, { from: 1, seeds: 20, twiceEvery: 1000 });
  expect(violations).toEqual([]);
  expect(counters.get('an attempt ran')).toBeGreaterThan(100);
});

test('a story names the bug that brings it back, or a test, that are there', () => {
  const names = new Set(mutants.map(({ name }) => name));
  const root = new URL('../../', import.meta.url);
  for (const { bug, test: file } of stories) {
    if (bug !== undefined) expect(names).toContain(bug);
    if (file !== undefined) expect(existsSync(new URL(file, root))).toBe(true);
  }
  expect(stories.filter(({ bug, test: file }) => bug ?? file).length).toBeGreaterThan(20);
});

test('every seeded bug still fits its place, exactly once', () => {
  expect(mutants.filter((mutant) => fits(mutant) !== 1).map(({ name }) => name)).toEqual([]);
  expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  expect(mutants.length - rare.size).toBeGreaterThanOrEqual(40);
  expect(
    [...rare.keys()].filter((name) => !mutants.some((mutant) => mutant.name === name)),
  ).toEqual([]);
});

test('the table of failure scenarios names tests and seeded bugs that are there', () => {
  const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const rows = read('docs/failure-scenarios.md').matchAll(/^\| ([BMm]\d+) .*\|(.*)\|$/gm);
  const directed = read('test/engine/failure-scenarios.test.ts');
  const names = new Set(mutants.map(({ name }) => name));
  let scenarios = 0;
  for (const [row, scenario, seeded = ''] of rows) {
    scenarios++;
    for (const [, name = ''] of seeded.matchAll(/`([a-z-]+)`/g)) expect(names).toContain(name);
    if (row.includes(`"${scenario}"`)) expect(directed).toContain(`'${scenario}: `);
  }
  expect(scenarios).toBeGreaterThanOrEqual(20);
});
