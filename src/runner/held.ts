import type { NeededArtifacts } from '../contract/artifacts.ts';
import type { Beat, Execution, ExecutionSpec } from '../contract/execution.ts';
import type { Report } from '../contract/happening.ts';
import type { Json } from '../contract/json.ts';
import type { Follow } from '../contract/task-message.ts';
import type { Delivery } from '../contract/workflow.ts';

/** A message that was taken, while anything of it is still to be answered for. */
export interface Letter {
  readonly receipt: string;
  /** Attempts of it that are not durably reported, nor let go. */
  open: number;
  /** A saved heartbeat lists all that is open of it, so the message is gone. */
  removed: boolean;
  /** Something of it is to be looked at again, so it is left to come again. */
  stays: boolean;
  /** When nobody else could take it any more, epoch ms. */
  visibleAt: number;
}

/** An attempt that this runner answers for: from before its claim until its report is durable. */
export interface Held {
  readonly key: number;
  /** What `keyOfAttempt` says, made once. */
  readonly name: string;
  readonly run: string;
  /** The run's generation that it was sent in. */
  readonly generation: number;
  readonly workflow: string;
  readonly task: number;
  readonly id: string;
  readonly attempt: number;
  readonly input: Json;
  readonly stepInputs: readonly Json[] | undefined;
  readonly needed: readonly NeededArtifacts[] | undefined;
  readonly spec: ExecutionSpec;
  readonly delivery: Delivery;
  readonly always: boolean;
  /** Claimed after it, epoch ms, it fails with `queue-limit`; 0: none. */
  readonly notAfter: number;
  readonly letter: Letter;
  /** What may be gone on with when it succeeded, and the run's input for it. */
  readonly follow: readonly Follow[];
  readonly runInput: Json;
  /** The attempt that was gone on from. */
  after: Report['after'] | undefined;
  /** The attempt that was gone on with before the report of this one was written. */
  next: Held | undefined;
  /** Epoch ms of the claim, then of the start. */
  since: number;
  started: boolean;
  /** Its claim is durable, and this runner's. */
  granted: boolean;
  beat: Beat | undefined;
  cancelled: boolean;
  /** Sort keys of the spawn items that are durable. */
  spawned: string[];
  /** Spawn items that are being written. */
  spawning: Promise<void> | undefined;
  /** Why a sub-task that it asked for cannot be made. */
  notSpawned?: string;
}

/** What its executor is given. */
export const executionOf = (held: Held): Execution => ({
  key: held.key,
  run: held.run,
  workflow: held.workflow,
  task: held.id,
  attempt: held.attempt,
  spec: held.spec,
  input: held.input,
  stepInputs: held.stepInputs,
  needed: held.needed,
});
