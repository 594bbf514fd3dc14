import type { SubmitRequest } from '../contract/api.ts';
import { Problem } from '../contract/problem.ts';
import type { Workflow } from '../contract/workflow.ts';

const namesMax = 10;

/** The workflow with what a submit gives its tasks, over what they ask for themselves. It is another workflow then. */
export function givenResources(
  workflow: Workflow,
  given: SubmitRequest['resources'],
  pointer = '/resources',
): Workflow {
  if (given === undefined || Object.keys(given).length === 0) return workflow;
  const ids = new Set(workflow.tasks.map(({ id }) => id));
  const unknown = Object.keys(given).filter((id) => !ids.has(id));
  if (unknown.length > 0) {
    const known = [...ids].slice(0, namesMax).join(', ') + (ids.size > namesMax ? ', …' : '');
    const details = unknown.map((id) => ({
      pointer: `${pointer}/${id}`,
      message: `there is no task ${id} to give resources to, only ${known}`,
    }));
    throw new Problem('input-invalid', details.map(({ message }) => message).join('; '), details);
  }
  const tasks = workflow.tasks.map((task) =>
    Object.hasOwn(given, task.id)
      ? { ...task, resources: { ...task.resources, ...given[task.id] } }
      : task,
  );
  return { ...workflow, tasks };
}
