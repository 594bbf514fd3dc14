import type * as z from 'zod';
import type { ProblemDetail } from '../contract/problem.ts';
import { namePattern, type Run, Run as RunSchema, Task, Workflow } from '../contract/workflow.ts';
import { escapePointer } from '../core/template.ts';
import { mistakesMax, problemOf } from './mistakes.ts';
import { depthMax, forbiddenKey } from './tree.ts';

const RUNS_KNOWN_MAX = 1_000;
const Head = Workflow.omit({ tasks: true });
/** What may be any JSON is checked by hand: faster, and of bounded depth. */
const TaskRest = Task.omit({ with: true, each: true });
type Given = { readonly [key: string]: unknown };

/**
 * Checks the structure of a workflow in canonical form that came from outside; `checkWorkflow` checks its meaning.
 * Made for large ones: tasks of the usual keys do not go through the schema, and equal runs become one object, which
 * others may compare by identity. Refuses with pointers.
 */
export function parseCanonical(given: unknown): Workflow {
  const parser = new CanonicalParser();
  const workflow = parser.workflow(given);
  if (workflow === undefined) throw problemOf(parser.details);
  return workflow;
}

class CanonicalParser {
  readonly details: ProblemDetail[] = [];
  readonly #runs = new Map<string, Run[]>();
  #runsKnown = 0;

  workflow(given: unknown): Workflow | undefined {
    if (!isMap(given)) return this.#wrong('', 'a workflow must be an object');
    const { tasks, ...rest } = given;
    if (exceedsDepth(rest, depthMax)) return this.#wrong('', tooDeepJson);
    const head = Head.safeParse(rest);
    if (!head.success) this.#fromZod(head.error, '');
    if (!Array.isArray(tasks) || tasks.length === 0)
      return this.#wrong('/tasks', 'expected a list of at least one task');
    const parsed = this.#tasks(tasks);
    return head.success && this.details.length === 0 ? { ...head.data, tasks: parsed } : undefined;
  }

  #tasks(tasks: readonly unknown[]): Task[] {
    const parsed: Task[] = [];
    for (let i = 0; i < tasks.length && this.details.length < mistakesMax; i++) {
      const task = this.#simple(tasks[i]) ?? this.#unusual(tasks[i], i);
      if (task !== undefined) parsed.push(task);
    }
    return parsed;
  }

  #wrong(pointer: string, message: string): undefined {
    this.details.push({ pointer, message });
    return undefined;
  }

  #fromZod(error: z.ZodError, base: string): undefined {
    for (const issue of error.issues.slice(0, mistakesMax)) {
      const path = issue.path.map((part) => `/${escapePointer(String(part))}`).join('');
      this.#wrong(base + path, issue.message);
    }
    return undefined;
  }

  /** A task of only `id`, `needs`, `run` and `with`; undefined: look closer. */
  #simple(given: unknown): Task | undefined {
    if (!isSimple(given)) return undefined;
    const { id, needs, run, with: input } = given;
    if (typeof id !== 'string' || !namePattern.test(id)) return undefined;
    if (needs !== undefined && !isNames(needs)) return undefined;
    if (input !== undefined && !isJson(input, depthMax)) return undefined;
    const known = this.#run(run);
    if (known === undefined) return undefined;
    const task: Task = { id, run: known };
    if (needs !== undefined) task.needs = needs;
    if (input !== undefined) task.with = input as NonNullable<Task['with']>;
    return task;
  }

  #unusual(given: unknown, index: number): Task | undefined {
    const base = `/tasks/${index}`;
    if (!isMap(given)) return this.#wrong(base, 'a task must be an object');
    if (exceedsDepth(given, depthMax)) return this.#wrong(base, tooDeepJson);
    const { with: input, each, ...rest } = given;
    const parsed = TaskRest.safeParse(rest);
    if (!parsed.success) this.#fromZod(parsed.error, base);
    if (input !== undefined && !isJson(input, depthMax)) this.#wrong(`${base}/with`, noJson);
    if (each !== undefined && !isLevels(each))
      this.#wrong(`${base}/each`, 'expected a list of 1 to 8 levels, all of them JSON');
    if (!parsed.success) return undefined;
    const task = parsed.data as Task;
    if (input !== undefined) task.with = input as NonNullable<Task['with']>;
    if (each !== undefined) task.each = each as NonNullable<Task['each']>;
    task.run = this.#run(task.run) ?? task.run;
    return task;
  }

  /** The first run that is equal to this one; undefined when it is no run. */
  #run(given: unknown): Run | undefined {
    if (typeof given !== 'object' || given === null) return undefined;
    const text = mainText(given as Given);
    const known = this.#runs.get(text);
    const equal = known?.find((run) => isEqualRun(run as unknown as Given, given as Given));
    if (equal !== undefined) return equal;
    if (exceedsDepth(given, depthMax)) return undefined;
    const parsed = RunSchema.safeParse(given);
    if (!parsed.success) return undefined;
    if (++this.#runsKnown > RUNS_KNOWN_MAX) this.#forget();
    this.#runs.set(text, [...(this.#runs.get(text) ?? []).slice(0, 10), parsed.data]);
    return parsed.data;
  }

  #forget(): void {
    this.#runs.clear();
    this.#runsKnown = 0;
  }
}

const noJson = 'expected JSON';
const tooDeepJson = `lists and maps lie more than ${depthMax} deep in each other`;

const isMap = (value: unknown): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isSimple(value: unknown): value is Given {
  if (typeof value !== 'object' || value === null) return false;
  for (const key in value)
    if (key !== 'id' && key !== 'needs' && key !== 'run' && key !== 'with') return false;
  return true;
}

const isNames = (value: unknown): value is string[] => {
  if (!Array.isArray(value)) return false;
  // The check for unknown needs holds them to the pattern of names.
  for (const name of value) if (typeof name !== 'string') return false;
  return true;
};

const isLevels = (value: unknown): boolean =>
  Array.isArray(value) &&
  value.length >= 1 &&
  value.length <= 8 &&
  value.every((level) => isJson(level, depthMax));

/** The text that tells most runs apart. */
function mainText(run: Given): string {
  const text = run.code ?? run.path ?? run.line ?? '';
  return typeof text === 'string' ? text : '';
}

/** Of runs whose fields are plain; others are never equal. */
function isEqualRun(a: Given, b: Given): boolean {
  let count = 0;
  for (const key in b) {
    const value = b[key];
    if (typeof value === 'object' || a[key] !== value) return false;
    count++;
  }
  for (const _key in a) count--;
  return count === 0;
}

function isJson(value: unknown, depth: number): boolean {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return true;
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || depth === 0) return false;
  if (Array.isArray(value)) return value.every((item) => isJson(item, depth - 1));
  for (const key in value)
    if (key === forbiddenKey || !isJson((value as Given)[key], depth - 1)) return false;
  return true;
}

function exceedsDepth(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (depth === 0) return true;
  for (const key in value) if (exceedsDepth((value as Given)[key], depth - 1)) return true;
  return false;
}
