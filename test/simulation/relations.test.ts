import { expect, test } from '@jest/globals';
import { circumstances, withRelations } from './engine/relations.ts';
import { type EngineOptions, engineScenario } from './engine/scenario.ts';

const options: EngineOptions = { profile: 'cloud', repair: true };
const scenario = engineScenario(options);

test('of some seeds it is looked whether circumstances matter that must not', async () => {
  const related = withRelations(scenario, options);
  const names = async (seed: number) =>
    (await related.play(seed, {})).counters
      .entries()
      .flatMap(([name]) => /^no matter: (.*)$/.exec(name)?.[1] ?? []);
  expect(await names(51)).toEqual([]);
  const seen = new Set<string>();
  for (let seed = 50; seed <= 400; seed += 50) for (const name of await names(seed)) seen.add(name);
  expect([...seen].sort()).toEqual(Object.keys(circumstances).sort());
});

test('a circumstance that matters is told', async () => {
  const others = { 'there are fewer tasks': { calm: true, tasksMax: 2 } };
  const { violation } = await withRelations(scenario, options, others).play(50, {});
  expect(violation?.promise).toBe('relation');
  expect(violation?.message).toContain('when there are fewer tasks: 01JG');
});
