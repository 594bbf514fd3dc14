/** Query strings, as schemas. */
import * as z from 'zod';
import { runStates, taskStates } from '../contract/state.ts';

/** The longest wait for a new event, or for an end; gateways in between end calls at 29 s. */
export const WAIT_SECONDS_MAX = 25;
const CURSOR_MAX = 8192;

const After = z.string().min(1).max(CURSOR_MAX).optional();
const limit = (max: number, usual: number) =>
  z.coerce.number().int().min(1).max(max).default(usual);

/** Names of fields, with commas: of each item only these. */
const Fields = z
  .string()
  .max(500)
  .regex(/^\w+(?:,\w+)*$/, 'expected names with commas between them')
  .optional();

export const RunsParams = z.strictObject({
  state: z.enum(runStates).optional(),
  workflow: z.string().min(1).max(128).optional(),
  /** In the id, the workflow's name or a tag. */
  text: z.string().min(1).max(128).optional(),
  /** Created then or later, epoch ms. */
  since: z.coerce.number().int().min(0).optional(),
  /** Created before. */
  until: z.coerce.number().int().min(0).optional(),
  after: After,
  fields: Fields,
  limit: limit(1000, 50),
});

export const TasksParams = z.strictObject({
  state: z.enum(taskStates).optional(),
  /** In the id. */
  text: z.string().min(1).max(1024).optional(),
  after: After,
  fields: Fields,
  limit: limit(1000, 100),
});

export const ArtifactsParams = z.strictObject({ task: z.string().min(1).optional(), after: After });
export const ArtifactParams = z.strictObject({ task: z.string().min(1), path: z.string().min(1) });

export const PackagesParams = z.strictObject({ after: After, limit: limit(1000, 100) });

export const EventsParams = z.strictObject({
  after: After,
  wait: z.coerce.number().min(0).max(WAIT_SECONDS_MAX).default(0),
});

export const RunParams = z.strictObject({
  /** Waits up to so many seconds for the run's end. */
  wait: z.coerce.number().min(0).max(WAIT_SECONDS_MAX).default(0),
});

export const LogsParams = z.strictObject({
  task: z.string().min(1).max(1024).optional(),
  attempt: z.coerce.number().int().min(1).optional(),
  after: After,
  limit: limit(10_000, 1000),
});

export const NoParams = z.strictObject({});

/** Without the fields that were not given, as `exactOptionalPropertyTypes` wants it. */
export function given<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(value).filter(([, held]) => held !== undefined),
  ) as never;
}
