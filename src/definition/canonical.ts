import { createHash } from 'node:crypto';
import type { Json } from '../contract/json.ts';
import type { Resources } from '../contract/resources.ts';
import type {
  Backoff,
  ErrorPolicy,
  Limits,
  PlainRun,
  Retry,
  Run,
  Task,
  Workflow,
} from '../contract/workflow.ts';

/** One meaning, one form: tasks and needs sorted, what is the default left out. What is canonical stays the same object. */
export function canonicalize(workflow: Workflow): Workflow {
  const tasks = sortedById(mapped(workflow.tasks, canonicalTask));
  const { input, description, timeLimitMs } = workflow;
  return {
    name: workflow.name,
    ...(description !== undefined && { description }),
    ...(input !== undefined && { input }),
    ...(timeLimitMs !== undefined && { timeLimitMs }),
    tasks,
  };
}

/** Like `map`, but gives the list itself back when nothing in it changed. */
function mapped<T>(list: T[], change: (item: T) => T): T[] {
  let copy: T[] | undefined;
  for (let i = 0; i < list.length; i++) {
    const item = list[i] as T;
    const changed = change(item);
    if (changed !== item) copy ??= list.slice();
    if (copy !== undefined) copy[i] = changed;
  }
  return copy ?? list;
}

function sortedById(tasks: Task[]): Task[] {
  for (let i = 1; i < tasks.length; i++)
    if ((tasks[i - 1] as Task).id > (tasks[i] as Task).id)
      return tasks.slice().sort((a, b) => (a.id < b.id ? -1 : 1));
  return tasks;
}

/** Strictly rising, so that none is there twice. */
function isRising(names: readonly string[]): boolean {
  for (let i = 1; i < names.length; i++)
    if ((names[i - 1] as string) >= (names[i] as string)) return false;
  return true;
}

const simpleKeys = new Set(['id', 'needs', 'run', 'with']);

/** Most tasks of a large workflow hold only these, and are canonical as they are. */
function isCanonical(task: Task): boolean {
  for (const key in task) if (!simpleKeys.has(key)) return false;
  if (task.needs !== undefined && (task.needs.length === 0 || !isRising(task.needs))) return false;
  return !isEmptyMap(task.with) && canonicalRun(task.run) === task.run;
}

function isEmptyMap(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const _key in value) return false;
  return true;
}

function canonicalTask(task: Task): Task {
  if (isCanonical(task)) return task;
  const { needs } = task;
  return without<Task>(
    {
      ...task,
      run: canonicalRun(task.run),
      needs: needs && filled(isRising(needs) ? needs : [...new Set(needs)].sort()),
      with: filledMap(task.with),
      retry: task.retry && canonicalRetry(task.retry),
      resources: task.resources && filledMap(without<Resources>(task.resources, { gpu: 0 })),
      limits:
        task.limits &&
        filledMap(without<Limits>(task.limits, { graceMs: 5_000, installMs: 900_000 })),
      env: filledMap(task.env),
    },
    {
      rule: 'all-succeeded',
      pool: 'default',
      delivery: 'claimed',
      onLost: 'retry',
      lostMax: 10,
      mayFail: false,
      artifacts: false,
      dependencies: task.code === undefined ? 'off' : 'auto',
    },
  );
}

const filled = <T>(list: T[] | undefined): T[] | undefined =>
  list?.length === 0 ? undefined : list;
const filledMap = <T>(value: T): T | undefined => (isEmptyMap(value) ? undefined : value);

/** Leaves out what is undefined or the default. */
function without<T extends object>(given: T, defaults: Partial<T>): T {
  const kept: Partial<T> = {};
  for (const key of Object.keys(given) as (keyof T & string)[]) {
    const value = given[key];
    if (value !== undefined && value !== defaults[key]) kept[key] = value;
  }
  return kept as T;
}

