/** Routes of named tasks (`/api/v1`), beside those of runs and schedules, which they stand on. */
import * as z from 'zod';
import {
  CancelTaskParams,
  CancelTaskRequest,
  CreateTaskRequest,
  DeleteTaskParams,
  ExecuteTaskParams,
  ExecuteTaskRequest,
  LoginRequest,
  nameGiven,
  RescheduleTaskRequest,
  ScheduleTaskRequest,
  UpdateTaskRequest,
} from '../contract/named-task.ts';
import { Problem } from '../contract/problem.ts';
import { signedInOrThrow } from './access-routes.ts';
import { accessOf } from './access-row.ts';
import { keyOf } from './idempotency.ts';
import { taskFrom } from './named-task.ts';
import { cancelTask, executeTask, rescheduleTask, scheduleTask } from './named-task-jobs.ts';
import { listTold, showTold } from './named-task-reading.ts';
import { parseWith } from './problem-response.ts';
import { NoParams } from './queries.ts';
import { type Call, json, type Route, route } from './route.ts';

async function login(call: Call): Promise<Response> {
  const { userName, email, password } = parseWith(LoginRequest, call.body, 'the body');
  const name = userName ?? (email as string);
  const signedIn = signedInOrThrow(await accessOf(call).signIn({ name, password }, call.from));
  if (signedIn.kind !== 'tokens') throw new Problem('sign-in-refused', 'no tokens were made');
  return json({ status: 'success', ...signedIn.tokens });
}

/** Words of addresses, where a task's name could stand. */
const reserved: ReadonlySet<string> = new Set(
  'create execute cancel schedule reschedule list update delete'.split(' '),
);

function refuseName(name: string): never {
  const message = `${name} is a word of this API; take another name`;
  throw new Problem('input-invalid', message, [{ pointer: '/taskName', message }]);
}

const bodyOf = <T>(schema: z.ZodType<T>, call: Call): T =>
  parseWith(schema, call.body ?? {}, 'the body');

async function create(call: Call): Promise<Response> {
  const given = bodyOf(CreateTaskRequest, call);
  const name = nameGiven(given);
  if (reserved.has(name)) refuseName(name);
  await call.engine.namedTasks.put(name, (before, now) => {
    if (before === undefined) return taskFrom(name, given, undefined, call.caller, now);
    throw new Problem('task-exists', `there is a task ${name} already; update it, or delete it`);
  });
  return json({ ...(await showTold(call.engine, name)), outcome: 'success' }, 201);
}

async function update(call: Call): Promise<Response> {
  const given = bodyOf(UpdateTaskRequest, call);
  const name = nameGiven(given);
  await call.engine.namedTasks.put(name, (before, now) => {
    if (before !== undefined) return taskFrom(name, given, before, call.caller, now);
    throw new Problem('task-unknown', `there is no task ${name}`);
  });
  return json(await showTold(call.engine, name));
}

const execute = async (call: Call, given: ExecuteTaskRequest): Promise<Response> =>
  json(await executeTask(call.engine, nameGiven(given), given.dateTime, keyOf(call.request)), 202);

const cancel = async (call: Call, given: CancelTaskRequest): Promise<Response> =>
  json(await cancelTask(call.engine, given.taskId), 202);

async function remove(call: Call, given: z.infer<typeof DeleteTaskParams>): Promise<Response> {
  const name = nameGiven(given);
  await call.engine.namedTasks.remove(name);
  await cancelTask(call.engine, name, 'waiting only');
  return json({ status: 'deleted', taskId: name });
}

/** Requests to GET routes that act come from programs: not from pages that are fetched ahead, and not by cookies. */
function forPrograms(call: Call): void {
  const ahead = `${call.request.headers.get('purpose')} ${call.request.headers.get('sec-purpose')}`;
  if (call.request.method !== 'GET' || ahead.includes('prefetch') || call.caller.byCookie === true)
    throw new Problem('not-allowed', 'this GET acts: it takes a token in the header Authorization');
}

type Acting<Query> = (call: Call, given: Query) => Promise<Response>;

/** The same as `POST`, and as `GET` for callers that were written so. */
function both<T extends object>(
  op: string,
  path: string,
  summary: string,
  answer: string,
  [params, schema]: readonly [z.ZodType<T>, z.ZodType<T>],
  act: Acting<T>,
): readonly Route[] {
  const shared = { right: 'operator', path, status: 202, answer } as const;
  return [
    route({
      ...shared,
      op,
      method: 'POST',
      summary,
      tokenInBody: true,
      body: { kind: 'json', name: `${op[0]?.toUpperCase()}${op.slice(1)}Request`, schema },
      query: NoParams,
      handle: (call) => act(call, bodyOf(schema, call)),
    }),
    route({
      ...shared,
      op: `${op}ByGet`,
      acts: true,
      method: 'GET',
      summary: `${summary} Use POST: this one is for callers that were written so.`,
      query: params,
      handle: async (call) => {
        forPrograms(call as Call);
        const answer = await act(call as Call, call.query);
        answer.headers.set('deprecation', '@1795219200');
        answer.headers.set('link', `<${path}>; rel="successor-version"`);
        return answer;
      },
    }),
  ];
}

