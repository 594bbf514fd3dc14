/** Words of the HTTP API, version 1. Requests are schemas, since they cross a door; answers are shapes. Times: epoch ms. */
import * as z from 'zod';
import type { Artifact } from './artifacts.ts';
import type { AttemptError } from './execution.ts';
import type { Json } from './json.ts';
import { Resources } from './resources.ts';
import type { RunState, TaskState } from './state.ts';
import { Code, type CodeArchive, Codes, Name, Workflow } from './workflow.ts';

export const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;
export const Ulid = z.string().regex(ulidPattern);

const AnyJson = z.json() as z.ZodType<Json>;

/** What tasks are to have in these runs, by task; over what the workflow says, field by field. */
const GivenResources = z.record(Name, Resources);

/** Starts a run of a workflow given in canonical form. */
export const SubmitRequest = z.strictObject({
  /** Made by the client, so that submitting again is the same run. Default: made by the server. */
  id: Ulid.optional(),
  workflow: Workflow,
  input: z.record(z.string(), AnyJson).optional(),
  resources: GivenResources.optional(),
  code: Code.optional(),
  codes: Codes.optional(),
  tags: z.array(z.string().min(1).max(128)).max(32).optional(),
});
export type SubmitRequest = z.infer<typeof SubmitRequest>;

/** Up to 10,000 runs of one workflow in one call: one for each input. All or none are refused; each is accepted alone. */
export const SubmitManyRequest = z.strictObject({
  workflow: Workflow,
  runs: z
    .array(z.strictObject({ id: Ulid.optional(), input: z.record(z.string(), AnyJson).optional() }))
    .min(1)
    .max(10_000),
  resources: GivenResources.optional(),
  code: Code.optional(),
  codes: Codes.optional(),
  tags: z.array(z.string().min(1).max(128)).max(32).optional(),
});
export type SubmitManyRequest = z.infer<typeof SubmitManyRequest>;

export const ControlRequest = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('cancel'), reason: z.string().max(1024).optional() }),
  z.strictObject({ action: z.literal('pause') }),
  z.strictObject({ action: z.literal('resume') }),
  /** Runs again what failed, was cancelled or skipped, and all that needs it; `tasks`: these instead, whatever their outcome. */
  z.strictObject({ action: z.literal('rerun'), tasks: z.array(z.string()).min(1).optional() }),
]);
export type ControlRequest = z.infer<typeof ControlRequest>;

/** How many tasks are in each state. */
export type Counts = { readonly [state in TaskState]: number };

export interface RunSummary {
  readonly id: string;
  readonly workflow: string;
  /** SHA-256 of the canonical definition. */
  readonly hash: string;
  readonly state: RunState;
  readonly generation: number;
  readonly createdAt: number;
  readonly endedAt?: number;
  /** Why it was cancelled, or what failed first. */
  readonly reason?: string;
  readonly tags: readonly string[];
  readonly tasks: number;
  /** It ended long ago: reading it takes longer, and it can't be run again. */
  readonly archived?: true;
}

export interface LevelView {
  readonly level: number;
  /** Tasks of one definition together: a map or spawner with its sub-tasks. At most 100 groups a level are listed. */
  readonly groups: readonly GroupView[];
  readonly groupsLeftOut: number;
}

export interface GroupView {
  readonly task: string;
  readonly counts: Counts;
}

export interface RunView extends RunSummary {
  /** Why something of it can't be decided, and will not be by trying again. */
  readonly stuck?: string;
  readonly input: Json;
  readonly counts: Counts;
  readonly levels: readonly LevelView[];
  /** Tasks at work, at most 100. */
  readonly running: readonly RunningView[];
  /** Tasks that run in another pool than their author chose, and why; at most 20. */
  readonly placed?: readonly { readonly task: string; readonly why: string }[];
  /** The first failures, at most 20. */
  readonly failures: readonly {
    readonly task: string;
    readonly attempt: number;
    readonly error: AttemptError;
  }[];
  /** Outputs of the tasks that nothing needs, by task, when the run has ended; at most 100. */
  readonly outputs: { readonly [task: string]: Json };
  readonly codeFolder?: string;
  readonly codeArchive?: CodeArchive;
  /** What the texts stand for that its tasks name their own code by. */
  readonly codes?: Codes;
}

/** One of the workflow's own tasks, as it is drawn. Tasks are known by their place in the list. */
export interface GraphTask {
  readonly id: string;
  /** Of its `run`. */
  readonly kind: string;
  /** Places of what it needs: all smaller than its own. */
  readonly needs?: readonly number[];
  /** A map: its sub-tasks are counted, not listed. */
  readonly each?: true;
  readonly pool?: string;
}

