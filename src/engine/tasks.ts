import type { AttemptView, PageOf, TaskView } from '../contract/api.ts';
import type { Lost, Report } from '../contract/happening.ts';
import type { JsonObject } from '../contract/json.ts';
import { Problem } from '../contract/problem.ts';
import type { TaskState } from '../contract/state.ts';
import { ancestorOf, definitionOf, idOf, levelsLeft, numberOf, parentOf } from '../core/graph.ts';
import { chunkOf, codeOf, sourceOf, triesOf } from '../core/progress.ts';
import { codes, hasEnded } from '../core/status.ts';
import type { Item } from '../ports/table.ts';
import type { Decider } from './advance.ts';
import { storeValue } from './blobs.ts';
import type { TasksQuery } from './engine.ts';
import { type AtWork, errorOf, stateOf, subTaskFailed } from './inspect.ts';
import { fromData, lostSort, type PackData, runPartition, sortKeys, sourceKey } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import { lostStanding } from './lost-standing.ts';
import { viewSubTasks } from './sub-tasks.ts';
import { inputLater, inputNow } from './task-input.ts';

const pageDefault = 100;
const pageMax = 1000;
/** Larger inputs are shown by reference. */
const inlineInputBytes = 32 * 1024;

/** Tasks by number, a page at a time. */
export async function listTasks(
  decider: Decider,
  run: LoadedRun,
  atWork: readonly AtWork[],
  query: TasksQuery,
): Promise<PageOf<TaskView>> {
  const limit = Math.min(pageMax, Math.max(1, query.limit ?? pageDefault));
  const items: TaskView[] = [];
  const working = new Map(atWork.map((one) => [one.task, one]));
  const text = query.text?.toLowerCase();
  let task = placeOf(query.after);
  for (; task < run.progress.graph.size && items.length < limit; task++) {
    const state = stateOf(run, task, working.get(task)?.attempt);
    if (query.state !== undefined && state !== query.state) continue;
    if (text !== undefined && !idOf(run.progress.graph, task).toLowerCase().includes(text))
      continue;
    items.push(await viewTask(decider, run, task, working.get(task)));
  }
  return { items, next: task < run.progress.graph.size ? String(task) : null };
}

function placeOf(after = '0'): number {
  const task = Number(after);
  if (Number.isSafeInteger(task) && task >= 0) return task;
  throw new Problem('input-invalid', `after is not a cursor of this list: ${after}`);
}

/** One task with its output and all reports of its attempts. */
export async function showTask(
  decider: Decider,
  run: LoadedRun,
  atWork: readonly AtWork[],
  id: string,
): Promise<TaskView> {
  const task = numberOf(run.progress.graph, id);
  if (task === undefined) throw new Problem('task-unknown', `run ${run.meta.id} has no task ${id}`);
  const one = atWork.find((candidate) => candidate.task === task);
  const view = await viewTask(decider, run, task, one);
  const attempts = await attemptsOf(decider, run, task);
  const subTasks = viewSubTasks(run, task, atWork);
  return {
    ...view,
    ...(hasInput.has(view.state) && (await inputOf(decider, run, task))),
    ...(view.state === 'succeeded' && { output: await decider.outputs.output(run, task) }),
    ...(subTasks && { subTasks }),
    attempts,
  };
}

const hasInput: ReadonlySet<TaskState> = new Set([
  'ready',
  'running',
  'backoff',
  'awaiting',
  'succeeded',
  'failed',
]);

/** What a task is given, computed as it was for its runner. A map itself is given nothing. */
async function inputOf(
  decider: Decider,
  run: LoadedRun,
  task: number,
): Promise<Pick<TaskView, 'input' | 'inputBlob'>> {
  if (levelsLeft(run.progress.graph, task).length > 0) return {};
  try {
    const given = inputNow(run, task) ?? (await inputLater(decider.outputs, run, task));
    if (given.kind === 'error') return {};
    const stored = await storeValue(decider.ports.blobs, given.value, inlineInputBytes);
    return 'value' in stored ? { input: stored.value } : { inputBlob: stored };
  } catch (error) {
    // What it rests on is damaged: that is no reason not to show the task.
    if (error instanceof Problem && error.code === 'data-damaged') return {};
    throw error;
  }
}

async function viewTask(
  decider: Decider,
  run: LoadedRun,
  task: number,
  atWork: AtWork | undefined,
): Promise<TaskView> {
  const { progress } = run;
  const { graph } = progress;
  const parent = parentOf(graph, task);
  const tries = triesOf(progress, task);
  const state = stateOf(run, task, atWork?.attempt);
  const { placed, resources } = definitionOf(graph, task);
  return {
    id: idOf(graph, task),
    state,
    attempt: tries.attempt,
    level: graph.dag.level[ancestorOf(graph, task)] as number,
    needs: parent === undefined ? (graph.dag.tasks[task]?.needs ?? []) : [],
    ...(parent !== undefined && { parent: idOf(graph, parent) }),
    ...(placed !== undefined && { placed }),
    ...(resources !== undefined && { resources }),
    ...(state === 'backoff' && { readyAt: tries.readyAt }),
    ...(hasEnded(codeOf(progress, task)) && (await endOf(decider, run, task))),
    ...(atWork && { startedAt: atWork.since, ...stepOf(atWork) }),
  };
}

