/** Words of schedules: when runs start, and what becomes of starts that were missed or that meet another one. */
import * as z from 'zod';
import type { PageOf, RunSummary } from './api.ts';
import type { Backfills } from './backfill.ts';
import type { Json } from './json.ts';
import { Resources } from './resources.ts';
import { Code, Codes, Name, Workflow } from './workflow.ts';

export const dstPolicies = ['once', 'skip', 'both'] as const;

/** Instants are epoch ms. Exactly one of `cron`, `everyMs` and `at`. */
export const Timing = z.strictObject({
  /** Five fields, or six with seconds first, or a macro such as `@daily`. */
  cron: z.string().min(1).max(1024).optional(),
  /** Counted from `start`, or from when the schedule was made. */
  everyMs: z.number().optional(),
  /** Once, at this instant. */
  at: z.number().optional(),
  /** IANA name. Default: UTC. */
  timezone: z.string().max(128).optional(),
  /** What becomes of times of day that a change of the clocks leaves out, or brings twice. Default: `once`. */
  dst: z.enum(dstPolicies).optional(),
  /** No slot is before. */
  start: z.number().optional(),
  /** No slot is then or later. */
  end: z.number().optional(),
  /** Days on which nothing is due: `2026-12-25`, `2026-12-24..2027-01-02`, `12-25` each year, `sat`. */
  exclude: z.array(z.string().max(64)).max(1000).optional(),
  /** Each run starts up to so much later, by chance. */
  jitterMs: z.number().optional(),
});
export type Timing = z.infer<typeof Timing>;

export const overlaps = ['allow', 'skip', 'queue-one', 'queue-all', 'cancel-previous'] as const;
export const catchUps = ['none', 'last', 'all', 'window'] as const;

/** What becomes of slots at which nobody was there to start a run. */
export const CatchUp = z.strictObject({
  policy: z.enum(catchUps),
  /** With `window`: how far back. */
  windowMs: z.int().min(1).optional(),
  /** At most so many, the newest. Default: 1000. */
  max: z.int().min(1).max(10_000).optional(),
  /** They start no faster than that. Default: at once. */
  perMinute: z.number().min(0.001).max(100_000).optional(),
});
export type CatchUp = z.infer<typeof CatchUp>;

const AnyJson = z.json() as z.ZodType<Json>;

export const ScheduleRequest = z.strictObject({
  /** Of each run. */
  workflow: Workflow,
  input: z.record(z.string(), AnyJson).optional(),
  resources: z.record(Name, Resources).optional(),
  code: Code.optional(),
  codes: Codes.optional(),
  tags: z.array(z.string().min(1).max(128)).max(30).optional(),
  timing: Timing,
  /** The field of the input that gets the slot, as text in ISO 8601. */
  slotInput: z.string().min(1).max(128).optional(),
  /** Default: `last`. */
  catchUp: CatchUp.optional(),
  /** When a slot's time comes and a run of the schedule is still open. Default: `allow`. */
  overlap: z.enum(overlaps).optional(),
  /** So many failures in a row stop the schedule. */
  stopAfterFailures: z.int().min(1).max(1000).optional(),
  /** Made, and not started before it is resumed. */
  paused: z.boolean().optional(),
});
export type ScheduleRequest = z.infer<typeof ScheduleRequest>;

/** `done`: nothing will be due any more. `stopped`: too many of its runs failed. */
export const scheduleStates = ['active', 'paused', 'stopped', 'done'] as const;
export type ScheduleState = (typeof scheduleStates)[number];

export interface ScheduleView {
  readonly name: string;
  /** Its own, from when it was made: one of the same name that is made later has another. */
  readonly id: string;
  readonly state: ScheduleState;
  /** Why it stopped. */
  readonly reason?: string;
  readonly workflow: string;
  readonly hash: string;
  readonly timing: Timing;
  readonly input: { readonly [field: string]: Json };
  readonly slotInput?: string;
  readonly catchUp: CatchUp;
  readonly overlap: (typeof overlaps)[number];
  readonly stopAfterFailures?: number;
  readonly tags: readonly string[];
  readonly createdAt: number;
  readonly changedAt: number;
  /** When its next run starts. */
  readonly nextAt?: number;
  readonly lastSlot?: number;
  readonly lastRun?: string;
  /** Slots that wait until it is their turn, at most 20 of them. */
  readonly waiting: readonly number[];
  readonly waitingCount: number;
  readonly started: number;
  readonly missed: number;
  readonly skipped: number;
  /** Runs in a row that failed. */
  readonly failures: number;
}

export const scheduleActions = ['pause', 'resume', 'run'] as const;
export type ScheduleAction = (typeof scheduleActions)[number];

export interface SchedulesQuery {
  readonly state?: ScheduleState;
  readonly after?: string;
  readonly limit?: number;
}

/** What can be asked of schedules: of an engine, and of a server by its client. Refusals are thrown as `Problem`. */
export interface Schedules {
  list(query: SchedulesQuery): Promise<PageOf<ScheduleView>>;
  show(name: string): Promise<ScheduleView>;
  /** Makes or changes it. `isNew`: refused when it is there. What was due before a change of its timing is not made up for. */
  put(name: string, request: ScheduleRequest, isNew?: boolean): Promise<ScheduleView>;
  pause(name: string): Promise<ScheduleView>;
  /** What was due while it was paused, or had stopped, is not made up for. */
  resume(name: string): Promise<ScheduleView>;
  /** One run now, whatever else is open. `id`: made by the client, so that asking again starts nothing new. */
  run(name: string, id?: string): Promise<RunSummary>;
  /** Its runs go on. Nothing happens when there is none. */
  remove(name: string): Promise<void>;
  /** When its next runs start; empty while it is paused. */
  next(name: string, count: number): Promise<readonly number[]>;
  /** Of its slots that are over. */
  readonly backfills: Backfills;
}
