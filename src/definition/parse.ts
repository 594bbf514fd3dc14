import type { Workflow } from '../contract/workflow.ts';
import { canonicalize } from './canonical.ts';
import { findMistakes } from './check.ts';
import { locate } from './locate.ts';
import { Mistakes, type Source } from './mistakes.ts';
import { readWorkflow } from './read-workflow.ts';
import { parseText } from './text.ts';
import { isMap, type Node } from './tree.ts';

/**
 * Compiles a workflow as authors write it, in YAML or JSON, to its canonical form. Throws a `workflow-invalid` problem
 * with up to 20 mistakes, each with its place.
 */
export function parseWorkflowText(text: string, file?: string): Workflow {
  const { root, source } = parseText(text, file);
  return compileTree(root, source);
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
