import { Problem, type ProblemDetail } from '../contract/problem.ts';
import { parseWorkflowText } from '../definition/parse.ts';

export interface LintReport {
  readonly valid: boolean;
  readonly errors: readonly ProblemDetail[];
}

/** Checks a workflow as users write it. Mistakes are the answer, not a refusal. */
export function lintText(text: string): LintReport {
  try {
    parseWorkflowText(text);
    return { valid: true, errors: [] };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { details } = error;
    return { valid: false, errors: details.length > 0 ? details : [{ message: error.message }] };
  }
}
