import { Problem } from '../contract/problem.ts';
import type { Workflow } from '../contract/workflow.ts';
import { problemOf } from '../definition/mistakes.ts';
import { parseCanonical } from '../definition/parse-canonical.ts';

/** A workflow in canonical form, as it came in the field `workflow` of a body. */
export function parseWorkflow(value: unknown): Workflow {
  try {
    return parseCanonical(value);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    throw problemOf(
      error.details.map(({ pointer = '', ...rest }) => ({
        ...rest,
        pointer: `/workflow${pointer}`,
      })),
    );
  }
}
