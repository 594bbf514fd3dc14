import { Problem } from '../contract/problem.ts';
import type { Workflow } from '../contract/workflow.ts';
import { type Accepted, acceptWorkflow } from './accept.ts';

/** Accepts what can run where only these pools are: a task of any other would wait for ever. */
export const acceptForPools =
  (pools: readonly string[]) =>
  (given: Workflow): Accepted => {
    const accepted = acceptWorkflow(given);
    const mistakes = accepted.workflow.tasks.flatMap(({ id, pool = 'default' }) =>
      pools.includes(pool)
        ? []
        : [{ message: `task ${id}: there is no pool ${pool} here, only ${pools.join(', ')}` }],
    );
    if (mistakes.length === 0) return accepted;
    const message = mistakes.map((mistake) => mistake.message).join('; ');
    throw new Problem('workflow-invalid', message, mistakes);
  };
