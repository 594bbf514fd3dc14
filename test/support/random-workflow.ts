import { namedRules, type Run, type Task, type Workflow } from '../../src/contract/workflow.ts';
import { diceOf } from './dice.ts';

const succeeds = { kind: 'snippet', language: 'node', code: 'return input.n ?? 1;' } as const;
const fails: Run = { kind: 'snippet', language: 'node', code: 'throw new Error("as it should");' };
/** Succeeds at the attempt that its input names. */
const recovers: Run = {
  kind: 'snippet',
  language: 'node',
  code: 'if (task.attempt < input.from) throw new Error(`not at ${task.attempt}`); return task.attempt;',
};
const exits: Run = { kind: 'shell', line: 'echo "going"; exit 3' };
const spawns: Run = {
  kind: 'snippet',
  language: 'node',
  code: 'for (const key of ["a", "b"]) task.spawn({ key, with: { n: 2 }, run: input.run }); return 0;',
};

/** A workflow of up to ten tasks whose outcomes are drawn with it: the same seed, the same workflow and outcomes. */
export function randomWorkflow(seed: number): Workflow {
  const dice = diceOf(seed);
  const count = 2 + dice.upTo(9);
  const tasks = Array.from({ length: count }, (_, n): Task => {
    const needs = Array.from({ length: dice.upTo(4) }, () => dice.upTo(Math.max(1, n)))
      .filter((need) => need < n)
      .map((need) => `t${need}`);
    return {
      id: `t${n}`,
      ...(needs.length > 0 && { needs: [...new Set(needs)].sort() }),
      ...(needs.length > 0 && dice.chance(0.5) && { rule: dice.pick(namedRules) }),
      ...(dice.chance(0.2) && { mayFail: true as const }),
      ...(dice.chance(0.2) && { delivery: 'at-least-once' as const }),
      ...drawn(dice.roll(), dice.upTo(3)),
    };
  });
  return { name: `random-${seed}`, tasks };
}

function drawn(roll: number, some: number): Pick<Task, 'run' | 'with' | 'retry' | 'each'> {
  const retry = {
    attemptsMax: 3,
    backoff: { delayMsMin: 1, delayMsMax: 1, jitter: 'none' as const },
  };
  if (roll < 0.4) return { run: succeeds, with: { n: some } };
  if (roll < 0.5) return { run: fails };
  if (roll < 0.6) return { run: exits, retry: { ...retry, attemptsMax: 2 } };
  if (roll < 0.75) return { run: recovers, with: { from: some + 2 }, retry };
  if (roll < 0.85) return { run: succeeds, each: [[1, 2, 3].slice(some)] };
  if (roll < 0.95) return { run: spawns, with: { run: succeeds } };
  return { run: { kind: 'none' } };
}