function canonicalRetry(retry: Retry): Retry | undefined {
  const { backoff, policies } = retry;
  const short: Retry = {
    ...retry,
    backoff: backoff && filledMap(canonicalBackoff(backoff)),
    policies: filled(policies?.map(canonicalPolicy)),
  };
  return filledMap(without<Retry>(short, { attemptsMax: 1 }));
}

/** An empty backoff is kept here: it stands in the place of the task's. */
function canonicalPolicy(policy: ErrorPolicy): ErrorPolicy {
  const { match, action, attemptsMax, backoff } = policy;
  return {
    match: without(match, {}),
    action,
    ...(attemptsMax !== undefined && { attemptsMax }),
    ...(backoff !== undefined && { backoff: canonicalBackoff(backoff) }),
  };
}

function canonicalBackoff(backoff: Backoff): Backoff {
  return without<Backoff>(backoff, {
    shape: 'exponential',
    delayMsMin: 1_000,
    delayMsMax: 300_000,
    factor: 2,
    jitter: 'full',
  });
}

/** Gives the run itself back when it is canonical. */
function canonicalRun(run: Run): Run {
  switch (run.kind) {
    case 'script':
      return run.args?.length === 0
        ? { kind: run.kind, language: run.language, path: run.path }
        : run;
    case 'function':
    case 'snippet':
      return run.concurrency === 1 ? without<PlainRun>(run, { concurrency: 1 }) : run;
    case 'sequence':
    case 'tandem':
      return {
        kind: run.kind,
        steps: run.steps.map((step) => ({ ...step, run: canonicalRun(step.run) })),
      };
    default:
      return run;
  }
}

/** The text that is hashed: JSON with sorted keys and no blanks, as RFC 8785 has it. */
export function canonicalText(workflow: Workflow): string {
  return [...chunks(canonicalize(workflow))].join('');
}

/** SHA-256 of the canonical text, in hex. */
export function workflowHash(workflow: Workflow): string {
  const hash = createHash('sha256');
  for (const chunk of chunks(canonicalize(workflow))) hash.update(chunk);
  return hash.digest('hex');
}

const CHUNK_LENGTH = 65_536;

/** In pieces, as the whole may be longer than a string can be. `tasks` comes last but for `timeLimitMs`. */
function* chunks(workflow: Workflow): Generator<string> {
  const { tasks, timeLimitMs, ...head } = workflow;
  const print = taskPrinter();
  let text = `${sortedText(head as Json).slice(0, -1)},"tasks":[`;
  for (let i = 0; i < tasks.length; i++) {
    if (i > 0) text += ',';
    text += print(tasks[i] as Task);
    if (text.length < CHUNK_LENGTH) continue;
    yield text;
    text = '';
  }
  yield `${text}]${timeLimitMs === undefined ? '' : `,"timeLimitMs":${timeLimitMs}`}}`;
}

/** Tasks often share one `run`: its text is made once. */
function taskPrinter(): (task: Task) => string {
  let run: Run | undefined;
  let runText = '';
  return (task) => {
    for (const key in task) if (!simpleKeys.has(key)) return sortedText(task as unknown as Json);
    if (task.run !== run) {
      run = task.run;
      runText = sortedText(run as unknown as Json);
    }
    const needs = task.needs === undefined ? '' : `,"needs":${JSON.stringify(task.needs)}`;
    const input = task.with === undefined ? '' : `,"with":${sortedText(task.with as Json)}`;
    return `{"id":${JSON.stringify(task.id)}${needs},"run":${runText}${input}}`;
  };
}

/** Depth is bounded by what lets a workflow in, so recursion is too. */
function sortedText(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(sortedText).join(',')}]`;
  const map = value as { readonly [key: string]: Json | undefined };
  const parts: string[] = [];
  for (const key of Object.keys(map).sort()) {
    const inner = map[key];
    if (inner !== undefined) parts.push(`${JSON.stringify(key)}:${sortedText(inner)}`);
  }
  return `{${parts.join(',')}}`;
}
