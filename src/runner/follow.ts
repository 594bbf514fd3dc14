import type { AttemptResult } from '../contract/execution.ts';
import type { TaskMessage, TaskRow } from '../contract/task-message.ts';
import { resolve } from '../core/reference.ts';
import { keyOfAttempt } from '../engine/lost.ts';
import type { Held } from './held.ts';
import type { Intake } from './intake.ts';

/** The attempt that follows one that succeeded; undefined when its input can't be told here. */
export function followHeld(
  before: Held,
  result: AttemptResult,
  intake: Intake,
  now: number,
): Held | undefined {
  const [follow, ...rest] = before.follow;
  if (follow === undefined) return undefined;
  const output = result.output ?? null;
  const resolved =
    follow.with === undefined
      ? ({ kind: 'ok', value: before.runInput } as const)
      : resolve(follow.with, {
          input: before.runInput,
          run: { id: before.run },
          output: (task) => (task === follow.before ? output : undefined),
        });
  if (resolved.kind === 'error') return undefined;
  return {
    ...before,
    key: intake.nextKey(),
    name: keyOfAttempt({ run: before.run, task: follow.task, attempt: follow.attempt }),
    task: follow.task,
    id: follow.id,
    attempt: follow.attempt,
    input: resolved.value,
    stepInputs: undefined,
    needed: undefined,
    spec: intake.intern(follow.spec),
    notAfter: 0,
    follow: rest,
    after: undefined,
    next: undefined,
    since: now,
    started: false,
    granted: false,
    beat: undefined,
    cancelled: false,
    spawned: [],
    spawning: undefined,
  };
}

function rowOf({ task, id, attempt, input, stepInputs = [], needed }: Held): TaskRow {
  const row = [0, task, id, attempt, input, [], stepInputs] as const;
  return needed === undefined ? row : [...row, needed];
}

/** A message for one attempt, as the decider would send it. */
export function messageOf(held: Held, now: number): TaskMessage {
  return {
    spec: held.spec,
    workflow: held.workflow,
    delivery: held.delivery,
    always: held.always,
    sentAt: now,
    notBefore: 0,
    notAfter: 0,
    runs: [held.run],
    generations: [held.generation],
    tasks: [rowOf(held)],
  };
}
