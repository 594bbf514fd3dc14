import type { Counts, GroupView, LevelView, RunningView, RunView } from '../contract/api.ts';
import type { AttemptError } from '../contract/execution.ts';
import type { Lost, Spawn } from '../contract/happening.ts';
import type { Json } from '../contract/json.ts';
import { isEnded, type TaskState, taskStates } from '../contract/state.ts';
import { newDecision } from '../core/decision.ts';
import { ancestorOf, idOf } from '../core/graph.ts';
import { codeOf, sourceOf, triesOf } from '../core/progress.ts';
import { isReady } from '../core/settle.ts';
import { codes } from '../core/status.ts';
import type { Decider } from './advance.ts';
import { fromData, type Meta, sourceKey } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import { summaryOf } from './run-summary.ts';

/** An attempt at work, as its runner says. */
export interface AtWork {
  readonly task: number;
  readonly attempt: number;
  readonly since: number;
  readonly step?: string | undefined;
  readonly stepAt?: number | undefined;
  readonly progress?: number | undefined;
}

/** Who is at work on a run: from runners' heartbeats, or from the runners themselves where they are in this process. */
export type RunningSource = (run: string) => Promise<readonly AtWork[]>;

const groupsMax = 100;
const listedMax = 100;
const failuresMax = 20;
const placedMax = 20;
/** Beyond so many tasks, a view does not tell ready ones from waiting ones. */
const readyTasksMax = 50_000;

export async function viewRun(
  decider: Decider,
  run: LoadedRun,
  atWork: readonly AtWork[],
): Promise<RunView> {
  const { meta, progress } = run;
  const states = statesOf(run, atWork);
  return {
    ...summaryOf(meta, progress.graph.size),
    ...(await reasonOf(decider, run)),
    ...stuckAs(decider.stuck.why(meta.id)),
    input: run.input,
    counts: countStates(states),
    levels: levelsOf(run, states),
    running: atWork.slice(0, listedMax).map((one) => runningView(run, one)),
    ...placedOf(run),
    failures: await failuresOf(decider, run),
    outputs: await outputsOf(decider, run),
    ...codeView(meta),
  };
}

function codeView({ code, codes }: Meta): Pick<RunView, 'codeFolder' | 'codeArchive' | 'codes'> {
  const own = codes === undefined ? {} : { codes };
  if (code === undefined) return own;
  return 'folder' in code ? { codeFolder: code.folder, ...own } : { codeArchive: code, ...own };
}

function placedOf({ progress }: LoadedRun): Pick<RunView, 'placed'> {
  const placed = progress.graph.dag.tasks.flatMap(({ id, placed }) =>
    placed === undefined ? [] : [{ task: id, why: placed }],
  );
  return placed.length === 0 ? {} : { placed: placed.slice(0, placedMax) };
}

const stuckAs = (why: string | undefined): Pick<RunView, 'stuck'> =>
  why === undefined ? {} : { stuck: why };

/** A failed run's reason with the task's name in place of its number. */
async function reasonOf(decider: Decider, run: LoadedRun): Promise<{ reason?: string }> {
  const { reason, state } = run.meta;
  if (state !== 'failed' || reason === undefined) return reason === undefined ? {} : { reason };
  const match = /^task (\d+) failed$/.exec(reason);
  if (match === null) return { reason };
  const task = Number(match[1]);
  const error = await errorOf(decider, run, task);
  return {
    reason: `task ${idOf(run.progress.graph, task)} failed${error ? `: ${error.message}` : ''}`,
  };
}

export function statesOf(run: LoadedRun, atWork: readonly AtWork[]): TaskState[] {
  const working = new Map(atWork.map(({ task, attempt }) => [task, attempt]));
  const states: TaskState[] = new Array(run.progress.graph.size);
  for (let task = 0; task < states.length; task++)
    states[task] = stateOf(run, task, working.get(task));
  return states;
}

const byCode: readonly TaskState[] = [
  'waiting',
  'backoff',
  'awaiting',
  'succeeded',
  'failed',
  'cancelled',
  'skipped',
  'skipped',
];

export function stateOf(run: LoadedRun, task: number, working: number | undefined): TaskState {
  const { progress } = run;
  const code = codeOf(progress, task);
  const waits = code === codes.waiting || code === codes.backoff;
  if (waits && working === triesOf(progress, task).attempt) return 'running';
  if (code === codes.backoff && triesOf(progress, task).readyAt === 0) return 'ready';
  if (code !== codes.waiting || progress.graph.size > readyTasksMax)
    return byCode[code] as TaskState;
  return isReady(progress, task, newDecision()) ? 'ready' : 'waiting';
}

