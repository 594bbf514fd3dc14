/** What the thread that reads large submits sends back, part by part: none keeps the one who takes it for long. */
import type { SubmitRequest } from '../contract/api.ts';
import type { ProblemCode, ProblemDetail } from '../contract/problem.ts';
import type { Run, Task, Workflow } from '../contract/workflow.ts';
import type { Dag } from '../core/dag.ts';

export type SubmitPart =
  | {
      readonly kind: 'problem';
      readonly code: ProblemCode;
      readonly message: string;
      readonly details: readonly ProblemDetail[];
    }
  | {
      readonly kind: 'tasks';
      /** Runs that no part before had. */
      readonly runs: readonly Run[];
      /** In the workflow's order; a task's run is the number of one of all runs so far. */
      readonly tasks: readonly SentTask[];
    }
  | {
      readonly kind: 'rest';
      readonly request: Omit<SubmitRequest, 'workflow'>;
      readonly workflow: Omit<Workflow, 'tasks'>;
      readonly text: Uint8Array;
      readonly hash: string;
      readonly dag: Omit<Dag, 'tasks'>;
      /** Of the dag's tasks, in its order: their places in the workflow. */
      readonly places: Int32Array;
    };

export type SentTask = Omit<Task, 'run'> & { readonly run: number };

/** The memory that a message holds alone: handed over instead of copied, which would keep both ends busy for long. */
export function memoryOf(message: object): ArrayBuffer[] {
  const parts = ArrayBuffer.isView(message) ? [message] : Object.values(message);
  const views = parts.filter((part) => ArrayBuffer.isView(part));
  const whole = views.filter(({ buffer, byteLength }) => buffer.byteLength === byteLength);
  return [...new Set(whole.map(({ buffer }) => buffer as ArrayBuffer))];
}

/** What the reader says when it is ready for the next part. */
export const nextPart = 'next';
