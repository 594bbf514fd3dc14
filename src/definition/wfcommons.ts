import * as z from 'zod';
import type { ProblemDetail } from '../contract/problem.ts';
import { Name, namePattern, type Run, type Task, type Workflow } from '../contract/workflow.ts';
import { escapePointer } from '../core/template.ts';
import { canonicalize } from './canonical.ts';
import { checkWorkflow } from './check.ts';
import { mistakesMax, problemOf } from './mistakes.ts';
import { quoted } from './tree.ts';

export interface ImportOptions {
  /** Seconds of sleep for each second that a task ran. */
  readonly scale: number;
}

/** One for all tasks, so that one warm process takes many at a time: sleeping needs no computer. */
export const sleepRun = {
  kind: 'snippet',
  language: 'node',
  code: 'await new Promise((done) => setTimeout(done, input.seconds * 1000));',
  concurrency: 1000,
} as const satisfies Run;

/** Whether all that a workflow does is to sleep, as one that was imported does. */
export const isSleeping = ({ tasks }: Pick<Workflow, 'tasks'>): boolean =>
  tasks.every(({ run }) => run.kind === 'snippet' && run.code === sleepRun.code);

const Names = z.array(z.string()).nullish();
const Seconds = z.number().nonnegative().nullish();
const WfTask = z.looseObject({
  name: z.string().optional(),
  id: z.string().optional(),
  parents: Names,
  children: Names,
  runtime: Seconds,
  runtimeInSeconds: Seconds,
  inputFiles: Names,
  outputFiles: Names,
  files: z
    .array(z.looseObject({ name: z.string().optional(), link: z.string().optional() }))
    .nullish(),
});
type WfTask = z.infer<typeof WfTask>;
const Execution = z.looseObject({ id: z.string(), runtimeInSeconds: Seconds });

/** 1.4 and later keep what is specified apart from what was executed; earlier ones have one list. */
const WfFormat = z.looseObject({
  name: z.string().optional(),
  workflow: z.looseObject({
    specification: z.looseObject({ tasks: z.array(WfTask) }).optional(),
    execution: z.looseObject({ tasks: z.array(Execution) }).optional(),
    tasks: z.array(WfTask).optional(),
    jobs: z.array(WfTask).optional(),
  }),
});

/**
 * Makes a workflow of a recorded one in WfFormat (1.2 to 1.6), as WfCommons publishes them: each task sleeps as long as
 * the recorded one ran, times `scale`. Tasks keep their ids; an id that is no name here becomes one that is near.
 */
export function importWfcommons(json: unknown, options: ImportOptions): Workflow {
  const parsed = WfFormat.safeParse(json);
  if (!parsed.success) throw problemOf(detailsOf(parsed.error));
  const { name, workflow } = parsed.data;
  const given = workflow.specification?.tasks ?? workflow.tasks ?? workflow.jobs ?? [];
  const seconds = runtimes(given, workflow.execution?.tasks ?? []);
  const recorded = new Recorded(given);
  const needs = recorded.needs();
  if (recorded.details.length > 0) throw problemOf(recorded.details);
  const names = fittingNames(given.map(idOf));
  const tasks = given.map((task, at): Task => {
    const wanted = [...(needs[at] as Set<number>)].map((need) => names[need] as string);
    const lasts = round((seconds.get(idOf(task)) ?? 0) * options.scale);
    return { id: names[at] as string, needs: wanted, run: sleepRun, with: { seconds: lasts } };
  });
  return checked({ name: fitting(name ?? 'workflow'), tasks });
}

const idOf = (task: WfTask): string => task.id ?? task.name ?? '';
/** To microseconds, so that a scale does not make endless fractions. */
const round = (seconds: number): number => Math.round(seconds * 1e6) / 1e6;

function detailsOf(error: z.ZodError): ProblemDetail[] {
  return error.issues.slice(0, mistakesMax).map((issue) => ({
    pointer: issue.path.map((part) => `/${escapePointer(String(part))}`).join(''),
    message: `no WfFormat: ${issue.message}`,
  }));
}

function checked(workflow: Workflow): Workflow {
  if (workflow.tasks.length === 0) throw problemOf([{ message: 'no WfFormat: it has no tasks' }]);
  const details = checkWorkflow(workflow);
  if (details.length > 0) throw problemOf(details);
  return canonicalize(workflow);
}

