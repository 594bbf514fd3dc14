/** Jobs of named tasks: a run, or a schedule that waits to start one. */
import { ulidPattern } from '../contract/api.ts';
import { Problem } from '../contract/problem.ts';
import type { ScheduleView, Timing } from '../contract/schedule.ts';
import { isEnded, type RunState } from '../contract/state.ts';
import { parseTime } from '../definition/time.ts';
import type { Engine } from '../engine/engine.ts';
import { idOfKey } from './idempotency.ts';
import { timeOf, wordOf } from './named-task.ts';

const PREFIX = 'job-';
const isWaitingId = (jobId: string): boolean => jobId.startsWith(PREFIX);

const PAGE = 500;

/** Schedules of a task that have something to start. */
export async function waitingJobs(
  { schedules }: Engine,
  isAsked: (task: string) => boolean,
): Promise<readonly ScheduleView[]> {
  const found: ScheduleView[] = [];
  for (let after: string | undefined; ; ) {
    const page = await schedules.list({ limit: PAGE, ...(after !== undefined && { after }) });
    found.push(...page.items.filter((view) => isWaiting(view) && isAsked(view.workflow)));
    if (page.next === null) return found;
    after = page.next;
  }
}

const isWaiting = ({ name, state }: ScheduleView): boolean =>
  isWaitingId(name) && state !== 'done' && state !== 'stopped';

interface Job {
  readonly status: string;
  readonly jobId: string;
  readonly taskId: string;
  readonly dateTime?: string | null;
}

/** The same moment, in whatever words, is the same job. A moment that is over is now. */
export async function executeTask(
  engine: Engine,
  task: string,
  dateTime: string | undefined,
  key: string | undefined,
): Promise<Job> {
  const workflow = await engine.namedTasks.workflow(task);
  const at = dateTime === undefined ? undefined : Date.parse(dateTime);
  const word = key ?? (at === undefined ? undefined : String(at));
  const id = word === undefined ? undefined : idOfKey(`execute/${task}/${word}`);
  if (at !== undefined && id !== undefined && at > Date.now())
    return jobAt(engine, task, `${PREFIX}${id}`, { at });
  const was = id === undefined ? undefined : await findSchedule(engine, `${PREFIX}${id}`);
  if (was !== undefined) return waitingTold(was);
  const { run } = await engine.submit({ workflow, ...(id !== undefined && { id }) });
  return { status: wordOf(run.state), jobId: run.id, taskId: task };
}

async function findSchedule(
  { schedules }: Engine,
  name: string,
): Promise<ScheduleView | undefined> {
  try {
    return await schedules.show(name);
  } catch (error) {
    if (error instanceof Problem && error.code === 'schedule-unknown') return undefined;
    throw error;
  }
}

async function jobAt(engine: Engine, task: string, jobId: string, timing: Timing): Promise<Job> {
  const workflow = await engine.namedTasks.workflow(task);
  return waitingTold(await engine.schedules.put(jobId, { workflow, timing }));
}

const waitingTold = ({ name, workflow, nextAt }: ScheduleView): Job => ({
  status: 'scheduled',
  jobId: name,
  taskId: workflow,
  dateTime: timeOf(nextAt),
});

export async function scheduleTask(
  engine: Engine,
  task: string,
  given: {
    readonly dateTime: string;
    readonly interval?: string | undefined;
    readonly endDate?: string | undefined;
  },
  key: string | undefined,
): Promise<Job> {
  const timing = timingOf(given);
  const jobId = `${PREFIX}${idOfKey(`schedule/${task}/${key ?? crypto.randomUUID()}`)}`;
  return jobAt(engine, task, jobId, timing);
}

const refuse = (pointer: string, message: string): never => {
  throw new Problem('input-invalid', message, [{ pointer, message }]);
};

function timingOf({ dateTime, interval, endDate }: Parameters<typeof scheduleTask>[2]): Timing {
  const at = Date.parse(dateTime);
  if (at <= Date.now()) refuse('/dateTime', `${dateTime} is over`);
  if (interval === undefined)
    return endDate === undefined ? { at } : refuse('/endDate', 'without an interval nothing ends');
  const everyMs =
    parseTime(interval) ?? refuse('/interval', 'expected a time such as 90s, 15m or 2h');
  return { everyMs, start: at, ...(endDate !== undefined && { end: Date.parse(endDate) }) };
}

/** What has started is no longer given another time. */
export async function rescheduleTask(
  engine: Engine,
  jobId: string,
  dateTime: string,
): Promise<Job> {
  const at = Date.parse(dateTime);
  if (at <= Date.now()) refuse('/dateTime', `${dateTime} is over`);
  const view = isWaitingId(jobId) ? await findSchedule(engine, jobId) : undefined;
  if (view === undefined || !isWaiting(view) || view.lastRun !== undefined) {
    const message = `no job ${jobId} waits; one that has begun is executed again instead`;
    throw new Problem('run-ended', message, [{ pointer: '/jobId', message }]);
  }
  const { everyMs, end } = view.timing;
  const timing =
    everyMs === undefined ? { at } : { everyMs, start: at, ...(end !== undefined && { end }) };
  return jobAt(engine, view.workflow, jobId, timing);
}

const open: readonly RunState[] = ['running', 'paused'];

async function openRuns(engine: Engine, workflow: string): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const state of open)
    for (let after: string | undefined; ; ) {
      const query = { workflow, state, limit: PAGE, ...(after !== undefined && { after }) };
      const page = await engine.runs(query);
      ids.push(...page.items.map(({ id }) => id));
      if (page.next === null) break;
      after = page.next;
    }
  return ids;
}

/** `only`: leaves those alone that have begun. */
export async function cancelTask(
  engine: Engine,
  id: string,
  only?: 'waiting only',
): Promise<{ status: 'cancelled'; taskId: string; jobs: readonly string[] }> {
  const told = (jobs: readonly string[]) => ({ status: 'cancelled' as const, taskId: id, jobs });
  if (ulidPattern.test(id)) return told(await cancelRun(engine, id));
  if (isWaitingId(id) && (await findSchedule(engine, id)) !== undefined) {
    await engine.schedules.remove(id);
    return told([id]);
  }
  if (only === undefined) await engine.namedTasks.find(id);
  const waiting = await waitingJobs(engine, (task) => task === id);
  for (const { name } of waiting) await engine.schedules.remove(name);
  const jobs = waiting.map(({ name }) => name);
  if (only !== undefined) return told(jobs);
  for (const run of await openRuns(engine, id)) jobs.push(...(await cancelRun(engine, run)));
  return told(jobs);
}

/** One that ended meanwhile is left as it is. */
async function cancelRun(engine: Engine, id: string): Promise<readonly string[]> {
  if (isEnded((await engine.run(id)).state)) return [];
  await engine.control(id, { action: 'cancel' });
  return [id];
}
