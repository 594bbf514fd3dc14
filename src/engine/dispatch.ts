import type { NeededArtifacts } from '../contract/artifacts.ts';
import type { Json } from '../contract/json.ts';
import { asBody, type Follow, type TaskMessage, type TaskRow } from '../contract/task-message.ts';
import type { Task } from '../contract/workflow.ts';
import { type Dag, isLink } from '../core/dag.ts';
import type { Send } from '../core/decision.ts';
import { definitionOf, idOf } from '../core/graph.ts';
import { attemptOf } from '../core/progress.ts';
import { mayBeginAgain } from '../core/retry.ts';
import { survivesCancel } from '../core/settle.ts';
import { stepInputs } from '../core/steps.ts';
import type { Ports } from '../ports/ports.ts';
import { delayMsMax, type Outgoing } from '../ports/queue.ts';
import { jsonBytes } from './items.ts';
import { neededArtifacts } from './left-artifacts.ts';
import type { LoadedRun } from './loaded-run.ts';
import type { Outputs } from './outputs.ts';
import type { EngineSettings } from './settings.ts';
import { inputLater, inputNow, type TaskInput } from './task-input.ts';
import { type TaskType, typeOf } from './task-type.ts';

export interface SendOf {
  readonly run: LoadedRun;
  readonly generation: number;
  readonly send: Send;
}

/** A task whose input could not be computed. */
export interface Impossible {
  readonly run: LoadedRun;
  readonly send: Send;
  readonly message: string;
}

export const queueOf = (pool: string | undefined): string => `tasks-${pool ?? 'default'}`;

/**
 * Turns ready tasks into messages: their inputs resolved, tasks of one type together where calls may travel together.
 * Tasks whose input can't be computed are handed back.
 */
export async function composeMessages(
  outputs: Outputs,
  settings: EngineSettings,
  sends: readonly SendOf[],
  now: number,
): Promise<{ messages: Outgoing[]; impossible: Impossible[] }> {
  const impossible: Impossible[] = [];
  const bundles = new Map<string, Bundle>();
  const messages: Outgoing[] = [];
  for (const { run, generation, send } of sends) {
    const resolved = inputNow(run, send.task) ?? (await inputLater(outputs, run, send.task));
    if (resolved.kind === 'error') {
      impossible.push({ run, send, message: resolved.message });
      continue;
    }
    const needed = await (neededArtifacts(outputs, run, send.task) ?? undefined);
    const bundle = bundleFor(bundles, run, send, now);
    addRunOf(bundle, run, generation);
    addRow(bundle, run, send, { ...resolved, needed }, followOf(run, send.task, settings));
    if (bundle.rows.length >= bundleMax(bundle.definition, settings)) {
      messages.push(outgoing(bundle, now));
      bundles.delete(bundle.name);
    }
  }
  for (const bundle of bundles.values()) messages.push(outgoing(bundle, now));
  return { messages, impossible };
}

/** Inputs of runs beyond this size do not travel in messages; then nothing is followed. */
const followInputBytes = 4096;

interface Bundle {
  readonly name: string;
  readonly type: TaskType;
  readonly definition: Task;
  readonly workflow: string;
  readonly always: boolean;
  readonly at: number;
  readonly runs: string[];
  readonly generations: number[];
  readonly inputs: Json[];
  follows: boolean;
  readonly rows: TaskRow[];
}

function bundleFor(bundles: Map<string, Bundle>, run: LoadedRun, send: Send, now: number): Bundle {
  const definition = definitionOf(run.progress.graph, send.task);
  const type = typeOf(definition, run.meta);
  const at = send.at > now ? send.at : 0;
  const always = survivesCancel(run.progress.graph, send.task);
  const { workflow } = run.meta;
  const name = always || at > 0 ? `${type.key}@${workflow}@${at}@${always}` : type.key + workflow;
  let bundle = bundles.get(name);
  if (bundle === undefined) {
    bundle = {
      name,
      type,
      definition,
      workflow,
      always,
      at,
      follows: false,
      runs: [],
      generations: [],
      inputs: [],
      rows: [],
    };
    bundles.set(name, bundle);
  }
  return bundle;
}

function addRunOf({ runs, generations, inputs }: Bundle, run: LoadedRun, generation: number): void {
  if (runs[runs.length - 1] === run.meta.id && generations[runs.length - 1] === generation) return;
  runs.push(run.meta.id);
  generations.push(generation);
  inputs.push(run.input);
}

type Given = Extract<TaskInput, { kind: 'ok' }> & {
  readonly needed: readonly NeededArtifacts[] | undefined;
};

