import * as z from 'zod';
import { Workflow } from '../contract/workflow.ts';
import { fromZod } from './problem-response.ts';

/** A workflow in canonical form, as it came in a body. */
export function parseWorkflow(value: unknown): Workflow {
  const parsed = z.safeParse(Workflow, value);
  if (!parsed.success) throw fromZod('workflow-invalid', 'the workflow', parsed.error, '/workflow');
  return parsed.data;
}
