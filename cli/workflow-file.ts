import type { Workflow } from '../src/contract/workflow.ts';
import { loadWorkflow } from '../src/definition/load.ts';
import type { OwnSchedule } from '../src/definition/read-schedule.ts';

export interface LoadedFile {
  readonly workflow: Workflow;
  readonly code: { readonly folder: string };
  readonly schedule?: OwnSchedule;
}

/** Reads a workflow as users write it: YAML, JSON, or a module that builds one. */
export async function loadFile(path: string): Promise<LoadedFile> {
  const { workflow, folder, schedule } = await loadWorkflow(path);
  return { workflow, code: { folder }, ...(schedule && { schedule }) };
}
