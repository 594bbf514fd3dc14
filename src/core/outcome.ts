import type { Decision } from './decision.ts';
import { counts, definitionOf, idOf } from './graph.ts';
import { type Chunk, endedIn, type Progress } from './progress.ts';
import { type Code, codes } from './status.ts';

/**
 * The run ends when every task has, also while it is paused. Its outcome is a function of theirs: failed when one failed
 * that may not, else cancelled when one was, else succeeded. A run that was cancelled stays so.
 */
export function decideEnd(progress: Progress, decision: Decision): void {
  const { head } = progress;
  if (!['running', 'paused', 'cancelling'].includes(head.state)) return;
  if (!allEnded(progress, decision)) return;
  if (head.state === 'cancelling') {
    decision.end = { state: head.fails ? 'failed' : 'cancelled', reason: head.reason };
    return;
  }
  const failed = firstWith(progress, codes.failed);
  const bad = failed ?? firstWith(progress, codes.cancelled);
  if (bad === undefined) decision.end = { state: 'succeeded', reason: undefined };
  else {
    const state = failed === undefined ? 'cancelled' : 'failed';
    const how = failed === undefined ? 'was cancelled' : 'failed';
    decision.end = { state, reason: `task ${idOf(progress.graph, bad)} ${how}` };
  }
}

/**
 * Whether every task of the run has ended. If not, this rests on a chunk with an open task, which must be looked at again
 * once all is saved, as two deciders may each end the other's last task. Only where nothing but that chunk is saved, its
 * own save is the look; of several, one may be stored long before another.
 */
function allEnded(progress: Progress, decision: Decision): boolean {
  const { chunks } = progress;
  const open = (chunk: Chunk): boolean => endedIn(chunk) < chunk.status.length;
  const first = chunks.findIndex(open);
  if (first < 0) for (let n = 0; n < chunks.length; n++) decision.consulted.add(n);
  else {
    const [saved, ...others] = chunks.filter((chunk) => chunk.dirty);
    const isLook = saved !== undefined && others.length === 0 && open(saved);
    if (!isLook) decision.consulted.add(first);
  }
  return first < 0;
}

/** The first task with this outcome that the run may not do without. */
function firstWith(progress: Progress, code: Code): number | undefined {
  const { graph, chunkSize } = progress;
  for (const [n, chunk] of progress.chunks.entries()) {
    if (chunk.tally[code] === 0) continue;
    for (const [place, is] of chunk.status.entries()) {
      const task = n * chunkSize + place;
      if (is !== code || task >= graph.size || !counts(graph, task)) continue;
      if (definitionOf(graph, task).mayFail !== true) return task;
    }
  }
  return undefined;
}
