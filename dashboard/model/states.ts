import type { Counts } from '../../src/contract/api.ts';
import { type TaskState, taskStates } from '../../src/contract/state.ts';

/** A sign for each state, so that nobody has to tell colours apart. */
export const signs: Readonly<Record<string, string>> = {
  waiting: '○',
  ready: '◔',
  running: '▶',
  backoff: '↻',
  awaiting: '◫',
  succeeded: '✓',
  failed: '✕',
  cancelled: '⊘',
  skipped: '⤼',
  paused: '‖',
  cancelling: '⊘',
};

const words: Readonly<Record<string, string>> = {
  backoff: 'waiting to retry',
  awaiting: 'awaiting sub-tasks',
};

export const wordOf = (state: string): string => words[state] ?? state;

/** The order in which states are shown side by side: from the end of the work to its beginning. */
export const shownStates: readonly TaskState[] = [
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
  'running',
  'awaiting',
  'backoff',
  'ready',
  'waiting',
];

export const totalOf = (counts: Counts): number =>
  taskStates.reduce((sum, state) => sum + counts[state], 0);

export const endedOf = (counts: Counts): number =>
  counts.succeeded + counts.failed + counts.cancelled + counts.skipped;

export const stateAt = (digit: string | undefined): TaskState =>
  taskStates[Number(digit ?? 0)] ?? 'waiting';
