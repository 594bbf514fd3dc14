import type { RunEvent } from '../contract/api.ts';
import { counts, idOf, isDetached, segmentAt, segmentsOf } from '../core/graph.ts';
import { attemptOf, codeOf, sourceOf } from '../core/progress.ts';
import { codes, hasEnded } from '../core/status.ts';
import type { Decider } from './advance.ts';
import type { Cursor } from './event-cursor.ts';
import { errorOf, subTaskFailed } from './inspect.ts';
import { sortKeys } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';

export const endEvent = (
  run: LoadedRun,
  task: number,
  attempt: number,
  told: Pick<RunEvent, 'at' | 'event' | 'error'>,
): RunEvent => ({
  id: `end/${task}/${attempt}`,
  task: idOf(run.progress.graph, task),
  attempt,
  ...told,
});

/** The number of the task that an event tells the end of. */
const endedIn = ({ id }: RunEvent): number | undefined =>
  id.startsWith('end/') ? Number(id.split('/')[1]) : undefined;

/** Then its verdict comes with the last of its sub-tasks, and from nobody's report. */
export const isParent = (run: LoadedRun, task: number): boolean =>
  segmentsOf(run.progress.graph, task).length > 0;

/** Beyond so many open parents, the verdict of some is told with the run's end only. */
const parentsMax = 500;

/**
 * Tells how parents ended, of whose sub-tasks an end is told on this page or was told before. A reader far behind is told
 * again, under the same id, on each page that has some of its sub-tasks; and all readers once more with the run's end.
 */
export async function tellParents(
  decider: Decider,
  run: LoadedRun,
  cursor: Cursor,
  items: RunEvent[],
): Promise<void> {
  const endedAt = new Map<number, number>();
  for (const parent of cursor.parents.splice(0)) endedAt.set(parent, 0);
  for (const event of items) {
    const task = endedIn(event);
    if (task !== undefined) noteParent(run, task, event.at, endedAt);
  }
  // A map is walked through to what is added on the way.
  for (const [parent, at] of endedAt) {
    if (hasEnded(codeOf(run.progress, parent))) {
      const when = at || (run.meta.endedAt ?? decider.ports.clock.now());
      items.push(await verdictOf(decider, run, parent, when));
      noteParent(run, parent, when, endedAt);
    } else if (cursor.parents.length < parentsMax) cursor.parents.push(parent);
  }
}

function noteParent(run: LoadedRun, task: number, at: number, endedAt: Map<number, number>): void {
  const { graph } = run.progress;
  const segment = segmentAt(graph, task);
  if (segment === undefined || isDetached(segment, task) || !counts(graph, task)) return;
  endedAt.set(segment.parent, Math.max(at, endedAt.get(segment.parent) ?? 0));
}

/**
 * Tells the verdicts that nobody reported: of skipped and cancelled tasks, of parents, of what was lost; up to `max`
 * events to a page. Then the run's end.
 */
export async function tellEnd(
  decider: Decider,
  run: LoadedRun,
  cursor: Cursor,
  items: RunEvent[],
  max: number,
): Promise<void> {
  const { endedAt, createdAt, generation, state } = run.meta;
  const at = endedAt ?? createdAt;
  const { size } = run.progress.graph;
  for (; cursor.verdicts < size && items.length < max; cursor.verdicts++)
    if (!isReported(run, cursor.verdicts))
      items.push(await verdictOf(decider, run, cursor.verdicts, at));
  if (cursor.verdicts < size) return;
  items.push({ id: `ended/${generation}`, at, event: 'ended', detail: state });
  cursor.ended = true;
}

async function verdictOf(
  decider: Decider,
  run: LoadedRun,
  task: number,
  at: number,
): Promise<RunEvent> {
  const code = codeOf(run.progress, task);
  const attempt = attemptOf(run.progress, task);
  if (code === codes.succeeded) return endEvent(run, task, attempt, { at, event: 'success' });
  if (code === codes.failed) {
    const error = (await errorOf(decider, run, task)) ?? subTaskFailed;
    return endEvent(run, task, attempt, { at, event: 'failure', error });
  }
  const event = code === codes.cancelled ? 'cancelled' : 'skipped';
  const id = `${event}/${task}/${run.meta.generation}`;
  return { id, at, event, task: idOf(run.progress.graph, task) };
}

/** Whether a pack that decided it tells its verdict; what a later attempt of its parent has replaced is not told. */
function isReported(run: LoadedRun, task: number): boolean {
  if (!counts(run.progress.graph, task)) return true;
  const source = sourceOf(run.progress, task);
  const byPack = source?.startsWith(sortKeys.pack) || source?.startsWith(sortKeys.mixedPack);
  return byPack === true && !isParent(run, task);
}
