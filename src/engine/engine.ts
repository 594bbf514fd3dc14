import type {
  ArtifactView,
  CodeOffer,
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
import type { TaskState } from '../contract/state.ts';
import type { CodeArchive } from '../contract/workflow.ts';
import type { LogPage, LogQuery } from '../ports/log-sink.ts';
import type { NamedTasks } from './named-tasks.ts';

export interface RunsQuery {
  readonly state?: string;
  readonly workflow?: string;
  /** In the id, the workflow's name or a tag; upper and lower case are the same. */
  readonly text?: string;
  /** Created then or later, epoch ms. */
  readonly since?: number;
  /** Created before, epoch ms. */
  readonly until?: number;
  readonly after?: string;
  readonly limit?: number;
}

export interface PackagesQuery {
  readonly after?: string;
  readonly limit?: number;
}

export interface TasksQuery {
  readonly state?: TaskState;
  /** In the id; upper and lower case are the same. */
  readonly text?: string;
  readonly after?: string;
  readonly limit?: number;
}

export interface ArtifactsQuery {
  /** Of this task only. */
  readonly task?: string | undefined;
  readonly after?: string | undefined;
}

/** Where the content is to be had past this process, or else the content, in parts. */
export type ArtifactContent = { readonly artifact: ArtifactView } & (
  | { readonly url: string }
  | { readonly parts: AsyncIterable<Uint8Array> }
);

/** What the API can ask of the engine, whatever the substrate. Refusals are thrown as `Problem`. */
export interface Engine {
  /** `created` is false when that run id was there already with the same content. */
  submit(request: SubmitRequest): Promise<{ readonly run: RunSummary; readonly created: boolean }>;
  submitMany(request: SubmitManyRequest): Promise<{ readonly ids: readonly string[] }>;
  /** Whether an archive of code is there; if not, where it is to be put. */
  offerCode(archive: CodeArchive): Promise<CodeOffer>;
  /** Refused when `hash` is not the SHA-256 of the bytes. */
  putCode(hash: string, bytes: Uint8Array): Promise<CodeArchive>;
  /** Makes an archive of code that is here a version of a package, and its last one. */
  pushPackage(name: string, archive: CodeArchive): Promise<PackageVersion>;
  packages(query: PackagesQuery): Promise<PageOf<PackageSummary>>;
  package(name: string): Promise<PackageView>;
  runs(query: RunsQuery): Promise<PageOf<RunSummary>>;
  runners(): Promise<readonly RunnerView[]>;
  run(id: string): Promise<RunView>;
  /** The run's summary as soon as it has ended, or as it is after `waitMs`. */
  end(id: string, waitMs: number): Promise<RunSummary>;
  graph(id: string): Promise<RunGraph>;
  /** How the tasks of the graph stand. */
  states(id: string): Promise<RunStates>;
  tasks(id: string, query: TasksQuery): Promise<PageOf<TaskView>>;
  task(id: string, task: string): Promise<TaskView>;
  /** The files that tasks have left. */
  artifacts(id: string, query: ArtifactsQuery): Promise<PageOf<ArtifactView>>;
  artifact(id: string, task: string, path: string): Promise<ArtifactContent>;
  /** Events after the cursor; waits up to `waitMs` for one when there is none. */
  events(
    id: string,
    query: { readonly after?: string; readonly waitMs?: number },
  ): Promise<PageOf<RunEvent>>;
  logs(query: LogQuery): Promise<LogPage>;
  /** `key`: made by the client, so that asking again, as when the answer was lost, asks nothing new. */
  control(id: string, request: ControlRequest, key?: string): Promise<RunSummary>;
  readonly schedules: Schedules;
  readonly namedTasks: NamedTasks;
}
