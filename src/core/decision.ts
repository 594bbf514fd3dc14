import type { RunState } from '../contract/state.ts';
import { levelsLeft } from './graph.ts';
import { isCurrent, type Progress, triesOf } from './progress.ts';

/** What a fold wants done, once its progress is saved. Doing any of it twice is harmless. */
export interface Decision {
  /** The run's generation that this was decided in. */
  generation: number;
  /** Tasks to send to runners, by number, with their current attempt; `at`: not before, epoch ms, 0 for now. */
  readonly sends: Map<number, Send>;
  /** Map tasks whose list is to be computed, with their attempt. */
  readonly expands: Map<number, number>;
  /** The run's end, when it is due. */
  end: { readonly state: RunState; readonly reason: string | undefined } | undefined;
  /** Chunks that this decision looked at without their telling: when another decider changed one, fold again. */
  readonly consulted: Set<number>;
  /** A happening was of a task or attempt that this progress does not have: if it was not just loaded, fold again. */
  behind: boolean;
  /** Progress was read while somebody saved it, and nothing was decided: load it anew and fold again. */
  readonly torn: boolean;
  /** More follows from what was accepted once that is saved: save, then fold the same again. */
  unfinished: boolean;

  // Working lists of the fold itself:
  /** Tasks that ended in this fold: what needs them is considered. */
  readonly ended: number[];
  /** Tasks that had ended by this very happening before: their dependents are considered again, and below skips too. */
  readonly replayed: number[];
  /** Tasks whose sub-tasks are to be looked at. */
  readonly parents: Set<number>;
  /** Attempts that their runner goes on with, so that they are not sent; undefined: it does not, for it is gone. */
  readonly continued: Map<number, number | undefined>;
}

export interface Send {
  readonly task: number;
  readonly attempt: number;
  readonly at: number;
}

export const newDecision = (torn = false): Decision => ({
  generation: 0,
  sends: new Map(),
  expands: new Map(),
  end: undefined,
  consulted: new Set(),
  behind: false,
  torn,
  unfinished: false,
  ended: [],
  replayed: [],
  parents: new Set(),
  continued: new Map(),
});

/** Has a ready task started: sent to a runner, or expanded if it is a map. A paused run starts nothing. */
export function send(progress: Progress, task: number, decision: Decision): void {
  if (progress.head.state === 'paused') return;
  const tries = triesOf(progress, task);
  if (levelsLeft(progress.graph, task).length > 0) decision.expands.set(task, tries.attempt);
  else if (decision.continued.get(task) !== tries.attempt)
    decision.sends.set(task, { task, attempt: tries.attempt, at: tries.readyAt });
}

/** Takes back what a later happening of the same fold made void: a pause, a task's end or its next attempt. */
export function takeBack(progress: Progress, { sends, expands }: Decision): void {
  const paused = progress.head.state === 'paused';
  for (const [task, { attempt }] of sends)
    if (paused || !isCurrent(progress, task, attempt)) sends.delete(task);
  for (const [task, attempt] of expands)
    if (paused || !isCurrent(progress, task, attempt)) expands.delete(task);
}

/** Notes that the decision rests on what the chunks of these tasks say. */
export function consult(progress: Progress, from: number, to: number, decision: Decision): void {
  const size = progress.chunkSize;
  for (let n = Math.floor(from / size); n * size < to; n++) decision.consulted.add(n);
}