const removal = {
  right: 'author',
  path: '/api/v1/task/delete',
  summary:
    'Deletes a named task and its jobs that wait. Jobs at work go on; tasks that were to follow it no longer do.',
  status: 200,
  answer: 'NamedTaskDeleted',
} as const;

const ListParams = z.strictObject({
  after: z.string().min(1).max(128).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(100),
});

export const namedTaskRoutes: readonly Route[] = [
  route({
    op: 'login',
    right: 'anyone',
    method: 'POST',
    path: '/api/v1/user/login',
    summary: 'Signs in by userName or email and password.',
    body: { kind: 'json', name: 'LoginRequest', schema: LoginRequest },
    query: NoParams,
    status: 200,
    answer: 'Login',
    handle: login,
  }),
  route({
    op: 'createTask',
    right: 'author',
    method: 'POST',
    path: '/api/v1/task/create',
    summary: 'Makes a named task from code, or from a file of a package.',
    tokenInBody: true,
    body: { kind: 'json', name: 'CreateTaskRequest', schema: CreateTaskRequest },
    query: NoParams,
    status: 201,
    answer: 'NamedTask',
    handle: create,
  }),
  ...both(
    'executeTask',
    '/api/v1/task/execute',
    'Runs a named task and all that follow it, now or at dateTime. The same dateTime again is the same job.',
    'Job',
    [ExecuteTaskParams, ExecuteTaskRequest],
    execute,
  ),
  ...both(
    'cancelTask',
    '/api/v1/task/cancel',
    'Cancels all jobs of a task, or one job.',
    'Cancelled',
    [CancelTaskParams, CancelTaskRequest],
    cancel,
  ),
  route({
    op: 'scheduleTask',
    right: 'operator',
    method: 'POST',
    path: '/api/v1/task/schedule',
    summary: 'Runs a named task at a time, and again after each interval.',
    tokenInBody: true,
    body: { kind: 'json', name: 'ScheduleTaskRequest', schema: ScheduleTaskRequest },
    query: NoParams,
    status: 201,
    answer: 'Job',
    handle: async (call) => {
      const given = bodyOf(ScheduleTaskRequest, call as Call);
      return json(
        await scheduleTask(call.engine, nameGiven(given), given, keyOf(call.request)),
        201,
      );
    },
  }),
  route({
    op: 'rescheduleTask',
    right: 'operator',
    method: 'POST',
    path: '/api/v1/task/reschedule',
    summary: 'Gives a job that waits another time.',
    tokenInBody: true,
    body: { kind: 'json', name: 'RescheduleTaskRequest', schema: RescheduleTaskRequest },
    query: NoParams,
    status: 200,
    answer: 'Job',
    handle: async (call) => {
      const { jobId, dateTime } = bodyOf(RescheduleTaskRequest, call as Call);
      return json(await rescheduleTask(call.engine, jobId, dateTime));
    },
  }),
  route({
    op: 'listNamedTasks',
    right: 'viewer',
    method: 'GET',
    path: '/api/v1/task/list',
    summary: 'Named tasks, by name, each with its newest job.',
    query: ListParams,
    status: 200,
    answer: 'PageOfNamedTask',
    handle: async (call) => json(await listTold(call.engine, call.query)),
  }),
  route({
    op: 'updateTask',
    right: 'author',
    method: 'PUT',
    path: '/api/v1/task/update',
    summary:
      'Changes the fields of a named task that are given. Jobs that wait keep what they were made with.',
    tokenInBody: true,
    body: { kind: 'json', name: 'UpdateTaskRequest', schema: UpdateTaskRequest },
    query: NoParams,
    status: 200,
    answer: 'NamedTask',
    handle: update,
  }),
  route({
    ...removal,
    op: 'deleteTask',
    method: 'DELETE',
    query: DeleteTaskParams,
    handle: (call) => remove(call as Call, call.query),
  }),
  route({
    op: 'showNamedTask',
    right: 'viewer',
    method: 'GET',
    path: '/api/v1/task/:taskId',
    summary: 'One named task with its jobs, newest first, and the log lines of the newest.',
    query: NoParams,
    status: 200,
    answer: 'NamedTaskWithJobs',
    handle: async (call) => json(await showTold(call.engine, call.param('taskId'), 'with jobs')),
  }),
];
