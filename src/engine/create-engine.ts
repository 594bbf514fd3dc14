import { Problem } from '../contract/problem.ts';
import { isEnded } from '../contract/state.ts';
import type { Ports } from '../ports/ports.ts';
import type { Decider } from './advance.ts';
import { type Archive, createArchive, type ReadableRun } from './archive.ts';
import { listArtifacts, readArtifact } from './artifacts.ts';
import { offerCode, putCode } from './code.ts';
import { archivedProblem, controlRun, controlRunOnce } from './control-run.ts';
import type { Engine } from './engine.ts';
import { isTold } from './event-cursor.ts';
import { readEvents } from './events.ts';
import { type RunningSource, viewRun } from './inspect.ts';
import { allShards, fromData, type HeartbeatData, heartbeatPartition } from './items.ts';
import { listRuns } from './list-runs.ts';
import { createNamedTasks } from './named-tasks.ts';
import { createOutputs } from './outputs.ts';
import { listPackages, pushPackage, showPackage } from './packages.ts';
import { graphOfRun, statesOfRun } from './run-graph.ts';
import { summaryOf } from './run-summary.ts';
import { listRunners } from './runners.ts';
import { createRuns } from './runs.ts';
import { type CompileTiming, rememberingTimings, type Scheduler } from './scheduler.ts';
import { createSchedules } from './schedules.ts';
import type { EngineSettings } from './settings.ts';
import { createSpecs, type Specs } from './specs.ts';
import { createStuckRuns } from './stuck-runs.ts';
import { type Canonical, submit, submitMany } from './submit.ts';
import { listTasks, showTask } from './tasks.ts';

/** How often a waiting reader of events looks again. */
const eventPollMs = 50;

export function createDecider(
  ports: Ports,
  settings: EngineSettings,
): { decider: Decider; specs: Specs } {
  const specs = createSpecs(ports.blobs);
  const runs = createRuns(ports, settings, specs);
  const outputs = createOutputs(ports, settings);
  return { decider: { ports, settings, runs, outputs, stuck: createStuckRuns() }, specs };
}

/** The engine's face towards the API, over whatever ports. */
export function createEngine(
  decider: Decider,
  specs: Specs,
  canonical: Canonical,
  running: RunningSource,
  compile: CompileTiming,
): Engine {
  const { ports, settings } = decider;
  const archive = createArchive(decider, specs);
  const submitter = createScheduler(decider, specs, canonical, compile, archive);
  const readable = readerOf(decider, archive);
  return {
    async submit(request) {
      const { meta, created } = await submit(submitter, request);
      return { run: summaryOf(meta, meta.tasks), created };
    },
    async submitMany(request) {
      return { ids: await submitMany(submitter, request) };
    },
    offerCode: (code) => offerCode(ports, code),
    putCode: (hash, bytes) => putCode(ports, hash, bytes),
    pushPackage: (name, archive) => pushPackage(ports, settings, name, archive),
    packages: (query) => listPackages(ports, settings, query),
    package: (name) => showPackage(ports, settings, name),
    runs: (query) => listRuns(decider, archive, query),
    runners: () => listRunners(decider),
    ...readers(decider, readable, running),
    schedules: createSchedules(submitter),
    namedTasks: createNamedTasks(ports, settings),
    async control(id, request, key) {
      const { meta: before } = (await readable(id)).run;
      if (before.archived !== undefined) throw archivedProblem(id);
      const meta =
        key === undefined
          ? await controlRun(decider, id, request)
          : await controlRunOnce(decider, id, request, key);
      return summaryOf(meta, meta.tasks);
    },
  };
}

/** Who keeps schedules and starts what they are for, over whatever ports. */
export function createScheduler(
  decider: Decider,
  specs: Specs,
  canonical: Canonical,
  compile: CompileTiming,
  archive: Archive = createArchive(decider, specs),
): Scheduler {
  const { ports, settings, runs } = decider;
  const compiled = rememberingTimings(compile);
  return { ports, settings, specs, runs, canonical, archive, decider, compile: compiled };
}

/** A run from the table, or else from the archive; fresh where others may change it. */
function readerOf(decider: Decider, archive: Archive): (id: string) => Promise<ReadableRun> {
  return async (id) => {
    const run = await decider.runs.look(id, !decider.settings.soleDecider);
    if (run !== undefined) return { decider, run };
    const archived = await archive.open(id);
    if (archived === undefined) throw new Problem('run-unknown', `there is no run ${id}`);
    return archived;
  };
}

type Readers = Pick<
  Engine,
  | 'run'
  | 'end'
  | 'graph'
  | 'states'
  | 'tasks'
  | 'task'
  | 'artifacts'
  | 'artifact'
  | 'events'
  | 'logs'
>;

/** What can be asked of one run, whether it is archived or not. */
function readers(
  { ports, runs, settings }: Decider,
  readable: (id: string) => Promise<ReadableRun>,
  running: RunningSource,
): Readers {
  return {
    async run(id) {
      const { decider, run } = await readable(id);
      return viewRun(decider, run, await running(id));
    },
    async end(id, waitMs) {
      const until = ports.clock.now() + waitMs;
      for (;;) {
        const ended = new AbortController();
        const forget = runs.onEnd(id, () => ended.abort());
        try {
          const { meta } = (await readable(id)).run;
          const left = until - ports.clock.now();
          if (isEnded(meta.state) || left <= 0) return summaryOf(meta, meta.tasks);
          const nap = settings.soleDecider ? left : Math.min(left, eventPollMs);
          await ports.clock.sleep(nap, ended.signal);
        } finally {
          forget();
        }
      }
    },
    async graph(id) {
      return graphOfRun((await readable(id)).run);
    },
    async states(id) {
      const { run } = await readable(id);
      return statesOfRun(run, await running(id));
    },
    async tasks(id, query) {
      const { decider, run } = await readable(id);
      return listTasks(decider, run, await running(id), query);
    },
    async task(id, task) {
      const { decider, run } = await readable(id);
      return showTask(decider, run, await running(id), task);
    },
    async artifacts(id, query) {
      const { decider, run } = await readable(id);
      return listArtifacts(decider, run, query);
    },
    async artifact(id, task, path) {
      const { decider, run } = await readable(id);
      return readArtifact(decider, run, task, path);
    },
    async events(id, { after, waitMs = 0 }) {
      const until = ports.clock.now() + waitMs;
      for (;;) {
        const { decider, run } = await readable(id);
        const page = await readEvents(decider, run, await running(id), after);
        if (page.items.length > 0 || isTold(page.next) || ports.clock.now() >= until) return page;
        await ports.clock.sleep(eventPollMs);
      }
    },
    async logs(query) {
      const { endedAt: until } = (await readable(query.run)).run.meta;
      return ports.logs.read({ ...query, ...(until !== undefined && { until }) });
    },
  };
}

/** Who is at work, from the heartbeats of all runners: seconds old. */
export const runningFromHeartbeats =
  (ports: Pick<Ports, 'table'>, settings: EngineSettings): RunningSource =>
  async (run) => {
    const pages = await Promise.all(
      allShards(settings).map((shard) =>
        ports.table.query({ partition: heartbeatPartition(settings.namespace, shard) }),
      ),
    );
    return pages
      .flatMap(({ items }) => items.flatMap((item) => fromData<HeartbeatData>(item.data).holds))
      .filter(([id]) => id === run)
      .map(([, task, attempt, since, step]) => ({ task, attempt, since, ...step }));
  };
