/** What a workflow of sleeps says about the time that a run of it takes. */
import type { Task } from '../src/contract/workflow.ts';

const secondsOf = (task: Task): number => {
  const seconds = (task.with as { readonly seconds?: unknown } | undefined)?.seconds;
  return typeof seconds === 'number' ? seconds : 0;
};

const milliseconds = (seconds: number): number => Math.round(seconds * 1000) / 1000;

/** What a run of it can be held against. The workflow has no cycle: that was checked. */
export function factsOf(tasks: readonly Task[]) {
  const ends = new Map<string, number>();
  const levels = new Map<string, number>();
  const widths: number[] = [];
  for (const task of inOrder(tasks)) {
    const needs = task.needs ?? [];
    const level = needs.reduce((most, need) => Math.max(most, (levels.get(need) ?? 0) + 1), 0);
    const start = needs.reduce((last, need) => Math.max(last, ends.get(need) ?? 0), 0);
    levels.set(task.id, level);
    ends.set(task.id, start + secondsOf(task));
    widths[level] = (widths[level] ?? 0) + 1;
  }
  const sum = (values: Iterable<number>) => [...values].reduce((all, one) => all + one, 0);
  const most = (values: Iterable<number>) => [...values].reduce((a, b) => Math.max(a, b), 0);
  return {
    tasks: tasks.length,
    edges: sum(tasks.map((task) => task.needs?.length ?? 0)),
    levels: widths.length,
    widest: most(widths),
    criticalPathSeconds: milliseconds(most(ends.values())),
    totalSeconds: milliseconds(sum(tasks.map(secondsOf))),
  };
}

function dependentsOf(tasks: readonly Task[]): Map<string, Task[]> {
  const dependents = new Map<string, Task[]>(tasks.map(({ id }) => [id, []]));
  for (const task of tasks) {
    for (const need of task.needs ?? []) dependents.get(need)?.push(task);
  }
  return dependents;
}

/** Each task after all that it needs. */
function inOrder(tasks: readonly Task[]): Task[] {
  const dependents = dependentsOf(tasks);
  const open = new Map(tasks.map((task) => [task.id, task.needs?.length ?? 0]));
  const ordered = tasks.filter((task) => open.get(task.id) === 0);
  // Grows while it is walked.
  for (const { id } of ordered) {
    for (const task of dependents.get(id) ?? []) {
      const left = (open.get(task.id) ?? 0) - 1;
      open.set(task.id, left);
      if (left === 0) ordered.push(task);
    }
  }
  return ordered;
}
