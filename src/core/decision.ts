import type { RunState } from '../contract/state.ts';
import { levelsLeft } from './graph.ts';
import { type Progress, triesOf } from './progress.ts';

/** What a fold wants done, once its progress is saved. Doing any of it twice is harmless. */
export interface Decision {
  /** Tasks to send to runners, by number, with their current attempt; `at`: not before, epoch ms, 0 for now. */
  readonly sends: Map<number, Send>;
  /** Map tasks whose list is to be computed, with their attempt. */
  readonly expands: Map<number, number>;
  /** The run's end, when it is due. */
  end: { readonly state: RunState; readonly reason: string | undefined } | undefined;
  /** Chunks that this decision looked at without their telling: when another decider changed one, fold again. */
  readonly consulted: Set<number>;

  // Working lists of the fold itself:
  /** Tasks that ended in this fold: what needs them is considered. */
  readonly ended: number[];
  /** Tasks that had ended by this very happening before: their dependents are considered again, and below skips too. */
  readonly replayed: number[];
  /** Tasks whose sub-tasks are to be looked at. */
  readonly parents: Set<number>;
  /** Tasks that their runner goes on with: with which attempt, which is not sent, and after which task. */
  readonly continued: Map<number, { readonly attempt: number; readonly after: number }>;
  /** Tasks whose runner is gone since they ended: it goes on with nothing. */
  readonly abandoned: Set<number>;
}

export interface Send {
  readonly task: number;
  readonly attempt: number;
  readonly at: number;
}

export const newDecision = (): Decision => ({
  sends: new Map(),
  expands: new Map(),
  end: undefined,
  consulted: new Set(),
  ended: [],
  replayed: [],
  parents: new Set(),
  continued: new Map(),
  abandoned: new Set(),
});

/** Has a ready task started: sent to a runner, or expanded if it is a map. A paused run starts nothing. */
export function send(progress: Progress, task: number, decision: Decision): void {
  if (progress.head.state === 'paused' || isContinued(progress, task, decision)) return;
  const tries = triesOf(progress, task);
  if (levelsLeft(progress.graph, task).length > 0) decision.expands.set(task, tries.attempt);
  else decision.sends.set(task, { task, attempt: tries.attempt, at: tries.readyAt });
}

function isContinued(progress: Progress, task: number, decision: Decision): boolean {
  const continued = decision.continued.get(task);
  if (continued === undefined || decision.abandoned.has(continued.after)) return false;
  return continued.attempt === triesOf(progress, task).attempt;
}
