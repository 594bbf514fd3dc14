import { createHash } from 'node:crypto';
import { Problem } from '../contract/problem.ts';
import type { Workflow } from '../contract/workflow.ts';
import { canonicalize, canonicalText } from './canonical.ts';
import { checkWorkflow } from './check.ts';

/** A workflow that may be run, with its text and the hash of it. */
export interface Accepted {
  readonly workflow: Workflow;
  readonly text: string;
  readonly hash: string;
}

/** Checks a workflow and brings it to its one form. Throws `Problem` `workflow-invalid` with every mistake's place. */
export function acceptWorkflow(given: Workflow): Accepted {
  const mistakes = checkWorkflow(given);
  if (mistakes.length > 0)
    throw new Problem(
      'workflow-invalid',
      mistakes.map(({ message }) => message).join('; '),
      mistakes,
    );
  const workflow = canonicalize(given);
  const text = canonicalText(workflow);
  return { workflow, text, hash: createHash('sha256').update(text).digest('hex') };
}
