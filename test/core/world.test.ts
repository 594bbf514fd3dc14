import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Task } from '../../src/contract/workflow.ts';
import { idOf } from '../../src/core/graph.ts';
import { codeOf } from '../../src/core/progress.ts';
import { statuses } from '../../src/core/status.ts';
import { roughWeather, scriptOf, workflows } from '../support/core-arbitraries.ts';
import { judge } from '../support/core-oracle.ts';
import { World, type WorldOptions } from '../support/core-world.ts';

const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const runs = Number(process.env.FC_RUNS ?? 300);

function outcomesOf(world: World): Record<string, string> {
  const progress = world.store.load();
  return Object.fromEntries(
    Array.from({ length: progress.graph.size }, (_, task) => [
      idOf(progress.graph, task),
      statuses[codeOf(progress, task)] as string,
    ]),
  );
}

function expectVerdict(tasks: readonly Task[], seed: number, options: Omit<WorldOptions, 'seed'>) {
  const script = scriptOf(seed, roughWeather);
  const world = new World(tasks, script, { seed, ...options });
  world.live();
  const judgement = judge(tasks, script);
  expect(world.wrongs).toEqual([]);
  expect(outcomesOf(world)).toEqual(Object.fromEntries(judgement.tasks));
  expect(world.store.state).toBe(judgement.run);
  return world;
}

describe('a random run in a random world', () => {
  test('ends with the oracle’s verdict when nothing goes wrong', () => {
    fc.assert(
      fc.property(workflows, seeds, (tasks, seed) => {
        expectVerdict(tasks, seed, { chunkSize: 1000, deciders: 1, crashes: 0, trouble: 0 });
      }),
      { numRuns: runs },
    );
  });

  test('ends with the oracle’s verdict whatever is doubled, lost, late or half saved', () => {
    fc.assert(
      fc.property(workflows, seeds, fc.integer({ min: 1, max: 4 }), (tasks, seed, chunkSize) => {
        expectVerdict(tasks, seed, { chunkSize, deciders: 1, crashes: 10, trouble: 0.2 });
      }),
      { numRuns: runs },
    );
  });

  test('ends with the oracle’s verdict when several decide at the same time', () => {
    fc.assert(
      fc.property(workflows, seeds, fc.integer({ min: 1, max: 4 }), (tasks, seed, chunkSize) => {
        expectVerdict(tasks, seed, { chunkSize, deciders: 3, crashes: 10, trouble: 0.2 });
      }),
      { numRuns: runs },
    );
  });
});
