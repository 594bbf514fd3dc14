/**
 * What happens to a run, as it is stored: appended, never changed. The decider folds it into progress.
 * Tasks go by their number in the run. Times: epoch ms.
 */
import type { StoredArtifacts } from './artifacts.ts';
import type { AttemptError, SpawnRequest } from './execution.ts';
import type { Json } from './json.ts';

/** A task's output as it is stored: in place when small, else a blob. */
export type StoredOutput =
  | { readonly value: Json }
  | { readonly blob: string; readonly size: number };

/**
 * One attempt's end. `released`: it was handed back, so this attempt number is used up, but it counts as no try: it did not
 * run, or, with an error, it was stopped at work in a drain.
 */
export interface Report {
  readonly task: number;
  readonly attempt: number;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled' | 'released';
  readonly startedAt: number;
  readonly endedAt: number;
  readonly output?: StoredOutput;
  readonly error?: AttemptError;
  readonly cpuSeconds?: number;
  readonly memoryMb?: number;
  readonly artifacts?: StoredArtifacts;
  /** Sort keys of the spawn items that the attempt wrote: folded before this report. */
  readonly spawns?: readonly string[];
  /** The attempt that its runner goes on with, if it gets the claim: nothing is sent for it. */
  readonly continued?: { readonly task: number; readonly attempt: number };
  /** The task and attempt that the runner went on from, and the pack with its report: that is folded before this one. */
  readonly after?: { readonly task: number; readonly attempt: number; readonly pack: string };
}

/** The attempt's runner is gone: its lease lapsed, or its message died. */
export interface Lost {
  readonly task: number;
  readonly attempt: number;
  readonly at: number;
  readonly reason: string;
}

/**
 * Sub-tasks of a task: the elements of a map, or what its attempt asked for. `impossible`: its input or list could not
 * be computed, so it fails.
 */
export interface Spawn {
  readonly parent: number;
  readonly attempt: number;
  readonly at: number;
  readonly made:
    | { readonly kind: 'map'; readonly items: readonly Json[] }
    | { readonly kind: 'map'; readonly blob: string; readonly count: number }
    | { readonly kind: 'impossible'; readonly message: string }
    | { readonly kind: 'tasks'; readonly requests: readonly SpawnRequest[] };
}

export interface Control {
  readonly action: 'cancel' | 'pause' | 'resume' | 'rerun';
  readonly at: number;
  readonly reason?: string;
  /** A cancel that makes the run fail: its time limit. */
  readonly fails?: boolean;
  /** Of a rerun: the generation that it begins, and which tasks; absent: all that did not succeed. */
  readonly generation?: number;
  readonly tasks?: readonly number[];
}

/** `id` is the stored item's sort key. */
export type Happening =
  | { readonly kind: 'report'; readonly id: string; readonly report: Report }
  | { readonly kind: 'lost'; readonly id: string; readonly lost: Lost }
  | { readonly kind: 'spawn'; readonly id: string; readonly spawn: Spawn }
  | { readonly kind: 'control'; readonly id: string; readonly control: Control };
