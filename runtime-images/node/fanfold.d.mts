/** A value that JSON has a form for. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json | undefined };

/** A sub-task that is asked for; nothing of it is needed. */
export interface SpawnRequest {
  /** With the same key it is the same sub-task, also when the attempt is made again. */
  readonly key?: string;
  /** Its input. */
  readonly with?: Json;
  /** What it does, as a workflow's canonical form has it. Default: what its parent does. */
  readonly run?: { readonly kind: string; readonly [member: string]: Json | undefined };
  /** Its parent does not wait for it. */
  readonly detached?: boolean;
}

/** What a function sees of its attempt: its second argument, the same in a program and in a warm process. */
export interface Task {
  readonly run: string;
  readonly workflow: string;
  readonly id: string;
  /** From 1. */
  readonly attempt: number;
  /** Aborted when the attempt was cancelled or its time is over; KILL follows after the grace time. */
  readonly signal: AbortSignal;
  /** The folder whose files are kept when the attempt succeeds, where the task has artifacts. */
  readonly artifacts?: string | undefined;
  /** The folder with what needs have left, to be read only. */
  readonly inputs?: string | undefined;
  beat(): void;
  /** `fraction`: 0 to 1. */
  progress(step: string, fraction?: number): void;
  spawn(request: SpawnRequest | Json): void;
  log(...values: unknown[]): void;
  /** Runs `fn` unless an attempt at this task has run it to its end under this key; gives what it gave, at most 64 KB. */
  once<T>(key: string, fn: () => T | Promise<T>): Promise<T>;
}

/** A task as a function: typed input and output. */
export type TaskFunction<Input = Json, Output = unknown> = (
  input: Input,
  task: Task,
) => Output | Promise<Output>;

/** I am alive. */
export function beat(): void;
/** I am at this step, and this part of all, 0 to 1, is done. */
export function progress(step: string, fraction?: number): void;
export function spawn(request?: SpawnRequest): void;
export function log(text: unknown): void;
/** The task's input; null outside of a task. */
export function input<Input = Json>(): Input;
/** Makes a value the task's output. The last call counts. */
export function output(value: unknown): void;
export function once<T>(key: string, fn: () => T | Promise<T>, signal?: AbortSignal): Promise<T>;
/** Makes this program out of functions as a warm process calls them: runs the one that its first argument names. */
export function main(
  // biome-ignore lint/suspicious/noExplicitAny: each has an input of its own
  functions: TaskFunction<any, any> | Readonly<Record<string, TaskFunction<any, any>>>,
): Promise<void>;