/** What was executed wins over what a task itself says. */
function runtimes(
  given: readonly WfTask[],
  executed: readonly z.infer<typeof Execution>[],
): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const task of given) {
    const lasts = task.runtimeInSeconds ?? task.runtime;
    if (lasts !== undefined && lasts !== null) seconds.set(idOf(task), lasts);
  }
  for (const { id, runtimeInSeconds } of executed)
    if (runtimeInSeconds !== undefined && runtimeInSeconds !== null)
      seconds.set(id, runtimeInSeconds);
  return seconds;
}

/** The tasks of a file, found by id or, where there is only one of that name, by name. */
class Recorded {
  readonly details: ProblemDetail[] = [];
  readonly #tasks: readonly WfTask[];
  readonly #numbers = new Map<string, number>();

  constructor(tasks: readonly WfTask[]) {
    this.#tasks = tasks;
    for (const [at, task] of tasks.entries()) {
      const id = idOf(task);
      if (id === '') this.#wrong(at, 'a task has neither id nor name');
      else if (this.#numbers.has(id)) this.#wrong(at, `the task ${quoted(id)} is there twice`);
      else this.#numbers.set(id, at);
    }
    this.#addNames();
  }

  #addNames(): void {
    const names = new Map<string, number>();
    for (const [at, { name }] of this.#tasks.entries())
      if (name !== undefined) names.set(name, names.has(name) ? -1 : at);
    for (const [name, at] of names)
      if (at >= 0 && !this.#numbers.has(name)) this.#numbers.set(name, at);
  }

  #wrong(task: number, message: string): void {
    if (this.details.length < mistakesMax)
      this.details.push({ pointer: `/workflow/tasks/${task}`, message });
  }

  /**
   * Of each task the numbers of those it needs: what it names as parents, and what name it as a child. Where no task
   * names any, those that write what it reads.
   */
  needs(): readonly Set<number>[] {
    const needs = this.#tasks.map(() => new Set<number>());
    if (!this.#tasks.some(({ parents, children }) => parents?.length || children?.length))
      return needsByFiles(this.#tasks);
    for (const [at, { parents, children }] of this.#tasks.entries()) {
      for (const parent of this.#found(at, 'parent', parents)) needs[at]?.add(parent);
      for (const child of this.#found(at, 'child', children)) needs[child]?.add(at);
    }
    return needs;
  }

  #found(at: number, what: string, names: readonly string[] | null | undefined): number[] {
    const found: number[] = [];
    for (const name of names ?? []) {
      const number = this.#numbers.get(name);
      if (number !== undefined) found.push(number);
      else {
        const id = quoted(idOf(this.#tasks[at] as WfTask));
        this.#wrong(at, `${id} has a ${what} ${quoted(name)} that is not among the tasks`);
      }
    }
    return found;
  }
}

function needsByFiles(tasks: readonly WfTask[]): readonly Set<number>[] {
  const writers = new Map<string, number[]>();
  for (const [at, task] of tasks.entries())
    for (const file of filesOf(task, 'output')) {
      const others = writers.get(file);
      if (others) others.push(at);
      else writers.set(file, [at]);
    }
  return tasks.map((task, at) => {
    const needs = filesOf(task, 'input').flatMap((file) => writers.get(file) ?? []);
    return new Set(needs.filter((need) => need !== at));
  });
}

function filesOf(task: WfTask, link: 'input' | 'output'): string[] {
  const older = (task.files ?? []).filter((file) => file.link === link);
  const names = link === 'input' ? task.inputFiles : task.outputFiles;
  return [...(names ?? []), ...older.flatMap(({ name }) => name ?? [])];
}

function fitting(name: string): string {
  if (Name.safeParse(name).success) return name;
  const near = name.replace(/[^A-Za-z0-9_.-]+/g, '_').slice(0, 120);
  return namePattern.test(near) ? near : `_${near}`;
}

/** Ids that are names stay; the others become names that no other task has. */
function fittingNames(ids: readonly string[]): string[] {
  const taken = new Set(ids);
  return ids.map((id) => {
    if (namePattern.test(id)) return id;
    const near = fitting(id);
    let name = near;
    for (let n = 2; taken.has(name); n++) name = `${near}_${n}`;
    taken.add(name);
    return name;
  });
}
