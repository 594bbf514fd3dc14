import { areUnsaved, endOfParent } from './children.ts';
import type { Decision } from './decision.ts';
import { readinessBefore } from './needs.ts';
import { codeOf, endedIn, type Progress } from './progress.ts';
import { consider, endByNeeds, endTask, needsNoRunner, survivesCancel } from './settle.ts';
import { type Code, codes, hasEnded } from './status.ts';

/**
 * Ends all that is open but for tasks that run `always`: these are looked at as their needs end. What ends without a
 * runner had ended before the cancel, with its needs or sub-tasks. Perhaps that is not saved and what rests on it is, so
 * it ends as it did.
 */
export function cancelOpen(progress: Progress, decision: Decision): void {
  const { graph } = progress;
  const own = graph.dag.tasks.length;
  const open = openTasks(progress);
  const [ownOpen, subTasks] = [
    open.filter((task) => task < own),
    open.filter((task) => task >= own),
  ];
  // Sub-tasks have higher numbers than their parents, and needs lower ones than who needs them.
  for (const task of subTasks.reverse()) endAsBefore(progress, task, decision);
  for (const task of ownOpen) endAsBefore(progress, task, decision);
  for (const task of open) {
    if (hasEnded(codeOf(progress, task))) continue;
    if (survivesCancel(graph, task)) consider(progress, task, decision);
    else endTask(progress, task, codes.cancelled, decision);
  }
}

/** Rising. Chunks in which all has ended cost nothing. */
function openTasks({ chunks, chunkSize, graph }: Progress): number[] {
  const open: number[] = [];
  for (const [n, chunk] of chunks.entries()) {
    if (endedIn(chunk) === chunk.status.length) continue;
    for (const [place, code] of chunk.status.entries())
      if (!hasEnded(code as Code) && n * chunkSize + place < graph.size)
        open.push(n * chunkSize + place);
  }
  return open;
}

function endAsBefore(progress: Progress, task: number, decision: Decision): void {
  const end = endBefore(progress, task, decision);
  if (end !== undefined) endByNeeds(progress, task, end, decision);
}

/** How a task ended before the cancel: what the cancel itself ended was open then. */
function endBefore(progress: Progress, task: number, decision: Decision): Code | undefined {
  const code = codeOf(progress, task);
  if (code === codes.awaiting && !areUnsaved(progress, task))
    return endOfParent(progress, task, decision, codes.cancelled);
  if (code !== codes.waiting) return undefined;
  const isNew = (need: number): boolean => codeOf(progress, need) === codes.cancelled;
  switch (readinessBefore(progress, task, isNew, decision)) {
    case 'skip':
      return codes.skipped;
    case 'skip-by-failure':
      return codes.skippedByFailure;
    case 'ready':
      return needsNoRunner(progress.graph, task) ? codes.succeeded : undefined;
    default:
      return undefined;
  }
}