export const noCounts = (): Record<TaskState, number> =>
  Object.fromEntries(taskStates.map((state) => [state, 0])) as Record<TaskState, number>;

function countStates(states: readonly TaskState[]): Counts {
  const counts = noCounts();
  for (const state of states) counts[state]++;
  return counts;
}

/** The workflow's own tasks level by level, each with all that descends from it. */
function levelsOf(run: LoadedRun, states: readonly TaskState[]): LevelView[] {
  const { dag } = run.progress.graph;
  const groups = new Map<number, Record<TaskState, number>>();
  const listed = new Int32Array(dag.levels);
  for (let task = 0; task < dag.tasks.length; task++) {
    const level = dag.level[task] as number;
    listed[level] = (listed[level] as number) + 1;
    if ((listed[level] as number) <= groupsMax) groups.set(task, noCounts());
  }
  const own = dag.tasks.length;
  for (let task = 0; task < states.length; task++) {
    const counts = groups.get(task < own ? task : ancestorOf(run.progress.graph, task));
    if (counts) counts[states[task] as TaskState]++;
  }
  const levels = Array.from({ length: dag.levels }, (_, level) => ({
    level,
    groups: [] as GroupView[],
    groupsLeftOut: Math.max(0, (listed[level] as number) - groupsMax),
  }));
  for (const [task, counts] of groups) {
    const id = idOf(run.progress.graph, task);
    levels[dag.level[task] as number]?.groups.push({ task: id, counts });
  }
  return levels;
}

export function runningView(run: LoadedRun, one: AtWork): RunningView {
  return {
    task: idOf(run.progress.graph, one.task),
    attempt: one.attempt,
    since: one.since,
    ...(one.step !== undefined && { step: one.step }),
    ...(one.stepAt !== undefined && { stepAt: one.stepAt }),
    ...(one.progress !== undefined && { progress: one.progress }),
  };
}

async function failuresOf(decider: Decider, run: LoadedRun): Promise<RunView['failures']> {
  const failures: { task: string; attempt: number; error: AttemptError }[] = [];
  const { progress } = run;
  for (let n = 0; n < progress.chunks.length && failures.length < failuresMax; n++) {
    if (progress.chunks[n]?.tally[codes.failed] === 0) continue;
    const from = n * progress.chunkSize;
    const to = Math.min(from + progress.chunkSize, progress.graph.size);
    for (let task = from; task < to && failures.length < failuresMax; task++) {
      if (codeOf(progress, task) !== codes.failed) continue;
      const error = (await errorOf(decider, run, task)) ?? subTaskFailed;
      const { attempt } = triesOf(progress, task);
      failures.push({ task: idOf(progress.graph, task), attempt, error });
    }
  }
  return failures;
}

export const subTaskFailed: AttemptError = { reason: 'children', message: 'a sub-task failed' };

/** Why a task failed; undefined when only its sub-tasks did. */
export async function errorOf(
  decider: Decider,
  run: LoadedRun,
  task: number,
): Promise<AttemptError | undefined> {
  const source = sourceOf(run.progress, task);
  if (source === undefined) return undefined;
  const report = await decider.outputs.report(run, task);
  if (report) return report.error;
  const item = await decider.ports.table.get(
    sourceKey(decider.settings.namespace, run.meta.id, source),
  );
  if (item === undefined) return undefined;
  if ('made' in item.data) {
    const { made } = fromData<Spawn>(item.data);
    return made.kind === 'impossible' ? { reason: 'input', message: made.message } : undefined;
  }
  if ('reason' in item.data) return { reason: 'lost', message: fromData<Lost>(item.data).reason };
  return undefined;
}

async function outputsOf(decider: Decider, run: LoadedRun): Promise<{ [task: string]: Json }> {
  const outputs: { [task: string]: Json } = {};
  if (!isEnded(run.meta.state)) return outputs;
  const { dag } = run.progress.graph;
  let listed = 0;
  for (let task = 0; task < dag.tasks.length && listed < listedMax; task++) {
    const needed =
      (dag.dependentsStart[task + 1] as number) > (dag.dependentsStart[task] as number);
    if (needed || codeOf(run.progress, task) !== codes.succeeded) continue;
    const output = await decider.outputs.output(run, task);
    if (output === null) continue;
    outputs[idOf(run.progress.graph, task)] = output;
    listed++;
  }
  return outputs;
}
