import type { Workflow } from '../src/contract/workflow.ts';

export interface LoadedFile {
  readonly workflow: Workflow;
  readonly code: { readonly folder: string };
}

/** Reads a workflow as users write it: YAML, JSON, or a module that builds one. */
export async function loadFile(path: string): Promise<LoadedFile> {
  const place = '../src/definition/index.ts';
  const { loadWorkflow } = await import(place);
  return loadWorkflow(path);
}
