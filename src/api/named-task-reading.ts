/** What is told of named tasks: their columns, their jobs, and what those printed. */
import type { RunSummary } from '../contract/api.ts';
import type { Engine } from '../engine/engine.ts';
import type { NamedTask } from '../engine/named-tasks.ts';
import { jobOf, taskTold, timeOf } from './named-task.ts';
import { waitingJobs } from './named-task-jobs.ts';

const JOBS_MAX = 20;
const LINES_MAX = 1000;

async function jobsOf(engine: Engine, name: string, limit: number) {
  // A page may be short, and have a next one.
  const runs: RunSummary[] = [];
  for (let after: string | undefined; runs.length < limit; ) {
    const query = { workflow: name, limit, ...(after !== undefined && { after }) };
    const page = await engine.runs(query);
    runs.push(...page.items);
    if (page.next === null) break;
    after = page.next;
  }
  return Promise.all(
    runs.slice(0, limit).map(async (run) => jobOf(run, await engine.task(run.id, name))),
  );
}

/** `whole`: with its jobs, and the log of the newest. */
export async function showTold(engine: Engine, name: string, whole?: 'with jobs') {
  const task = await engine.namedTasks.find(name);
  const jobs = await jobsOf(engine, name, whole === undefined ? 1 : JOBS_MAX);
  const waiting = await waitingJobs(engine, (other) => other === name);
  const told = taskTold(task, jobs[0], waiting.length > 0);
  if (whole === undefined) return told;
  const scheduled = waiting.map(({ name: jobId, nextAt }) => ({ jobId, dateTime: timeOf(nextAt) }));
  const [newest] = jobs;
  return {
    ...told,
    scheduled,
    executions: jobs,
    logs: newest ? await linesOf(engine, newest.jobId, name) : [],
  };
}

async function linesOf(engine: Engine, run: string, task: string) {
  const { lines } = await engine.logs({ run, task, limit: LINES_MAX });
  return lines.map(({ at, stream, attempt, text }) => ({
    time: timeOf(at),
    stream,
    attempt,
    text,
  }));
}

export async function listTold(
  engine: Engine,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
) {
  const all = await engine.namedTasks.all();
  const later = after === undefined ? all : all.filter(({ name }) => name > after);
  const page = later.slice(0, limit);
  const waiting = new Set((await waitingJobs(engine, () => true)).map(({ workflow }) => workflow));
  const told = async (task: NamedTask) => {
    const [last] = await jobsOf(engine, task.name, 1);
    return taskTold(task, last, waiting.has(task.name));
  };
  return {
    items: await Promise.all(page.map(told)),
    next: later.length > limit ? (page.at(-1)?.name ?? null) : null,
  };
}
