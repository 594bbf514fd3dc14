/** How near a run of a recorded workflow came to what is possible. */
import type { RunSummary } from '../src/contract/api.ts';
import type { Workflow } from '../src/contract/workflow.ts';
import { bounds } from '../src/definition/bounds.ts';
import { isSleeping } from '../src/definition/wfcommons.ts';
import { duration } from './render/text.ts';

/** Scaled runs are short, so that tenths would say nothing of them. */
const exact = (seconds: number): string =>
  seconds < 10 ? `${seconds.toFixed(3)} s` : duration(seconds * 1000);

/**
 * `makespan 14.2 s, at least 13.3 s with 64 slots (critical path 13.3 s)`, for a workflow whose tasks sleep as long as
 * recorded ones ran; undefined for any other, whose times nobody knows beforehand.
 */
export function makespanLine(
  workflow: Workflow,
  run: Pick<RunSummary, 'state' | 'createdAt' | 'endedAt'>,
  slots: number | undefined,
): string | undefined {
  if (run.state !== 'succeeded' || run.endedAt === undefined || !isSleeping(workflow))
    return undefined;
  const found = bounds(workflow, slots ?? workflow.tasks.length);
  const took = (run.endedAt - run.createdAt) / 1000;
  const [makespan, least, critical] = [took, found.makespanSeconds, found.criticalPathSeconds].map(
    exact,
  );
  const many = slots === undefined ? 'any number of slots' : `${slots} slots`;
  return `makespan ${makespan}, at least ${least} with ${many} (critical path ${critical})`;
}
