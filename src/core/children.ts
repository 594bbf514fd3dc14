import { consult, type Decision } from './decision.ts';
import { type Graph, isDetached, type Segment, segmentsOf } from './graph.ts';
import { countRange, isUnsaved, type Progress } from './progress.ts';
import { type Code, codes, codesCount } from './status.ts';

/** Whether a task whose own work is done has sub-tasks to wait for. */
export const hasChildren = (graph: Graph, task: number): boolean =>
  segmentsOf(graph, task).some((segment) => segment.kind === 'map' || waitsForAny(segment));

function waitsForAny(segment: Segment): boolean {
  for (let task = segment.base; task < segment.base + segment.count; task++)
    if (!isDetached(segment, task)) return true;
  return false;
}

/**
 * How a parent whose own work is done ends: with its last sub-task, failed if one of them is. Undefined: not yet; also
 * when a sub-task ended so that it counts as open.
 */
export function endOfParent(
  progress: Progress,
  parent: number,
  decision: Decision,
  alsoOpen?: Code,
): Code | undefined {
  const total = new Int32Array(codesCount);
  for (const segment of segmentsOf(progress.graph, parent)) {
    consult(progress, segment.base, segment.base + segment.count, decision);
    addSegment(progress, segment, total);
    if (sum(total, codes.waiting, codes.backoff, codes.awaiting) > 0) return undefined;
    if (alsoOpen !== undefined && (total[alsoOpen] as number) > 0) return undefined;
  }
  const bad = sum(total, codes.failed, codes.cancelled, codes.skippedByFailure);
  return bad > 0 ? codes.failed : codes.succeeded;
}

const sum = (total: Int32Array, a: Code, b: Code, c: Code): number =>
  (total[a] as number) + (total[b] as number) + (total[c] as number);

function addSegment(progress: Progress, segment: Segment, total: Int32Array): void {
  const end = segment.base + segment.count;
  if (segment.requests?.some(({ detached }) => detached) !== true) {
    countRange(progress, segment.base, end, total);
    return;
  }
  for (let task = segment.base; task < end; task++)
    if (!isDetached(segment, task)) countRange(progress, task, task + 1, total);
}

/** Whether the end of some sub-tasks of a parent is not saved yet. */
export const areUnsaved = (progress: Progress, parent: number): boolean =>
  segmentsOf(progress.graph, parent).some(({ base, count }) => {
    for (let task = base; task < base + count; ) {
      if (isUnsaved(progress, task, parent)) return true;
      task += progress.chunkSize - (task % progress.chunkSize);
    }
    return false;
  });