/** The same for all of a run's life: sub-tasks are not in it. */
export interface RunGraph {
  readonly tasks: readonly GraphTask[];
}

export interface RunStates {
  readonly state: RunState;
  readonly generation: number;
  /** For each task of the graph a digit: the place of its state in `taskStates`. */
  readonly states: string;
  /** Of tasks that have sub-tasks: how all that descends from them stands. */
  readonly subTasks: readonly (readonly [task: number, counts: Counts])[];
}

/** A runner, as its last heartbeat says. */
export interface RunnerView {
  readonly id: string;
  readonly pool: string;
  /** Attempts at a time, and how many it holds now. */
  readonly slots: number;
  readonly atWork: number;
  /** Of its last heartbeat, and until when it counts as alive. */
  readonly at: number;
  readonly leaseUntil: number;
  /** What it has done since it began, in all: attempts, and the time they took. */
  readonly since?: number;
  readonly ended?: number;
  readonly servedMs?: number;
}

/** A package: code under a name, in versions that never change. */
export interface PackageSummary {
  readonly name: string;
  /** The SHA-256 of the archive that was pushed last, its size in bytes, and when that was. */
  readonly digest: string;
  readonly size: number;
  readonly pushedAt: number;
}
export interface PackageVersion extends PackageSummary {
  /** In the answer to a push: it was not there before. */
  readonly isNew?: boolean;
}
export interface PackageView extends PackageSummary {
  /** Those that were pushed first last. */
  readonly versions: readonly PackageVersion[];
}

/** Where an archive of code is to be put; without an address, to `PUT /v1/code/<blob>` of the same server. */
export interface CodeOffer {
  /** It is there already. */
  readonly there: boolean;
  /** A `PUT` of its bytes with these headers; good for some minutes. */
  readonly upload?: { readonly url: string; readonly headers: Readonly<Record<string, string>> };
}

export interface RunningView {
  readonly task: string;
  readonly attempt: number;
  readonly since: number;
  readonly step?: string;
  readonly stepAt?: number;
  readonly progress?: number;
}

export interface TaskView {
  readonly id: string;
  readonly state: TaskState;
  /** The current or last attempt. */
  readonly attempt: number;
  readonly level: number;
  readonly needs: readonly string[];
  readonly parent?: string;
  /** Why it runs in another pool than its author chose. */
  readonly placed?: string;
  /** What it asks for. */
  readonly resources?: Resources;
  readonly startedAt?: number;
  readonly endedAt?: number;
  /** When a task in back-off is tried again. */
  readonly readyAt?: number;
  readonly cpuSeconds?: number;
  readonly memoryMb?: number;
  /** How many files it has left, and their bytes together. */
  readonly artifacts?: { readonly count: number; readonly bytes: number };
  readonly step?: string;
  readonly stepAt?: number;
  readonly progress?: number;
  readonly error?: AttemptError;
  /** Left out in lists. */
  readonly output?: Json;
  /** What it is given, once that is known. Left out in lists, and when it is large. */
  readonly input?: Json;
  /** Of all that descends from it: how it stands, and the one at work that gave the last sign. Left out in lists. */
  readonly subTasks?: { readonly counts: Counts; readonly last?: RunningView };
  /** A large input, as it lies among the blobs. */
  readonly inputBlob?: { readonly blob: string; readonly size: number };
  /** Reports of attempts, the refused ones too. Left out in lists. */
  readonly attempts?: readonly AttemptView[];
}

/** A file that a task has left. */
export interface ArtifactView extends Artifact {
  readonly task: string;
}

export interface AttemptView {
  readonly attempt: number;
  readonly outcome: string;
  readonly refused?: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly cpuSeconds?: number;
  readonly memoryMb?: number;
  readonly error?: AttemptError;
}

/**
 * One thing that happened to a run. Delivered at least once: the same `id` may come again, also after a reconnect.
 * `start` of an attempt comes at the latest with its end.
 */
export interface RunEvent {
  readonly id: string;
  readonly at: number;
  readonly event:
    | 'start'
    | 'success'
    | 'failure'
    | 'retry'
    | 'lost'
    | 'cancelled'
    | 'skipped'
    | 'control'
    | 'ended';
  readonly task?: string;
  readonly attempt?: number;
  readonly detail?: string;
  readonly error?: AttemptError;
}

export interface PageOf<T> {
  readonly items: readonly T[];
  /** Opaque; pass it as `after`. Null when there is nothing more, but for events and logs, which may grow. */
  readonly next: string | null;
}
