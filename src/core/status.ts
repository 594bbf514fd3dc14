import type { RunState } from '../contract/state.ts';

/**
 * What progress keeps of a task: one code. `ready` and `running` are not kept: a waiting task is ready when its rule
 * is met, and a claim says that it runs.
 */
export const codes = {
  waiting: 0,
  backoff: 1,
  /** Its own work is done; it waits for its sub-tasks. */
  awaiting: 2,
  succeeded: 3,
  failed: 4,
  cancelled: 5,
  skipped: 6,
  /** Skipped because something above it failed or was cancelled. */
  skippedByFailure: 7,
} as const;
export type Status = keyof typeof codes;
export type Code = (typeof codes)[Status];

export const statuses = Object.keys(codes) as readonly Status[];
export const codesCount = 8;

/** What may follow what. `rerun` begins a new generation, and is the only way out of an end. */
export const transitions = {
  waiting: {
    succeed: 'succeeded',
    fail: 'failed',
    retry: 'backoff',
    expand: 'awaiting',
    cancel: 'cancelled',
    skip: 'skipped',
    skipByFailure: 'skippedByFailure',
  },
  backoff: {
    succeed: 'succeeded',
    fail: 'failed',
    retry: 'backoff',
    expand: 'awaiting',
    cancel: 'cancelled',
  },
  awaiting: { succeed: 'succeeded', fail: 'failed', cancel: 'cancelled' },
  succeeded: { rerun: 'waiting', reopen: 'awaiting' },
  failed: { rerun: 'waiting', reopen: 'awaiting' },
  cancelled: { rerun: 'waiting', reopen: 'awaiting' },
  skipped: { rerun: 'waiting' },
  skippedByFailure: { rerun: 'waiting' },
} as const satisfies Record<Status, Partial<Record<string, Status>>>;

/** `transitions`, by code: bit `to` of entry `from`. */
const allowed: readonly number[] = statuses.map((from) =>
  Object.values(transitions[from]).reduce((bits, to) => bits | (1 << codes[to as Status]), 0),
);

export const mayFollow = (from: number, to: number): boolean =>
  (((allowed[from] ?? 0) >> to) & 1) === 1;

export const hasEnded = (code: number): boolean => code >= codes.succeeded;

/** Whether a run has ended. */
export const isOver = (state: RunState): boolean =>
  state === 'succeeded' || state === 'failed' || state === 'cancelled';
