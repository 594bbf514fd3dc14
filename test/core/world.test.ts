import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Task } from '../../src/contract/workflow.ts';
import { fold } from '../../src/core/fold.ts';
import { isOver } from '../../src/core/status.ts';
import {
  fairWeather,
  roughWeather,
  scriptOf,
  type Weather,
  workflows,
} from '../support/core-arbitraries.ts';
import { holds, judge, type Verdict } from '../support/core-oracle.ts';
import { statusesOf, storedOf } from '../support/core-progress.ts';
import { verdictOf, World, type WorldOptions } from '../support/core-world.ts';

/** More runs: FC_RUNS=20000 npx jest test/core/world */
const numRuns = Number(process.env.FC_RUNS ?? 150);
const seeds = fc.integer({ min: 0, max: 2 ** 31 });
const sizes = fc.integer({ min: 1, max: 4 });

const calm = { chunkSize: 1000, deciders: 1, crashes: 0, trouble: 0 };
const rough = { deciders: 1, crashes: 10, trouble: 0.2 };
const crowded = { deciders: 3, crashes: 10, trouble: 0.2 };

const worldOf = (
  tasks: readonly Task[],
  seed: number,
  options: Omit<WorldOptions, 'seed'>,
  weather: Weather = roughWeather,
): World => new World(tasks, scriptOf(seed, weather), { seed, ...options });

function expectJudged(world: World, tasks: readonly Task[]): void {
  const judgement = judge(tasks, world.script);
  expect(world.wrongs).toEqual([]);
  expect(statusesOf(world.store.load())).toEqual(Object.fromEntries(judgement.tasks));
  expect(world.store.state).toBe(judgement.run);
}

describe('a random run in a random world', () => {
  test('ends with the oracle’s verdict when nothing goes wrong', () => {
    fc.assert(
      fc.property(workflows, seeds, (tasks, seed) => {
        const world = worldOf(tasks, seed, calm);
        world.live();
        expectJudged(world, tasks);
      }),
      { numRuns },
    );
  });

  test('ends with the oracle’s verdict whatever is doubled, lost, late or half saved', () => {
    fc.assert(
      fc.property(workflows, seeds, sizes, (tasks, seed, chunkSize) => {
        const world = worldOf(tasks, seed, { ...rough, chunkSize });
        world.live();
        expectJudged(world, tasks);
      }),
      { numRuns },
    );
  });

  test('ends with the oracle’s verdict when several decide at the same time', () => {
    fc.assert(
      fc.property(workflows, seeds, sizes, (tasks, seed, chunkSize) => {
        const world = worldOf(tasks, seed, { ...crowded, chunkSize });
        world.live();
        expectJudged(world, tasks);
      }),
      { numRuns },
    );
  });

  test('ends with the oracle’s verdict however often it is paused and resumed', () => {
    fc.assert(
      fc.property(
        workflows,
        seeds,
        sizes,
        fc.array(fc.nat(40), { maxLength: 4 }),
        (tasks, seed, chunkSize, waits) => {
          const world = worldOf(tasks, seed, { ...crowded, chunkSize });
          for (const wait of waits) {
            world.liveFor(wait);
            world.control({ action: 'pause' });
            world.liveFor(wait);
            world.control({ action: 'resume' });
          }
          world.live();
          if (world.store.state === 'paused') world.control({ action: 'resume' });
          world.live();
          expectJudged(world, tasks);
        },
      ),
      { numRuns },
    );
  });

  test('changes nothing when its whole history is folded again, in any order', () => {
    fc.assert(
      fc.property(workflows, seeds, sizes, (tasks, seed, chunkSize) => {
        const world = worldOf(tasks, seed, { ...rough, chunkSize });
        world.live();
        const progress = world.store.load();
        const before = storedOf(progress);
        for (const batch of world.history()) expect(fold(progress, batch).sends.size).toBe(0);
        expect(storedOf(progress)).toEqual(before);
      }),
      { numRuns },
    );
  });
});

