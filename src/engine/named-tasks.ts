/** Tasks that are kept under a name: each with those that go before and after it. */
import type { Json } from '../contract/json.ts';
import { Problem } from '../contract/problem.ts';
import type { PlainRun, Task, Workflow } from '../contract/workflow.ts';
import type { Ports } from '../ports/ports.ts';
import { recordsOf } from './records.ts';
import type { EngineSettings } from './settings.ts';

export interface NamedTask {
  readonly name: string;
  readonly description?: string;
  readonly owner: string;
  /** The first attempt included. */
  readonly attemptsMax: number;
  readonly upstream: readonly string[];
  readonly downstream: readonly string[];
  readonly payload?: Json;
  readonly run: PlainRun;
  /** A package that its file is in. */
  readonly code?: string;
  readonly createdAt: number;
  readonly changedAt: number;
}

export interface NamedTasks {
  find(name: string): Promise<NamedTask>;
  /** All, by name. */
  all(): Promise<readonly NamedTask[]>;
  /** Makes or changes it: `next` gets what is there, and may refuse. */
  put(
    name: string,
    next: (before: NamedTask | undefined, now: number) => NamedTask,
  ): Promise<NamedTask>;
  /** What goes before or after it no longer does; its jobs that have begun go on. */
  remove(name: string): Promise<void>;
  /** What a job of it runs: the task, and all that follow it. */
  workflow(name: string): Promise<Workflow>;
}

const unknown = (name: string): Problem =>
  new Problem('task-unknown', `there is no task ${name.slice(0, 128)}`);

export function createNamedTasks(
  ports: Pick<Ports, 'table' | 'clock'>,
  settings: EngineSettings,
): NamedTasks {
  const records = recordsOf<NamedTask>(ports, settings, 'NAMED-TASKS');
  const all = async () => (await records.all()).map(({ data }) => data);
  return {
    all,
    async find(name) {
      const found = await records.find(name);
      if (found === undefined) throw unknown(name);
      return found.data;
    },
    async put(name, next) {
      const others = (await all()).filter((other) => other.name !== name);
      const after = await records.change(name, (before) => {
        const task = next(before, ports.clock.now());
        checkAssociations(task, others);
        return task;
      });
      return after as NamedTask;
    },
    async remove(name) {
      if (!(await records.remove(name))) throw unknown(name);
    },
    async workflow(name) {
      return workflowOf(await all(), name);
    },
  };
}

function checkAssociations(task: NamedTask, others: readonly NamedTask[]): void {
  const known = new Set([task.name, ...others.map(({ name }) => name)]);
  for (const side of ['upstream', 'downstream'] as const) {
    const [index, missing] = [...task[side].entries()].find(([, name]) => !known.has(name)) ?? [];
    if (missing === undefined) continue;
    const message = `there is no task ${missing}; create it first`;
    const pointer = `/associations/${side}/${index}`;
    throw new Problem('input-invalid', message, [{ pointer, message }]);
  }
  const after = followers([...others, task]);
  const reached = reachable(after, after.get(task.name) ?? new Set());
  if (reached.has(task.name)) {
    const message = `${task.name} would follow itself`;
    throw new Problem('input-invalid', message, [{ pointer: '/associations', message }]);
  }
}

/** Who follows whom, said on either side. Those that were removed are left out. */
function followers(tasks: readonly NamedTask[]): ReadonlyMap<string, ReadonlySet<string>> {
  const after = new Map(tasks.map(({ name }) => [name, new Set<string>()]));
  for (const { name, upstream, downstream } of tasks) {
    for (const before of upstream) after.get(before)?.add(name);
    for (const next of downstream) if (after.has(next)) after.get(name)?.add(next);
  }
  return after;
}

function reachable(
  after: ReadonlyMap<string, ReadonlySet<string>>,
  from: Iterable<string>,
): ReadonlySet<string> {
  const reached = new Set(from);
  for (const name of reached) for (const next of after.get(name) ?? []) reached.add(next);
  return reached;
}

/** Of what goes before a task, those are needed that are part of the job. */
function workflowOf(all: readonly NamedTask[], name: string): Workflow {
  const after = followers(all);
  if (!after.has(name)) throw unknown(name);
  const part = reachable(after, [name]);
  const tasks = all.filter((task) => part.has(task.name));
  const needs = (task: NamedTask) =>
    tasks.filter((other) => after.get(other.name)?.has(task.name)).map((other) => other.name);
  return { name, tasks: tasks.map((task) => taskOf(task, needs(task).sort())) };
}

function taskOf(
  { name, run, payload, attemptsMax, code }: NamedTask,
  needs: readonly string[],
): Task {
  return {
    id: name,
    run,
    ...(needs.length > 0 && { needs: [...needs] }),
    ...(payload !== undefined && { with: payload }),
    ...(attemptsMax > 1 && { retry: { attemptsMax } }),
    ...(code !== undefined && { code }),
  };
}
