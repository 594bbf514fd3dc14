/**
 * What a client can ask of Fanfold. `Client` asks a server; the engine of an embedded Fanfold answers the same calls
 * in this process, so that whatever shows runs need not know which of the two it has.
 */
import type {
  ArtifactView,
  ControlRequest,
  PackageSummary,
  PackageVersion,
  PackageView,
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
} from '../contract/api.ts';
import type { Schedules } from '../contract/schedule.ts';
import type { RunState, TaskState } from '../contract/state.ts';
import type { CodeArchive } from '../contract/workflow.ts';

export interface RunsFilter {
  readonly state?: RunState;
  readonly workflow?: string;
  /** In the id, the workflow's name or a tag. */
  readonly text?: string;
  readonly after?: string;
  readonly limit?: number;
  /** Created then or later, epoch ms. */
  readonly since?: number;
  /** Created before. */
  readonly until?: number;
}

export interface TasksFilter {
  readonly state?: TaskState;
  /** In the id. */
  readonly text?: string;
  readonly after?: string;
  readonly limit?: number;
}

export interface PackagesFilter {
  readonly after?: string;
  readonly limit?: number;
}

export interface ArtifactsFilter {
  /** Of this task only. */
  readonly task?: string;
  readonly after?: string;
}

export type Content = { readonly url: string } | { readonly parts: AsyncIterable<Uint8Array> };

export interface EventsFilter {
  readonly after?: string;
  readonly waitMs?: number;
}

export interface LogsFilter {
  readonly run: string;
  readonly task?: string;
  readonly attempt?: number;
  readonly after?: string;
  readonly limit?: number;
}

/** A line that a task printed. */
export interface LogLine {
  readonly run: string;
  readonly task: string;
  readonly attempt: number;
  readonly at: number;
  readonly stream: 'stdout' | 'stderr' | 'system';
  readonly text: string;
}

export interface LogPage {
  readonly lines: readonly LogLine[];
  readonly next: string;
}

export interface Submitted {
  readonly run: RunSummary;
  /** False when the run was there already. */
  readonly created: boolean;
}

/** Refusals are thrown as `Problem`. */
export interface Fanfold {
  submit(request: SubmitRequest): Promise<Submitted>;
  submitMany(request: SubmitManyRequest): Promise<{ readonly ids: readonly string[] }>;
  /** Makes an archive of code that the server has a version of a package, and its last one. */
  pushPackage(name: string, archive: CodeArchive): Promise<PackageVersion>;
  packages(filter: PackagesFilter): Promise<PageOf<PackageSummary>>;
  package(name: string): Promise<PackageView>;
  runs(filter: RunsFilter): Promise<PageOf<RunSummary>>;
  runners(): Promise<readonly RunnerView[]>;
  run(id: string): Promise<RunView>;
  /** The run's summary as soon as it has ended, or as it is after `waitMs`. */
  end(id: string, waitMs: number): Promise<RunSummary>;
  graph(id: string): Promise<RunGraph>;
  states(id: string): Promise<RunStates>;
  tasks(id: string, filter: TasksFilter): Promise<PageOf<TaskView>>;
  task(id: string, task: string): Promise<TaskView>;
  /** The files that its tasks have left. */
  artifacts(id: string, filter: ArtifactsFilter): Promise<PageOf<ArtifactView>>;
  /** One's content, in parts; or an address that gives it to a plain `GET`, for some minutes. */
  artifact(id: string, task: string, path: string): Promise<Content>;
  events(id: string, filter: EventsFilter): Promise<PageOf<RunEvent>>;
  logs(filter: LogsFilter): Promise<LogPage>;
  /** `key`: asking again under the same one asks nothing new. */
  control(id: string, request: ControlRequest, key?: string): Promise<RunSummary>;
  readonly schedules: Schedules;
}
