/** Words of the API of named tasks (`/api/v1`): tasks that are kept under a name, and run when somebody asks. */
import * as z from 'zod';
import type { Json } from './json.ts';
import { snippetLanguages } from './language.ts';
import { Name } from './workflow.ts';

const AnyJson = z.json() as z.ZodType<Json>;

export const Associations = z.strictObject({
  /** Tasks that must succeed before it, where they are part of the same job. */
  upstream: z.array(Name).max(1000).optional(),
  /** Tasks that follow it: a job of it runs them too. */
  downstream: z.array(Name).max(1000).optional(),
});

const Code = z.union([
  z.string().min(1).max(200_000),
  z.strictObject({ language: z.enum(snippetLanguages), text: z.string().min(1).max(200_000) }),
]);

const fields = {
  taskDesc: z.string().max(4096).optional(),
  /** Tries after the first one. */
  maxRetries: z.int().min(0).max(9_999).optional(),
  /** Whose it is. Default: the caller's own. Another name takes an admin. */
  userId: z.string().min(1).max(128).optional(),
  /** Only `normal` is there yet. */
  priority: z.union([z.string().max(32), z.number()]).optional(),
  associations: Associations.optional(),
  /** The input of its code. */
  payload: AnyJson.optional(),
  /** The body of a function of `input`; as text: in JavaScript. */
  code: Code.optional(),
  /** A file of a package: `PACKAGE:path/file.py`, or `PACKAGE:path/file.py#function`. */
  codeRef: z.string().min(3).max(1024).optional(),
};

const accessToken = z.string().min(1).max(4096).optional();

export const CreateTaskRequest = z
  .strictObject({ accessToken, taskName: Name.optional(), name: Name.optional(), ...fields })
  .check(oneName);
export type CreateTaskRequest = z.infer<typeof CreateTaskRequest>;

const which = {
  taskId: Name.optional(),
  taskName: Name.optional(),
  name: Name.optional(),
};

export const UpdateTaskRequest = z
  .strictObject({ accessToken, ...which, ...fields })
  .check(oneName);
export type UpdateTaskRequest = z.infer<typeof UpdateTaskRequest>;

/** RFC 3339, with an offset. */
const Moment = z.iso.datetime({ offset: true });

const execution = { ...which, dateTime: Moment.optional() };
/** In an address, where no token belongs. */
export const ExecuteTaskParams = z.strictObject(execution).check(oneName);
export const ExecuteTaskRequest = z.strictObject({ accessToken, ...execution }).check(oneName);
export type ExecuteTaskRequest = z.infer<typeof ExecuteTaskParams>;

export const ScheduleTaskRequest = z
  .strictObject({
    accessToken,
    ...which,
    dateTime: Moment,
    /** Again after each such time, as `15m`, from `dateTime` on. */
    interval: z.string().max(64).optional(),
    endDate: Moment.optional(),
  })
  .check(oneName);
export type ScheduleTaskRequest = z.infer<typeof ScheduleTaskRequest>;

export const RescheduleTaskRequest = z.strictObject({
  accessToken,
  jobId: z.string().min(1).max(200),
  dateTime: Moment,
});

/** A task, or one job. */
export const CancelTaskParams = z.strictObject({ taskId: z.string().min(1).max(200) });
export const CancelTaskRequest = CancelTaskParams.extend({ accessToken });
export type CancelTaskRequest = z.infer<typeof CancelTaskParams>;

export const DeleteTaskParams = z.strictObject(which).check(oneName);

export const LoginRequest = z
  .strictObject({
    userName: z.string().min(1).max(128).optional(),
    email: z.string().min(1).max(128).optional(),
    password: z.string().min(1).max(1024),
  })
  .check((context) => {
    const { userName, email } = context.value;
    if ((userName === undefined) === (email === undefined))
      context.issues.push({
        code: 'custom',
        path: [],
        message: 'give userName or email',
        input: context.value,
      });
  });

type Named = { readonly taskId?: string | undefined } & {
  readonly [name in 'taskName' | 'name']?: string | undefined;
};

/** Its name may come under each of the words that its callers use. */
export const nameGiven = ({ taskId, taskName, name }: Named): string =>
  taskId ?? taskName ?? (name as string);

function oneName(context: z.core.ParsePayload<Named>): void {
  const { taskId, taskName, name } = context.value;
  const given = new Set([taskId, taskName, name].filter((word) => word !== undefined));
  if (given.size === 1) return;
  const message = given.size === 0 ? 'taskName is missing' : 'taskId, taskName and name differ';
  context.issues.push({ code: 'custom', path: ['taskName'], message, input: context.value });
}

/** What is said of a task and of its jobs. */
export const taskWords = [
  'created',
  'scheduled',
  'running',
  'paused',
  'completed',
  'failed',
  'cancelled',
] as const;
export type TaskWord = (typeof taskWords)[number];
