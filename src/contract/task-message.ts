import type { NeededArtifacts } from './artifacts.ts';
import type { ExecutionSpec } from './execution.ts';
import type { Json, JsonObject } from './json.ts';
import type { Delivery } from './workflow.ts';

/**
 * A message to runners: some attempts of one task type, with all that is needed to run them. A hint: what it says is
 * true when it was sent, and an attempt starts only by a claim (or by its delivery, `at-least-once`).
 */
export interface TaskMessage {
  readonly spec: ExecutionSpec;
  readonly workflow: string;
  readonly delivery: Delivery;
  /** Runs also when its run is cancelled. */
  readonly always: boolean;
  readonly sentAt: number;
  /** Not started before, epoch ms. */
  readonly notBefore: number;
  /** An attempt claimed after it fails with `queue-limit`, epoch ms. 0: none. */
  readonly notAfter: number;
  readonly runs: readonly string[];
  /** The generation of each run that this was sent in: once another has begun, nothing of it starts. */
  readonly generations: readonly number[];
  /** The runs' inputs, for the templates of what follows. */
  readonly inputs?: readonly Json[];
  readonly tasks: readonly TaskRow[];
  /** How often a message with these attempts was received so often that it went to the dead letters. */
  readonly deaths?: number;
}

/**
 * What the runner may go on with at once when a task succeeded: its only dependent, that one's, and so on, each needing
 * nothing else.
 */
export interface Follow {
  readonly spec: ExecutionSpec;
  readonly task: number;
  readonly id: string;
  readonly attempt: number;
  /** Its input's template; it may name the output of the task before. Absent: the run's input. */
  readonly with?: Json;
  /** The id of the task before, as its template names it. */
  readonly before: string;
}

export type TaskRow = readonly [
  run: number,
  task: number,
  id: string,
  attempt: number,
  input: Json,
  follow?: readonly Follow[],
  stepInputs?: readonly Json[],
  needed?: readonly NeededArtifacts[],
];

export const asBody = (message: TaskMessage): JsonObject => message as unknown as JsonObject;
export const fromBody = (body: JsonObject): TaskMessage => body as unknown as TaskMessage;
