import type { JsonObject } from '../contract/json.ts';
import type { Workflow } from '../contract/workflow.ts';
import type { Dag } from '../core/dag.ts';
import type { Progress } from '../core/progress.ts';
import type { Meta } from './items.ts';

/** A run in memory. Changed in place by folding; thrown away when it could not be saved. */
export interface LoadedRun {
  meta: Meta;
  metaVersion: number;
  readonly workflow: Workflow;
  readonly dag: Dag;
  readonly progress: Progress;
  readonly input: JsonObject;
}
