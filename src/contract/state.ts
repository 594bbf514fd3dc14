/** How a task ended. Once given, it never changes, but for a rerun, which is a new generation. */
export const outcomes = ['succeeded', 'failed', 'cancelled', 'skipped'] as const;
export type Outcome = (typeof outcomes)[number];

/**
 * Every state that a task can be seen in, in the API, the CLI and events.
 *
 * `ready`, `running` are seen, not stored: a waiting task is ready when its needs are met, and running while a
 * runner holds a claim on its current attempt.
 */
export const taskStates = [
  'waiting',
  'ready',
  'running',
  'backoff',
  'awaiting',
  ...outcomes,
] as const;
export type TaskState = (typeof taskStates)[number];

/** Every state of a run. `cancelling`: the cancel is final, tasks with rule `always` are still at work. */
export const runStates = [
  'running',
  'paused',
  'cancelling',
  'succeeded',
  'failed',
  'cancelled',
] as const;
export type RunState = (typeof runStates)[number];

export const isEnded = (state: RunState): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled';
