import { expect, test } from '@jest/globals';
import { playBatch } from './kernel/batch.ts';
import { type ScheduleBugs, scheduleScenario } from './schedules.ts';

test('every slot starts one run, whatever goes wrong', async () => {
  const { violations, unsteady, counters } = await playBatch(scheduleScenario(), {
    from: 1,
    seeds: 40,
    twiceEvery: 20,
  });
  expect(violations.map(({ seed, violation }) => ({ seed, ...violation }))).toEqual([]);
  expect(unsteady).toEqual([]);
  expect(counters.get('slots')).toBeGreaterThan(2_000);
});

const bugs: readonly (readonly [string, ScheduleBugs, string])[] = [
  ['a run that was not stored', { swallowedSubmit: true }, 'every-slot'],
  ['an id that is made anew', { freshIds: true }, 'one-run'],
];
test.each(bugs)('%s is found', async (_what, bug, promise) => {
  const options = { from: 1, seeds: 60, twiceEvery: 1000 };
  const { violations } = await playBatch(scheduleScenario(bug), options);
  expect(violations[0]?.violation?.promise).toBe(promise);
});
