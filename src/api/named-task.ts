/** What a request says of a named task, and what is told of one. */
import type { Caller } from '../access/callers.ts';
import type { RunSummary, TaskView } from '../contract/api.ts';
import type { Json } from '../contract/json.ts';
import { languageFacts } from '../contract/language.ts';
import type { CreateTaskRequest, TaskWord, UpdateTaskRequest } from '../contract/named-task.ts';
import { Problem } from '../contract/problem.ts';
import { isEnded, type RunState } from '../contract/state.ts';
import type { PlainRun } from '../contract/workflow.ts';
import type { NamedTask } from '../engine/named-tasks.ts';

type Given = CreateTaskRequest | UpdateTaskRequest;

const refuse = (pointer: string, message: string): never => {
  throw new Problem('input-invalid', message, [{ pointer, message }]);
};

/** The task with what the request says; `before`: what is there. */
export function taskFrom(
  name: string,
  given: Given,
  before: NamedTask | undefined,
  caller: Caller,
  now: number,
): NamedTask {
  checkPriority(given.priority);
  const code = codeFrom(given) ?? codeOf(before) ?? refuse('/code', 'give code, or codeRef');
  const payload = (given.payload as Json | undefined) ?? before?.payload;
  const description = given.taskDesc ?? before?.description;
  const { upstream = before?.upstream ?? [], downstream = before?.downstream ?? [] } =
    given.associations ?? {};
  return {
    name,
    ...(description !== undefined && { description }),
    owner: ownerFrom(given.userId, before, caller),
    attemptsMax: (given.maxRetries ?? (before?.attemptsMax ?? 1) - 1) + 1,
    upstream,
    downstream,
    ...(payload !== undefined && { payload }),
    ...code,
    createdAt: before?.createdAt ?? now,
    changedAt: now,
  };
}

const codeOf = (task: NamedTask | undefined) =>
  task && { run: task.run, ...(task.code !== undefined && { code: task.code }) };

function checkPriority(priority: string | number | undefined): void {
  if (priority === undefined || priority === 'normal') return;
  refuse('/priority', 'the only priority that is honoured yet is "normal"');
}

function ownerFrom(
  given: string | undefined,
  before: NamedTask | undefined,
  caller: Caller,
): string {
  const owner = given ?? before?.owner ?? caller.name;
  if (owner === caller.name || owner === before?.owner || caller.role === 'admin') return owner;
  throw new Problem(
    'not-allowed',
    `userId ${owner} is not yours (${caller.name}); this takes admin`,
  );
}

const sqlPattern =
  /^\s*(?:select|insert\s+into|update\s+\S+\s+set|delete\s+from|with\s+\w+\s+as)\b/i;

function codeFrom({ code, codeRef }: Given): { run: PlainRun; code?: string } | undefined {
  if (code !== undefined && codeRef !== undefined) refuse('/codeRef', 'give code or codeRef');
  if (codeRef !== undefined) return fileFrom(codeRef);
  if (code === undefined) return undefined;
  const { language, text } =
    typeof code === 'string' ? { language: 'node' as const, text: code } : code;
  if (typeof code === 'string' && sqlPattern.test(text))
    refuse('/code', 'this looks like SQL, which tasks cannot run yet; give code in a language');
  return { run: { kind: 'snippet', language, code: text } };
}

const refPattern = /^([\w.@-]+):([^#:]+\.(\w+))(?:#([\w.]+))?$/;

function fileFrom(text: string): { run: PlainRun; code: string } {
  const [, code = '', path = '', ending = '', name] = refPattern.exec(text) ?? [];
  const known = Object.entries(languageFacts).find(([, { endings }]) =>
    (endings as readonly string[]).includes(ending),
  );
  if (known === undefined)
    return refuse('/codeRef', 'expected PACKAGE:path/file.py or PACKAGE:path/file.py#function');
  const language = known[0] as keyof typeof languageFacts;
  const run: PlainRun =
    name === undefined
      ? { kind: 'script', language, path }
      : { kind: 'function', language, path, name };
  return { run, code };
}

const words = {
  running: 'running',
  paused: 'paused',
  cancelling: 'running',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
} as const satisfies Record<RunState, TaskWord>;

export const wordOf = (state: RunState): TaskWord => words[state];

export const timeOf = (at: number | undefined): string | null =>
  at === undefined ? null : new Date(at).toISOString();

/** A job as it is told: the run, and the task's own part of it. */
export function jobOf(run: RunSummary, task: TaskView | undefined) {
  const stopped = isEnded(run.state) ? run.endedAt : undefined;
  const started = task?.startedAt;
  return {
    jobId: run.id,
    status: wordOf(run.state),
    createTime: timeOf(run.createdAt),
    startTime: timeOf(started),
    stopTime: timeOf(stopped),
    /** Ms. */
    duration: stopped === undefined ? null : stopped - (started ?? run.createdAt),
    attempts: task?.attempt ?? 0,
    errorMessage: task?.error?.message ?? (run.state === 'failed' ? (run.reason ?? null) : null),
  };
}

type Job = ReturnType<typeof jobOf>;

/** `last`: its newest job; `waiting`: whether one is to come. */
export function taskTold(task: NamedTask, last: Job | undefined, waiting: boolean) {
  return {
    taskId: task.name,
    taskName: task.name,
    taskDesc: task.description ?? null,
    userId: task.owner,
    priority: 'normal',
    maxRetries: task.attemptsMax - 1,
    associations: { upstream: task.upstream, downstream: task.downstream },
    payload: task.payload ?? null,
    status: statusOf(last, waiting),
    errorMessage: last?.errorMessage ?? null,
    createTime: last?.createTime ?? null,
    startTime: last?.startTime ?? null,
    stopTime: last?.stopTime ?? null,
    duration: last?.duration ?? null,
    created: timeOf(task.createdAt),
    updated: timeOf(task.changedAt),
  };
}

function statusOf(last: Job | undefined, waiting: boolean): TaskWord {
  if (waiting && last?.status !== 'running' && last?.status !== 'paused') return 'scheduled';
  return last?.status ?? 'created';
}
