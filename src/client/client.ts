import { monotonicFactory } from 'ulid';
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
import { isEnded } from '../contract/state.ts';
import type { CodeArchive } from '../contract/workflow.ts';
import type {
  ArtifactsFilter,
  Content,
  EventsFilter,
  Fanfold,
  LogPage,
  LogsFilter,
  PackagesFilter,
  RunsFilter,
  Submitted,
  TasksFilter,
} from './fanfold.ts';
import { callHttp, getBytes, type HttpCall, type HttpOptions } from './http.ts';
import { schedulesOver } from './schedules.ts';
import { sendCode } from './send-code.ts';

/** Rising ids: made fast, and in the order in which runs were submitted. */
const newId = monotonicFactory();

/** The longest wait that a server grants. */
const WAIT_MS_MAX = 25_000;

/**
 * Talks to a Fanfold server.
 *
 * Submits are given their ids here, and controls their keys, so they are tried again after a lost connection and still
 * start one run each, and ask for one thing.
 */
export class Client implements Fanfold {
  readonly #options: HttpOptions;
  /** A server that was never there is not waited for. */
  #hasAnswered = false;

  readonly schedules: Schedules;

  constructor(options: HttpOptions) {
    this.#options = options;
    const send = async (call: HttpCall) => (await callHttp(options, call)).body;
    this.schedules = schedulesOver(send, query, newId);
  }

  get url(): string {
    return this.#options.url;
  }

  async submit(request: SubmitRequest): Promise<Submitted> {
    const body = { ...request, id: request.id ?? newId() };
    const call = { method: 'POST', path: '/v1/runs', body, repeatable: true } as const;
    const answer = await callHttp(this.#options, call);
    return { run: answer.body as RunSummary, created: !answer.isReplay };
  }

  /** Sends an archive of code, as `archiveFolder` makes it, if it is not there yet; what it returns goes into submits. */
  sendCode(bytes: Uint8Array): Promise<CodeArchive> {
    return sendCode(this.#options, bytes);
  }

  async pushPackage(name: string, archive: CodeArchive): Promise<PackageVersion> {
    const path = `/v1/packages/${encodeURIComponent(name)}`;
    const call = { method: 'PUT', path, body: archive, repeatable: true } as const;
    return (await callHttp(this.#options, call)).body as PackageVersion;
  }

  packages(filter: PackagesFilter): Promise<PageOf<PackageSummary>> {
    return this.#get(`/v1/packages${query(filter)}`);
  }

  package(name: string): Promise<PackageView> {
    return this.#get(`/v1/packages/${encodeURIComponent(name)}`);
  }

  async submitMany(request: SubmitManyRequest): Promise<{ readonly ids: readonly string[] }> {
    const runs = request.runs.map((run) => ({ ...run, id: run.id ?? newId() }));
    const body = { ...request, runs };
    const call = { method: 'POST', path: '/v1/runs:batch', body, repeatable: true } as const;
    return (await callHttp(this.#options, call)).body as { ids: string[] };
  }

  runs(filter: RunsFilter): Promise<PageOf<RunSummary>> {
    return this.#get(`/v1/runs${query(filter)}`);
  }

  run(id: string): Promise<RunView> {
    return this.#get(runPath(id));
  }

  async end(id: string, waitMs: number): Promise<RunSummary> {
    for (let left = waitMs; ; left -= WAIT_MS_MAX) {
      const wait = Math.max(0, Math.min(left, WAIT_MS_MAX)) / 1000;
      const run = await this.#get<RunSummary>(`${runPath(id)}${query({ wait })}`);
      if (isEnded(run.state) || left <= WAIT_MS_MAX) return run;
    }
  }

  async runners(): Promise<readonly RunnerView[]> {
    return (await this.#get<PageOf<RunnerView>>('/v1/runners')).items;
  }

  graph(id: string): Promise<RunGraph> {
    return this.#get(`${runPath(id)}/graph`);
  }

  states(id: string): Promise<RunStates> {
    return this.#get(`${runPath(id)}/states`);
  }

  tasks(id: string, filter: TasksFilter): Promise<PageOf<TaskView>> {
    return this.#get(`${runPath(id)}/tasks${query(filter)}`);
  }

  task(id: string, task: string): Promise<TaskView> {
    return this.#get(`${runPath(id)}/tasks/${encodeURIComponent(task)}`);
  }

  artifacts(id: string, filter: ArtifactsFilter): Promise<PageOf<ArtifactView>> {
    return this.#get(`${runPath(id)}/artifacts${query(filter)}`);
  }

  async artifact(id: string, task: string, path: string): Promise<Content> {
    const place = `${runPath(id)}/artifacts/content${query({ task, path })}`;
    const response = await getBytes(this.#options, place);
    const url = response.headers.get('location');
    return url === null ? { parts: response.body as ReadableStream<Uint8Array> } : { url };
  }

  events(id: string, { after, waitMs = 0 }: EventsFilter): Promise<PageOf<RunEvent>> {
    const wait = Math.min(waitMs, WAIT_MS_MAX) / 1000;
    return this.#get(`${runPath(id)}/events${query({ after, wait })}`);
  }

  logs({ run, ...filter }: LogsFilter): Promise<LogPage> {
    return this.#get(`${runPath(run)}/logs${query(filter)}`);
  }

  async control(
    id: string,
    { action, ...body }: ControlRequest,
    key: string = newId(),
  ): Promise<RunSummary> {
    const path = `${runPath(id)}/${action}`;
    const call = { method: 'POST', path, body, key, repeatable: true } as const;
    return (await callHttp(this.#options, call)).body as RunSummary;
  }

  /** Any call of the API. */
  async call(call: HttpCall): Promise<unknown> {
    return (await callHttp(this.#options, call)).body;
  }

  /** Whether a server answers there at all. */
  async isAlive(): Promise<boolean> {
    try {
      const call = { method: 'GET', path: '/healthz', repeatable: false } as const;
      await callHttp(this.#options, call);
      return true;
    } catch {
      return false;
    }
  }

  async #get<T>(path: string): Promise<T> {
    const patient = this.#hasAnswered;
    const call = { method: 'GET', path, repeatable: true, patient } as const;
    const answer = await callHttp(this.#options, call);
    this.#hasAnswered = true;
    return answer.body as T;
  }
}

const runPath = (id: string): string => `/v1/runs/${encodeURIComponent(id)}`;

function query(filter: object): string {
  const given = Object.entries(filter).filter(([, value]) => value !== undefined);
  const params = new URLSearchParams();
  for (const [name, value] of given) params.set(name, String(value));
  const text = params.toString();
  return text === '' ? '' : `?${text}`;
}
