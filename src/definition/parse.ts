import type { Workflow } from '../contract/workflow.ts';
import { canonicalize } from './canonical.ts';
import { findMistakes } from './check.ts';
import { locate } from './locate.ts';
import { Mistakes, type Source } from './mistakes.ts';
import { type OwnSchedule, readSchedule } from './read-schedule.ts';
import { readWorkflow } from './read-workflow.ts';
import { parseText } from './text.ts';
import { entryOf, isMap, type Node } from './tree.ts';

/**
 * Compiles a workflow as authors write it, in YAML or JSON, to its canonical form. Throws a `workflow-invalid` problem
 * with up to 20 mistakes, each with its place.
 */
export function parseWorkflowText(text: string, file?: string): Workflow {
  const { root, source } = parseText(text, file);
  return compileTree(root, source);
}

/** The same, with what it says of when it runs. */
export function parseScheduledText(
  text: string,
  file?: string,
): { readonly workflow: Workflow; readonly schedule?: OwnSchedule } {
  const { root, source } = parseText(text, file);
  const workflow = compileTree(root, source);
  const entry = isMap(root) ? entryOf(root, 'schedule') : undefined;
  const schedule = entry && readSchedule(entry, new Mistakes());
  return { workflow, ...(schedule && { schedule }) };
}

export function compileTree(root: Node, source: Source): Workflow {
  const mistakes = new Mistakes();
  const workflow = readWorkflow(root, mistakes);
  if (workflow !== undefined && isMap(root) && !mistakes.full)
    for (const finding of findMistakes(workflow)) {
      const where = locate(root, finding);
      if (!mistakes.has(where)) mistakes.add(where, finding.message);
    }
  if (workflow === undefined || mistakes.any) throw mistakes.problem(root, source);
  return canonicalize(workflow);
}