describe('a random run that is cancelled', () => {
  test('ends as cancelled, but for what runs always, which ends as it would have', () => {
    fc.assert(
      fc.property(workflows, seeds, sizes, fc.nat(60), (tasks, seed, chunkSize, wait) => {
        const world = worldOf(tasks, seed, { ...crowded, chunkSize });
        world.liveFor(wait);
        world.control({ action: 'cancel', reason: 'enough' });
        world.live();
        const statuses = statusesOf(world.store.load());
        const ended = ['succeeded', 'failed', 'cancelled', 'skipped', 'skippedByFailure'];
        expect(Object.values(statuses).filter((status) => !ended.includes(status))).toEqual([]);
        expect(isOver(world.store.state)).toBe(true);
        if (world.store.state !== 'cancelled') expectJudged(world, tasks);
        const judgement = judge(tasks, world.script);
        for (const { id, rule } of tasks)
          if (rule === 'always') expect([id, statuses[id]]).toEqual([id, judgement.tasks.get(id)]);
      }),
      { numRuns },
    );
  });
});

/** What a rerun of these tasks must come to when every attempt succeeds: they and all that needs them are decided anew. */
function judgeRerun(
  tasks: readonly Task[],
  before: (id: string) => Verdict,
  named: readonly string[],
): Map<string, Verdict> {
  const verdicts = new Map<string, Verdict>();
  const anew = new Set(named);
  // Every task needs only tasks before it.
  for (const { id, needs = [], rule = 'all-succeeded' } of tasks) {
    if (needs.some((need) => anew.has(need))) anew.add(id);
    const outcomes = needs.map((need) => verdicts.get(need) as Verdict);
    const bad = outcomes.some((is) => ['failed', 'cancelled', 'skippedByFailure'].includes(is));
    const ready = holds(rule, outcomes) ? 'succeeded' : bad ? 'skippedByFailure' : 'skipped';
    verdicts.set(id, anew.has(id) ? ready : before(id));
  }
  return verdicts;
}

describe('a random run that is run again', () => {
  const rerun = (
    world: World,
    tasks: readonly Task[],
    seed: number,
    named: readonly string[] | undefined,
  ): Map<string, Verdict> => {
    world.live();
    const first = world.store.load();
    const before = new Map(tasks.map(({ id }) => [id, verdictOf(first, id) as Verdict]));
    const notWell = tasks.filter(({ id }) => before.get(id) !== 'succeeded').map(({ id }) => id);
    world.script = scriptOf(seed, fairWeather);
    const numbers = named?.map((id) => first.graph.dag.tasks.findIndex((task) => task.id === id));
    world.control({ action: 'rerun', generation: 2, ...(numbers && { tasks: numbers }) });
    world.live();
    return judgeRerun(tasks, (id) => before.get(id) as Verdict, named ?? notWell);
  };

  const expectOutcomes = (
    world: World,
    tasks: readonly Task[],
    want: Map<string, Verdict>,
  ): void => {
    const last = world.store.load();
    const got = new Map(tasks.map(({ id }) => [id, verdictOf(last, id)]));
    expect(world.wrongs).toEqual([]);
    expect(world.store.generation).toBe(2);
    expect(got).toEqual(want);
    expect(isOver(world.store.state)).toBe(true);
  };

  test('succeeds when what failed, was cancelled or skipped then succeeds', () => {
    fc.assert(
      fc.property(workflows, seeds, sizes, (tasks, seed, chunkSize) => {
        const world = worldOf(tasks, seed, { ...crowded, crashes: 20, chunkSize });
        expectOutcomes(world, tasks, rerun(world, tasks, seed, undefined));
        expect(world.store.state).toBe('succeeded');
      }),
      { numRuns },
    );
  });

  test('does anew the named tasks and all that needs them, and nothing else', () => {
    fc.assert(
      fc.property(workflows, seeds, sizes, fc.nat(), (tasks, seed, chunkSize, pick) => {
        const world = worldOf(tasks, seed, { ...crowded, crashes: 20, chunkSize });
        const named = (tasks[pick % tasks.length] as Task).id;
        expectOutcomes(world, tasks, rerun(world, tasks, seed, [named]));
      }),
      { numRuns },
    );
  });

  test('changes nothing when its whole history is folded again, in any order', () => {
    fc.assert(
      fc.property(workflows, seeds, sizes, fc.nat(), (tasks, seed, chunkSize, pick) => {
        const world = worldOf(tasks, seed, { ...rough, chunkSize });
        rerun(world, tasks, seed, [(tasks[pick % tasks.length] as Task).id]);
        const progress = world.store.load();
        const before = storedOf(progress);
        for (const batch of world.history()) expect(fold(progress, batch).sends.size).toBe(0);
        expect(storedOf(progress)).toEqual(before);
      }),
      { numRuns },
    );
  });
});
