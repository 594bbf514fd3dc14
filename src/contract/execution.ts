/**
 * What a runner's agent hands to its executor, and what comes back: one attempt at one task.
 * The words between executor and task processes are in `runtime-images/PROTOCOL.md`.
 */
import type { NeededArtifacts, StoredArtifacts } from './artifacts.ts';
import type { Json } from './json.ts';
import type { Resources } from './resources.ts';
import type { Code, FailureReason, Limits, Run } from './workflow.ts';

/** What attempts of one task type have in common. The same object serves all of them, so it may be compared by identity. */
export interface ExecutionSpec {
  readonly run: Run;
  readonly limits?: Limits | undefined;
  readonly resources?: Resources | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly code?: Code | undefined;
  /** What the manifests in its code list is installed before it runs. */
  readonly dependencies?: 'auto' | undefined;
  /** The files it leaves are kept. */
  readonly artifacts?: true | undefined;
}

export interface Execution {
  /** Names the attempt towards the executor; unique in the agent's life. */
  readonly key: number;
  readonly run: string;
  readonly workflow: string;
  readonly task: string;
  readonly attempt: number;
  readonly spec: ExecutionSpec;
  readonly input: Json;
  /** Inputs of the steps that have one of their own, nested ones too, in the order they are written. */
  readonly stepInputs?: readonly Json[] | undefined;
  /** What its needs have left. Undefined: none of them may leave anything. */
  readonly needed?: readonly NeededArtifacts[] | undefined;
  /** Where those are laid out, and where it leaves its own. */
  readonly folders?: Folders | undefined;
}

export interface Folders {
  readonly needed?: string;
  readonly left?: string;
}

export interface AttemptError {
  readonly reason: FailureReason;
  /** The error's name in its language, such as `ValueError`. */
  readonly name?: string;
  /** At most 2 KB. */
  readonly message: string;
  readonly exitCode?: number;
  readonly signal?: string;
  /** At most 8 KB. */
  readonly stack?: string;
}

/** A sub-task that an attempt asks for. The same key from a later attempt of the same task is the same sub-task. */
export interface SpawnRequest {
  /** Default: the number of this request in the attempt, from 0. */
  readonly key: string;
  /** Default: the spec of the task that spawns. */
  readonly run?: Run;
  readonly with?: Json;
  /** The parent does not wait for it, nor fail with it; the run does. */
  readonly detached?: boolean;
}

/** An attempt asks whether an effect is its to have; with a value, it says what the effect gave. */
export interface OnceAsk {
  /** Names the effect within the task. */
  readonly key: string;
  readonly value?: Json;
}

/**
 * `mine`: have it now, and say what it gave. `value`: it was had before, and gave this. `wait`: another is at it; ask again
 * after so many ms. `kept`: what it gave is remembered.
 */
export type OnceAnswer =
  | { readonly mine: true }
  | { readonly kept: true }
  | { readonly value: Json }
  | { readonly wait: number }
  | { readonly error: string };

/**
 * How an attempt ended. `released`: it was handed back, and does not count as a try: it was not started, or, with an
 * error, it was stopped at work in a drain.
 * Times in epoch ms.
 */
export interface AttemptResult {
  readonly key: number;
  readonly outcome: 'succeeded' | 'failed' | 'cancelled' | 'released';
  readonly output?: Json;
  readonly error?: AttemptError;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Seconds of CPU, user and system, of the attempt's processes; of a call in a warm process, that process's during it. */
  readonly cpuSeconds?: number;
  /** Peak resident memory in MB. */
  readonly memoryMb?: number;
  readonly spawns?: readonly SpawnRequest[];
  readonly artifacts?: StoredArtifacts;
}

/** "At step X since HH:MM". */
export interface Beat {
  readonly key: number;
  /** Epoch ms of the task's last sign of life. */
  readonly at: number;
  readonly step?: string;
  /** Epoch ms at which the step began. */
  readonly stepAt?: number;
  /** 0 to 1. */
  readonly progress?: number;
}

/** An attempt began; `at` epoch ms, never after the times in its result. */
export interface Start {
  readonly key: number;
  readonly at: number;
}

/** What the executor tells the agent. Calls come in batches, never while a call into the executor is on the stack. */
export interface ExecutorEvents {
  started(starts: readonly Start[]): void;
  ended(results: readonly AttemptResult[]): void;
  beats(beats: readonly Beat[]): void;
  /** An effect is to happen once. Without it, none is promised that. */
  asked?(key: number, ask: OnceAsk): Promise<OnceAnswer>;
  /** There may be more room than before, without an end. */
  roomier?(): void;
  /** Sub-tasks that are to start while the attempt still runs. Those that come with the end are in its result. */
  spawned(key: number, requests: readonly SpawnRequest[]): void;
}

/** Runs attempts as processes and as calls into warm processes. Log lines go straight to the log sink. */
export interface Executor {
  /**
   * How many more attempts of this kind it would take now without letting them wait for long: free slots, and of
   * programs and calls into warm processes that were seen to be short a few more, so that these never idle.
   * `promised`: slots that others are about to take.
   */
  room(spec: ExecutionSpec, promised?: number): number;
  /** How many slots so many attempts of this kind would take if they were started now. */
  slots(spec: ExecutionSpec, attempts: number): number;
  start(executions: readonly Execution[]): void;
  /** TERM, then KILL after the grace time. The attempt ends as `cancelled`. Unknown keys are ignored. */
  cancel(keys: readonly number[]): void;
  /** Gives back what has not begun (`released`), lets the rest finish for `graceMs`, then kills it (`released`). */
  drain(graceMs: number): Promise<void>;
  /** Kills all and ends its processes at once. */
  close(): Promise<void>;
}
