import type { PageOf, RunSummary } from '../contract/api.ts';
import { Problem } from '../contract/problem.ts';
import { isEnded } from '../contract/state.ts';
import type { Ports } from '../ports/ports.ts';
import type { Decider } from './advance.ts';
import { offerCode, putCode } from './code.ts';
import { controlRun, controlRunOnce } from './control-run.ts';
import type { Engine, RunsQuery } from './engine.ts';
import { isTold } from './event-cursor.ts';
import { readEvents } from './events.ts';
import { type RunningSource, summaryOf, viewRun } from './inspect.ts';
import { allShards, fromData, type HeartbeatData, heartbeatPartition, type Meta } from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import { createOutputs } from './outputs.ts';
import { createRuns } from './runs.ts';
import { sortable } from './save-run.ts';
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
): Engine {
  const { ports, settings } = decider;
  const submitter = { ports, settings, specs, runs: decider.runs, canonical };
  const loaded = async (id: string): Promise<LoadedRun> => {
    const run = await decider.runs.look(id, !settings.soleDecider);
    if (run === undefined) throw new Problem('run-unknown', `there is no run ${id}`);
    return run;
  };
  return {
    async submit(request) {
      const { meta, created } = await submit(submitter, request);
      return { run: summaryOf(meta, meta.tasks), created };
    },
    async submitMany(request) {
      return { ids: await submitMany(submitter, request) };
    },
    offerCode: (archive) => offerCode(ports, archive),
    putCode: (hash, bytes) => putCode(ports, hash, bytes),
    runs: (query) => listRuns(decider, query),
    async run(id) {
      return viewRun(decider, await loaded(id), await running(id));
    },
    async end(id, waitMs) {
      const until = ports.clock.now() + waitMs;
      for (;;) {
        const ended = new AbortController();
        const forget = decider.runs.onEnd(id, () => ended.abort());
        try {
          const { meta } = await loaded(id);
          const left = until - ports.clock.now();
          if (isEnded(meta.state) || left <= 0) return summaryOf(meta, meta.tasks);
          const nap = settings.soleDecider ? left : Math.min(left, eventPollMs);
          await ports.clock.sleep(nap, ended.signal);
        } finally {
          forget();
        }
      }
    },
    async tasks(id, query) {
      return listTasks(decider, await loaded(id), await running(id), query);
    },
    async task(id, task) {
      return showTask(decider, await loaded(id), await running(id), task);
    },
    async events(id, { after, waitMs = 0 }) {
      const until = ports.clock.now() + waitMs;
      for (;;) {
        const page = await readEvents(decider, await loaded(id), await running(id), after);
        if (page.items.length > 0 || isTold(page.next) || ports.clock.now() >= until) return page;
        await ports.clock.sleep(eventPollMs);
      }
    },
    async logs(query) {
      const { endedAt: until } = (await loaded(query.run)).meta;
      return ports.logs.read({ ...query, ...(until !== undefined && { until }) });
    },
    async control(id, request, key) {
      const meta =
        key === undefined
          ? await controlRun(decider, id, request)
          : await controlRunOnce(decider, id, request, key);
      return summaryOf(meta, meta.tasks);
    },
  };
}

const pageDefault = 50;
const pageMax = 1000;

/** Newest first. The index is sharded: every shard's newest are merged. */
async function listRuns(decider: Decider, query: RunsQuery): Promise<PageOf<RunSummary>> {
  const { ports, settings } = decider;
  const limit = Math.min(pageMax, Math.max(1, query.limit ?? pageDefault));
  const found: Meta[] = [];
  let before = query.after;
  let done = false;
  while (!done && found.length < limit) {
    const newest = await newestRuns(ports, settings, before, limit);
    found.push(...newest.filter((meta) => matches(meta, query)));
    before = placeOf(newest.at(-1));
    done = newest.length < limit;
  }
  const page = found.slice(0, limit);
  const next = !done || found.length > limit ? (placeOf(page.at(-1)) ?? null) : null;
  return { items: page.map((meta) => summaryOf(meta, tasksOf(meta))), next };
}

const placeOf = (meta: Meta | undefined): string | undefined =>
  meta && sortable(meta.createdAt, meta.id);

const tasksOf = (meta: Meta): number =>
  (meta.segments ?? []).reduce((sum, [, count]) => sum + count, meta.tasks);

const matches = (meta: Meta, query: RunsQuery): boolean =>
  (query.state === undefined || meta.state === query.state) &&
  (query.workflow === undefined || meta.workflow === query.workflow);

async function newestRuns(
  ports: Pick<Ports, 'table'>,
  settings: EngineSettings,
  before: string | undefined,
  limit: number,
): Promise<Meta[]> {
  const pages = await Promise.all(
    allShards(settings).map((shard) =>
      ports.table.index('recent', {
        partition: `${settings.namespace}/RECENT#${shard}`,
        reverse: true,
        limit,
        ...(before !== undefined && { to: before }),
      }),
    ),
  );
  return pages
    .flatMap(({ items }) => items.map((item) => fromData<Meta>(item.data)))
    .sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1))
    .slice(0, limit);
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
