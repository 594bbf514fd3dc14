/** The API, one row a route. Routes translate; what they mean is the engine's. */
import * as z from 'zod';
import { type ControlRequest, SubmitManyRequest, SubmitRequest } from '../contract/api.ts';
import { accessRoutes } from './access-routes.ts';
import { artifactRoutes } from './artifacts.ts';
import { auditRoutes } from './audit.ts';
import { backfillRoutes } from './backfill-routes.ts';
import { codeRoutes } from './code-routes.ts';
import { keyOf } from './idempotency.ts';
import { getRun, listEvents, listRuns, listTasks, readLogs, runOf } from './inspection.ts';
import { lintText } from './lint.ts';
import { namedTaskRoutes } from './named-task-routes.ts';
import { parseWith } from './problem-response.ts';
import {
  EventsParams,
  LogsParams,
  NoParams,
  RunParams,
  RunsParams,
  TasksParams,
} from './queries.ts';
import { type Call, json, type Route, route } from './route.ts';
import { runnerRoutes } from './runner-routes.ts';
import { scheduleRoutes } from './schedule-routes.ts';
import { submit, submitAs, submitMany } from './submits.ts';

type Action = ControlRequest['action'];

/** The action is the path's, its fields are the body's. */
async function control(action: Action, schema: z.ZodType, call: Call): Promise<Response> {
  const id = runOf(call);
  const fields = parseWith(schema, call.body ?? {}, 'the body') as object;
  const key = keyOf(call.request);
  const request = { ...fields, action } as ControlRequest;
  const run = await call.engine.control(id, request, ...(key === undefined ? [] : [key]));
  return json(run, 202);
}

const CancelBody = z.strictObject({ reason: z.string().max(1024).optional() });
const RerunBody = z.strictObject({ tasks: z.array(z.string()).min(1).optional() });
const Nothing = z.strictObject({});

const controlRoute = (action: Action, summary: string, schema: z.ZodType): Route =>
  route({
    op: `${action}Run`,
    right: 'operator',
    method: 'POST',
    path: `/v1/runs/:id/${action}`,
    summary: `${summary} An Idempotency-Key makes it safe to repeat.`,
    body: { kind: 'json', schema, optional: true },
    query: NoParams,
    status: 202,
    answer: 'RunSummary',
    handle: (call) => control(action, schema, call),
  });

const submits: readonly Route[] = [
  route({
    op: 'submitRun',
    right: 'author',
    method: 'POST',
    path: '/v1/runs',
    summary: 'Starts a run. An Idempotency-Key, or an id in the body, makes it safe to repeat.',
    body: { kind: 'json', name: 'SubmitRequest', schema: SubmitRequest },
    query: NoParams,
    status: 202,
    answer: 'RunSummary',
    handle: submit,
  }),
  route({
    op: 'submitRunAs',
    right: 'author',
    method: 'PUT',
    path: '/v1/runs/:id',
    summary: 'Starts a run under an id made by the client (a ULID). Repeating it changes nothing.',
    body: { kind: 'json', name: 'SubmitRequest', schema: SubmitRequest },
    query: NoParams,
    status: 202,
    answer: 'RunSummary',
    handle: submitAs,
  }),
  route({
    op: 'submitRuns',
    right: 'author',
    method: 'POST',
    path: '/v1/runs:batch',
    summary: 'Starts up to 10,000 runs of one workflow, one for each input.',
    body: { kind: 'json', name: 'SubmitManyRequest', schema: SubmitManyRequest },
    query: NoParams,
    status: 202,
    answer: 'RunIds',
    handle: submitMany,
  }),
];

const reads: readonly Route[] = [
  route({
    op: 'listRuns',
    right: 'viewer',
    method: 'GET',
    path: '/v1/runs',
    summary:
      'Runs, newest first, archived ones too. A page may be short, or empty, and have a next one.',
    query: RunsParams,
    status: 200,
    answer: 'PageOfRunSummary',
    handle: listRuns,
  }),
  route({
    op: 'getRun',
    right: 'viewer',
    method: 'GET',
    path: '/v1/runs/:id',
    summary:
      'One run: counts by level and task, what is at work, what failed, outputs. Waits for its end if told.',
    query: RunParams,
    status: 200,
    answer: 'RunView',
    handle: getRun,
  }),
  route({
    op: 'getGraph',
    right: 'viewer',
    method: 'GET',
    path: '/v1/runs/:id/graph',
    summary: "The workflow's own tasks with their needs, for drawing; it never changes.",
    query: NoParams,
    status: 200,
    answer: 'RunGraph',
    handle: async (call) => json(await call.engine.graph(runOf(call))),
  }),
  route({
    op: 'getStates',
    right: 'viewer',
    method: 'GET',
    path: '/v1/runs/:id/states',
    summary: 'How the tasks of the graph stand, a digit each, and the counts of sub-tasks.',
    query: NoParams,
    status: 200,
    answer: 'RunStates',
    handle: async (call) => json(await call.engine.states(runOf(call))),
  }),
  route({
    op: 'listTasks',
    right: 'viewer',
    method: 'GET',
    path: '/v1/runs/:id/tasks',
    summary: "A run's tasks.",
    query: TasksParams,
    status: 200,
    answer: 'PageOfTaskView',
    handle: listTasks,
  }),
  route({
    op: 'getTask',
    right: 'viewer',
    method: 'GET',
    path: '/v1/runs/:id/tasks/:task',
    summary: 'One task with its input, output and attempts.',
    query: NoParams,
    status: 200,
    answer: 'TaskView',
    handle: async (call) => json(await call.engine.task(runOf(call), call.param('task'))),
  }),
  route({
    op: 'listEvents',
    right: 'viewer',
    method: 'GET',
    path: '/v1/runs/:id/events',
    summary:
      'Events after a cursor; waits for one if told. With Accept: text/event-stream, a stream.',
    query: EventsParams,
    status: 200,
    answer: 'PageOfRunEvent',
    handle: listEvents,
  }),
  route({
    op: 'readLogs',
    right: 'viewer',
    method: 'GET',
    path: '/v1/runs/:id/logs',
    summary: 'What tasks printed. With Accept: text/plain, as text; its cursor is in Fanfold-Next.',
    query: LogsParams,
    status: 200,
    answer: 'LogPage',
    handle: readLogs,
  }),
];

const controls: readonly Route[] = [
  controlRoute(
    'cancel',
    'Cancels a run. Final: what runs is stopped, what waits is not begun.',
    CancelBody,
  ),
  controlRoute('pause', 'Starts no further task of a run until it is resumed.', Nothing),
  controlRoute('resume', 'Goes on with a paused run.', Nothing),
  controlRoute(
    'rerun',
    'Runs again what did not succeed, or the tasks given, and what needs it.',
    RerunBody,
  ),
];

const lint = route({
  op: 'lintWorkflow',
  right: 'viewer',
  method: 'POST',
  path: '/v1/workflows:lint',
  summary: 'Checks a workflow, YAML or JSON as users write it, without storing it.',
  body: { kind: 'text', optional: true },
  query: NoParams,
  status: 200,
  answer: 'LintReport',
  handle: async (call) => json(lintText(String(call.body))),
});

export const routes: readonly Route[] = [
  ...submits,
  ...codeRoutes,
  ...reads,
  ...artifactRoutes,
  ...controls,
  ...scheduleRoutes,
  ...backfillRoutes,
  ...runnerRoutes,
  ...accessRoutes,
  ...auditRoutes,
  ...namedTaskRoutes,
  lint,
];