const stepOf = ({ step, stepAt, progress }: AtWork): Partial<TaskView> => ({
  ...(step !== undefined && { step }),
  ...(stepAt !== undefined && { stepAt }),
  ...(progress !== undefined && { progress }),
});

async function endOf(decider: Decider, run: LoadedRun, task: number): Promise<Partial<TaskView>> {
  const report = await decider.outputs.report(run, task);
  const known = await errorOf(decider, run, task);
  const error = known ?? (codeOf(run.progress, task) === codes.failed ? subTaskFailed : undefined);
  return {
    ...(report && { startedAt: report.startedAt, endedAt: report.endedAt }),
    ...(report?.cpuSeconds !== undefined && { cpuSeconds: report.cpuSeconds }),
    ...(report?.memoryMb !== undefined && { memoryMb: report.memoryMb }),
    ...(report?.artifacts && { artifacts: sizeOf(report.artifacts) }),
    ...(error && { error }),
  };
}

const sizeOf = ({ count, bytes }: NonNullable<Report['artifacts']>) => ({ count, bytes });

const packsRead = 2000;

async function attemptsOf(decider: Decider, run: LoadedRun, task: number): Promise<AttemptView[]> {
  const views: AttemptView[] = [];
  if (levelsLeft(run.progress.graph, task).length > 0) return views;
  const { refused } = chunkOf(run.progress, task);
  const add = (id: string, report: Report): void => {
    const isRefused = refused.some(([source, number]) => source === id && number === task);
    views.push(attemptView(report, isRefused));
  };
  const partition = runPartition(decider.settings.namespace, run.meta.id);
  for (const { data, sort } of [
    ...(await ownPacks(decider, partition)),
    ...(await mixedPacksOf(decider, run, task)),
  ])
    for (const row of fromData<PackData>(data).reports)
      if (row.task === task && isOf(run, row)) add(sort, row as unknown as Report);
  if (views.length === 0) {
    const report = await decider.outputs.report(run, task);
    if (report) add('', report);
  }
  views.push(...(await lostAttempts(decider, run, task)));
  return views.sort((a, b) => a.attempt - b.attempt || a.endedAt - b.endedAt);
}

const isOf = (run: LoadedRun, row: JsonObject): boolean =>
  row.run === undefined || row.run === run.meta.id;

async function ownPacks({ ports }: Decider, partition: string): Promise<readonly Item[]> {
  const range = { partition, from: sortKeys.pack, to: `${sortKeys.pack}~` };
  return (await ports.table.query({ ...range, limit: packsRead })).items;
}

/** Packs with reports of several runs lie elsewhere: progress names those that ended this task's attempts. */
async function mixedPacksOf(decider: Decider, run: LoadedRun, task: number): Promise<Item[]> {
  const { by, before } = triesOf(run.progress, task);
  const { refused } = chunkOf(run.progress, task);
  const refusedIn = refused.flatMap(([source, number]) => (number === task ? [source] : []));
  const sources = new Set([sourceOf(run.progress, task) ?? '', by, ...before, ...refusedIn]);
  const keys = [...sources]
    .filter((source) => source.startsWith(sortKeys.mixedPack))
    .map((source) => sourceKey(decider.settings.namespace, run.meta.id, source));
  const items = await decider.ports.table.getMany(keys);
  return items.filter((item) => item !== undefined);
}

/** Of these there is no report that counts. */
async function lostAttempts(
  decider: Decider,
  run: LoadedRun,
  task: number,
): Promise<AttemptView[]> {
  const partition = runPartition(decider.settings.namespace, run.meta.id);
  const from = lostSort(task, 0);
  const to = `${from.slice(0, from.lastIndexOf('#'))}~`;
  const page = await decider.ports.table.query({ partition, from, to });
  return page.items.flatMap((item) => {
    const { attempt, at, reason } = fromData<Lost>(item.data);
    if (lostStanding(run, item.sort, { task, attempt }) === 'overtaken') return [];
    const error = { reason: 'lost', message: reason } as const;
    return { attempt, outcome: 'lost', startedAt: at, endedAt: at, error };
  });
}

const attemptView = (report: Report, refused: boolean): AttemptView => ({
  attempt: report.attempt,
  outcome: report.outcome,
  ...(refused && { refused: 'another attempt counts' }),
  startedAt: report.startedAt,
  endedAt: report.endedAt,
  ...(report.cpuSeconds !== undefined && { cpuSeconds: report.cpuSeconds }),
  ...(report.memoryMb !== undefined && { memoryMb: report.memoryMb }),
  ...(report.error && { error: report.error }),
});
