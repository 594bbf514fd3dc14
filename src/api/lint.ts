import { parse } from 'yaml';
import { Problem, type ProblemDetail } from '../contract/problem.ts';
import { parseWorkflow } from './workflow-body.ts';

export interface LintReport {
  readonly valid: boolean;
  readonly errors: readonly ProblemDetail[];
}

/** Checks a workflow as users write it. Mistakes are the answer, not a refusal. */
export function lintText(text: string): LintReport {
  try {
    parseWorkflow(parse(text));
    return { valid: true, errors: [] };
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    const { details } = error;
    return { valid: false, errors: details.length > 0 ? details : [{ message: error.message }] };
  }
}
