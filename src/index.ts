/** The public entry: writing workflows, and talking to a server. `./embedded` runs them in this process. */
export { archiveFolder } from './client/archive-folder.ts';
export { Client } from './client/client.ts';
export type { Fanfold, Submitted } from './client/fanfold.ts';
export { type FollowOptions, followEvents, followLogs } from './client/follow.ts';
export type {
  AttemptView,
  ControlRequest,
  PageOf,
  RunEvent,
  RunGraph,
  RunnerView,
  RunStates,
  RunSummary,
  RunView,
  SubmitManyRequest,
  SubmitRequest,
  TaskView,
} from './contract/api.ts';
export type { Json, JsonObject } from './contract/json.ts';
export { Problem, type ProblemCode, type ProblemDetail } from './contract/problem.ts';
export { isEnded, type RunState, type TaskState } from './contract/state.ts';
export type { Task, Workflow } from './contract/workflow.ts';
export { task, type WorkflowBuilder, workflow } from './definition/builder.ts';
export type {
  StepOptions,
  TaskHandle,
  TaskOptions,
  WorkflowOptions,
} from './definition/builder-options.ts';
export { index, item, items, type Reference, runId } from './definition/handles.ts';
export { loadWorkflow } from './definition/load.ts';
export { printYaml } from './definition/print.ts';