function addRow(
  bundle: Bundle,
  run: LoadedRun,
  send: Send,
  { value, steps, needed }: Given,
  follow: readonly Follow[],
): void {
  const id = idOf(run.progress.graph, send.task);
  const row = [bundle.runs.length - 1, send.task, id, send.attempt, value] as const;
  bundle.follows ||= follow.length > 0;
  if (needed !== undefined) bundle.rows.push([...row, follow, steps, needed]);
  else if (steps.length > 0) bundle.rows.push([...row, follow, steps]);
  else bundle.rows.push(follow.length > 0 ? [...row, follow] : row);
}

function outgoing(bundle: Bundle, now: number): Outgoing {
  const { definition, type } = bundle;
  const queueMs = definition.limits?.queueMs;
  const message: TaskMessage = {
    spec: type.spec,
    workflow: bundle.workflow,
    delivery: definition.delivery ?? 'claimed',
    always: bundle.always,
    sentAt: now,
    notBefore: bundle.at,
    notAfter: queueMs === undefined ? 0 : Math.max(now, bundle.at) + queueMs,
    runs: bundle.runs,
    generations: bundle.generations,
    ...(bundle.follows && { inputs: bundle.inputs }),
    tasks: bundle.rows,
  };
  const delayMs = bundle.at === 0 ? 0 : Math.min(delayMsMax, bundle.at - now);
  return {
    queue: queueOf(definition.pool),
    body: asBody(message),
    ...(delayMs > 0 && { delayMs }),
  };
}

/** What is delivered at least once begins again with all of its message. */
const unclaimedMax = 10;

/** Only calls into warm processes travel together: whatever takes a process takes a while. */
function bundleMax(task: Task, settings: EngineSettings): number {
  const warm =
    task.run.kind === 'function' || (task.run.kind === 'snippet' && task.run.language !== 'shell');
  if (!warm) return 1;
  const { bundleMax: most } = settings;
  return task.delivery === 'at-least-once' ? Math.min(most, unclaimedMax) : most;
}

/**
 * The tasks that a runner may go on with after this one: each the only dependent of the one before, needing nothing else,
 * in the same pool, without anything that somebody else would have to see to.
 */
function followOf(run: LoadedRun, first: number, settings: EngineSettings): readonly Follow[] {
  const { dag } = run.progress.graph;
  if (first >= dag.tasks.length || !inlineable(dag.tasks[first])) return none;
  const follow: Follow[] = [];
  for (let task = first; follow.length < settings.followMax; ) {
    const next = onlyDependent(dag, task);
    if (next === undefined) break;
    follow.push(followRow(run, task, next));
    task = next;
  }
  if (follow.length === 0) return none;
  return jsonBytes(run.input) > followInputBytes ? none : follow;
}

/**
 * The dependent that a runner may go on with; undefined when there is none. What may not begin again is none: it may be
 * declared lost before the report that leads to it is folded, and then nobody can tell whether it began.
 */
function onlyDependent(dag: Dag, task: number): number | undefined {
  const edge = dag.dependentsStart[task] as number;
  if ((dag.dependentsStart[task + 1] as number) - edge !== 1) return undefined;
  const next = dag.dependents[edge] as number;
  const definition = dag.tasks[next] as Task;
  const alike = (['pool', 'delivery'] as const).every(
    (field) => definition[field] === dag.tasks[task]?.[field],
  );
  const fits = isLink(dag, next) && inlineable(definition) && alike;
  const simple = definition.rule === undefined || definition.rule === 'all-succeeded';
  return fits && simple && mayBeginAgain(definition) ? next : undefined;
}

function followRow(run: LoadedRun, task: number, next: number): Follow {
  const { dag } = run.progress.graph;
  const definition = dag.tasks[next] as Task;
  return {
    spec: typeOf(definition, run.meta).spec,
    task: next,
    id: definition.id,
    attempt: attemptOf(run.progress, next),
    ...(definition.with !== undefined && { with: definition.with }),
    before: (dag.tasks[task] as Task).id,
  };
}

const none: readonly Follow[] = [];

/** After one that runs in a cancelled run too comes one that does not, so that is not gone on with. */
const inlineable = (task: Task | undefined): boolean =>
  task !== undefined &&
  task.rule !== 'always' &&
  task.delivery !== 'at-most-once' &&
  task.each === undefined &&
  task.artifacts === undefined &&
  task.run.kind !== 'none' &&
  task.limits?.queueMs === undefined &&
  stepInputs(task.run).templates.length === 0;

/** Sends, and says so loudly only when nothing went: what was not sent now is sent when the happenings come again. */
export async function sendAll(
  ports: Pick<Ports, 'queue'>,
  messages: readonly Outgoing[],
): Promise<void> {
  if (messages.length > 0) await ports.queue.send(messages);
}
