/** Random workflows for properties of the core, and how their attempts end. */
import fc from 'fast-check';
import { namedRules, type Rule, type Task } from '../../src/contract/workflow.ts';
import type { Ending, Script } from './core-oracle.ts';
import { taskOf } from './core-progress.ts';
import { diceFor } from './dice.ts';

export const rules: fc.Arbitrary<Rule> = fc.oneof(
  { weight: 3, arbitrary: fc.constant('all-succeeded' as const) },
  { weight: 6, arbitrary: fc.constantFrom(...namedRules) },
  { weight: 1, arbitrary: fc.record({ atLeast: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ atLeastPercent: fc.integer({ min: 1, max: 100 }) }) },
);

const options = fc.record(
  {
    rule: rules,
    mayFail: fc.constant(true),
    delivery: fc.constantFrom('claimed', 'at-least-once', 'at-most-once'),
    onLost: fc.constantFrom('retry', 'fail'),
    lostMax: fc.integer({ min: 0, max: 2 }),
    retry: fc.record({ attemptsMax: fc.integer({ min: 1, max: 3 }) }),
    each: fc.array(fc.constant([]), { minLength: 1, maxLength: 2 }),
    run: fc.constant({ kind: 'none' as const }),
  },
  { requiredKeys: [] },
) as fc.Arbitrary<Partial<Task>>;

/** Tasks in any order of ids, each needing some of those that were made before it. */
export const workflows: fc.Arbitrary<readonly Task[]> = fc
  .array(fc.tuple(options, fc.array(fc.nat(), { maxLength: 4 })), { minLength: 1, maxLength: 10 })
  .map((rows) =>
    rows.map(([some, picks], n) => {
      const needs = new Set(n === 0 ? [] : picks.map((pick) => `t${pick % n}`));
      return taskOf(`t${n}`, { ...some, ...(needs.size > 0 && { needs: [...needs].sort() }) });
    }),
  );

/** How likely each ending is; the rest succeeds. */
export interface Weather {
  readonly failed: number;
  readonly lost: number;
  readonly released: number;
  readonly cancelled: number;
  readonly spawning: number;
  readonly impossible: number;
}

export const roughWeather: Weather = {
  failed: 0.25,
  lost: 0.1,
  released: 0.1,
  cancelled: 0.02,
  spawning: 0.2,
  impossible: 0.05,
};
export const fairWeather: Weather = {
  ...roughWeather,
  failed: 0,
  lost: 0,
  cancelled: 0,
  impossible: 0,
};

/** The same seed gives the same endings, in whatever order they are asked for. */
export function scriptOf(seed: number, weather: Weather): Script {
  return {
    ending(id, attempt): Ending {
      const dice = diceFor(seed, `${id}@${attempt}`);
      const spawns = spawnsOf(id, dice.chance(weather.spawning), dice.upTo(8));
      if (attempt > 20) return { kind: 'succeeded', spawns };
      let left = dice.roll();
      for (const kind of ['failed', 'lost', 'released', 'cancelled'] as const) {
        left -= weather[kind];
        if (left < 0) return { kind, spawns: kind === 'released' ? [] : spawns };
      }
      return { kind: 'succeeded', spawns };
    },
    elements(id, _task, level) {
      const dice = diceFor(seed, `${id}:${level}`);
      return dice.chance(weather.impossible) ? undefined : dice.upTo(4);
    },
  };
}

/** Up to two sub-tasks with keys from a few, so that later attempts ask for the same; not without end. */
function spawnsOf(id: string, spawns: boolean, bits: number): Ending['spawns'] {
  if (!spawns || id.split('/').length > 2) return [];
  const keys = (bits & 1) === 0 ? ['x'] : ['x', 'a/b[1]'];
  return keys.map((key) => ({ key, ...((bits & 6) === 0 && { detached: true }) }));
}
