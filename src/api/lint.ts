import { Problem, type ProblemDetail } from '../contract/problem.ts';
import type { Workflow } from '../contract/workflow.ts';
import { parseWorkflowText } from '../definition/parse.ts';

export interface LintReport {
  readonly valid: boolean;
  readonly errors: readonly ProblemDetail[];
  /** Of a valid one: its canonical form, as it can be submitted. */
  readonly workflow?: Workflow;
}

/** Checks a workflow as users write it. Mistakes are the answer, not a refusal. */
export function lintText(text: string): LintReport {
  try {
    return { valid: true, errors: [], workflow: parseWorkflowText(text) };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { details } = error;
    return { valid: false, errors: details.length > 0 ? details : [{ message: error.message }] };
  }
}
