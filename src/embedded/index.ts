import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { openBlobs } from '../adapters/embedded/blobs.ts';
import { openLogs } from '../adapters/embedded/logs.ts';
import { createQueue } from '../adapters/embedded/queue.ts';
import { openStore, type Store } from '../adapters/embedded/store.ts';
import { systemClock, systemIds, systemRandom } from '../adapters/system.ts';
import { Problem } from '../contract/problem.ts';
import type { Capacity } from '../contract/resources.ts';
import { fittingOne } from '../definition/placing.ts';
import { compileTiming } from '../definition/timing.ts';
import type { Decider } from '../engine/advance.ts';
import { createDecider, createEngine, createScheduler } from '../engine/create-engine.ts';
import { judgeDead } from '../engine/dead-letters.ts';
import type { Engine } from '../engine/engine.ts';
import { fanOut } from '../engine/fan-out.ts';
import { feedPrefixes } from '../engine/items.ts';
import { defaultSettings, type EngineSettings } from '../engine/settings.ts';
import { reasonOf, type Stuck } from '../engine/stuck-runs.ts';
import { sweepRunners, sweepRuns } from '../engine/sweep.ts';
import type { Ports } from '../ports/ports.ts';
import type { RunStanding, RunStates } from '../runner/admission.ts';
import type { Agent } from '../runner/agent.ts';
import { createRunner } from '../runner/create-runner.ts';
import { killLeftovers } from '../runner/leftovers.ts';
import { machineCapacity } from '../runner/machine-capacity.ts';
import { pagesOf } from './dashboard.ts';
import { every } from './every.ts';
import { forOnePool, onePool } from './one-pool.ts';
import { retentionOf, startKeeping } from './retention.ts';
import { startServing } from './serving.ts';
import { openSignIn, type SignInOptions } from './sign-in.ts';
import { startSchedules } from './starts.ts';
import { createSubmitThread } from './submit-thread.ts';

export interface EmbeddedOptions {
  /** Where everything is kept; made when missing. Held by one process at a time. */
  readonly dataFolder: string;
  /** Attempts at a time. Default: twice the cores, at least 4. 0: none, to look at what is there. */
  readonly slots?: number;
  /** What attempts may ask for, together. Default: what this machine has. */
  readonly capacity?: Partial<Capacity>;
  /** Where the HTTP API listens, on loopback. Default: 7420 or the next that is free. Null: no API. */
  readonly port?: number | null;
  /** Where it listens. Default: this machine alone; what is reached from others needs an account first. */
  readonly host?: string;
  /** Made when there is no account yet; for a server that others reach. */
  readonly firstAdmin?: SignInOptions['firstAdmin'];
  /** The folder of the dashboard's files. Default: our own. Null: no dashboard. */
  readonly dashboard?: string | null;
  /** False: a power cut may take the last moments. Default true. */
  readonly fsync?: boolean;
  /** For how many days runs that have ended can be read. Default: all are kept, for good. */
  readonly keepDays?: number;
  /** Hears of what could not be decided, and of damage. Default: standard error. */
  readonly onTrouble?: (message: string) => void;
  readonly settings?: Partial<EngineSettings>;
}

export interface Embedded {
  readonly engine: Engine;
  /** Undefined without an API. */
  readonly url: string | undefined;
  /** Of the data folder's owner, who may do everything: `Authorization: Bearer TOKEN`. */
  readonly token: string | undefined;
  /** An address that signs a browser in, once. */
  link(): string | undefined;
  /** Attempts at a time. */
  readonly slots: number;
  /** Lets what runs end for a moment, hands back the rest, and lets go of the folder. */
  close(): Promise<void>;
}

const drainGraceMs = 5_000;
const sweepMs = 1_000;
/** Nobody else would run them, so those that wait for others to end may be held here. */
const waitersMax = 256;

/** Fanfold in this process: the engine, its runner and its API over one data folder. */
export async function startEmbedded(options: EmbeddedOptions): Promise<Embedded> {
  const dataFolder = resolve(options.dataFolder);
  const settings: EngineSettings = {
    ...defaultSettings,
    soleDecider: true,
    codeFolders: true,
    shards: 1,
    followMax: 256,
    heartbeatMs: 2_000,
    scheduleAheadMs: 5_000,
    scheduleGraceMs: 10_000,
    ...(options.keepDays !== undefined && { retention: retentionOf(options.keepDays) }),
    ...options.settings,
  };
  const trouble = options.onTrouble ?? ((message) => process.stderr.write(`fanfold: ${message}\n`));
  const store = openStore(dataFolder, {
    clock: systemClock,
    feedPrefixes,
    ...(options.fsync !== undefined && { fsync: options.fsync }),
    onDamage: (damage) => trouble(`damaged: ${damage.file}, ${damage.place}: ${damage.reason}`),
    onStop: (error) => stopWith(error, trouble),
    onRefused: (error) => trouble(`a batch comes again: ${messageOf(error)}`),
  });
  try {
    return await compose(store, dataFolder, settings, options, trouble);
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function compose(
  store: Store,
  dataFolder: string,
  settings: EngineSettings,
  options: EmbeddedOptions,
  trouble: (message: string) => void,
): Promise<Embedded> {
  const ports = portsOf(store, dataFolder);
  const signIn = options.port === null ? undefined : await openSignIn(ports, settings, options);
  const { decider, specs } = createDecider(ports, settings);
  const capacity = { ...machineCapacity(dataFolder), ...options.capacity };
  const slots = options.slots ?? Math.max(4, cpus().length * 2);
  const agent =
    slots === 0
      ? undefined
      : await startAgent(ports, decider, dataFolder, { slots, capacity }, trouble);
  const submits = createSubmitThread();
  const canonical = fittingOne(capacity, submits.canonical);
  const running = async (run: string) => atWork(agent, run);
  const engine = createEngine(decider, specs, canonical, running, compileTiming);
  const unsubscribe = ports.feed.subscribe(feedPrefixes, async (items) => {
    tellStuck(decider, await fanOut(decider, items), trouble);
  });
  if (agent) await recover(decider, trouble);
  const keeping = { store, decider, blobs: ports.blobs, logs: ports.logs };
  const timers = agent ? [sweeper(decider, trouble), ...startKeeping(keeping, trouble)] : [];
  if (agent) {
    const scheduler = createScheduler(decider, specs, canonical, compileTiming);
    timers.push(startSchedules(scheduler, trouble));
  }
  agent?.start();
  const serving =
    signIn &&
    (await startServing(engine, dataFolder, signIn, options, {
      ...pagesOf(options.dashboard),
      readLargeSubmit: (body) => submits.read(body),
      onError: (error, request) => trouble(`request ${request} failed: ${messageOf(error)}`),
    }));
  return {
    engine,
    url: serving?.url,
    token: signIn?.token,
    link: () => serving?.link(),
    slots,
    close: closing(async () => {
      await serving?.close();
      for (const stop of timers) await stop();
      await agent?.drain(drainGraceMs);
      await unsubscribe();
      await ports.queue.close();
      await ports.logs.close();
      await store.close();
    }),
  };
}

type EmbeddedPorts = Ports & {
  readonly queue: ReturnType<typeof createQueue>;
  readonly logs: ReturnType<typeof openLogs>;
  readonly blobs: ReturnType<typeof openBlobs>;
};

function portsOf(store: Store, dataFolder: string): EmbeddedPorts {
  return {
    table: store.table,
    feed: store.feed,
    queue: forOnePool(createQueue({ clock: systemClock })),
    blobs: openBlobs(join(dataFolder, 'blobs')),
    logs: openLogs(join(dataFolder, 'logs')),
    provisioner: fixedPool,
    clock: systemClock,
    ids: systemIds(),
    random: systemRandom,
  };
}

/** One process is one runner; more of them come with the adapters that can start machines. */
const fixedPool: Ports['provisioner'] = {
  read: async () => ({ wanted: 1, running: 1 }),
  set: async () => undefined,
};

async function startAgent(
  ports: EmbeddedPorts,
  decider: Decider,
  dataFolder: string,
  most: { readonly slots: number; readonly capacity: Capacity },
  trouble: (message: string) => void,
): Promise<Agent> {
  const workFolder = join(dataFolder, 'work');
  mkdirSync(workFolder, { recursive: true });
  await killLeftovers(workFolder);
  return createRunner(ports, decider.settings, {
    states: statesIn(decider),
    pool: onePool,
    ...most,
    waitersMax,
    lingerMs: 0,
    waitMs: 60_000,
    takeMax: 64,
    workFolder,
    // biome-ignore lint/style/noProcessEnv: the executor passes on what its allow-list names
    hostEnv: process.env,
    failed: (error) => trouble(`the runner stopped: ${messageOf(error)}`),
  });
}

/** Nobody else changes runs, so what the decider has in memory is what is stored. */
const statesIn =
  (decider: Decider): RunStates =>
  async (runs) => {
    const states = new Map<string, RunStanding | undefined>();
    for (const id of runs) {
      states.set(id, decider.runs.standing(id) ?? (await decider.runs.look(id))?.meta);
    }
    return states;
  };

function atWork(agent: Agent | undefined, run: string) {
  return (agent?.held() ?? [])
    .filter((held) => held.run === run && held.started)
    .map(({ task, attempt, since, beat }) => ({
      task,
      attempt,
      since,
      step: beat?.step,
      stepAt: beat?.stepAt,
      progress: beat?.progress,
    }));
}

/** What the process before left: its runner is gone, and so are the messages. */
async function recover(decider: Decider, trouble: (message: string) => void): Promise<void> {
  await sweepRunners(decider, true);
  tellStuck(decider, (await sweepRuns(decider, true)).stuck, trouble);
}

/** Each run once, until it is stuck for another reason. */
function tellStuck(
  decider: Decider,
  found: readonly Stuck[],
  trouble: (message: string) => void,
): void {
  for (const { run, error } of decider.stuck.note(found))
    trouble(`run ${run} is stuck: ${reasonOf(error)}${wayOut(run, error)}`);
}

/** Damage says itself what to do. Anything else is a bug: where it arose, on the same line. */
function wayOut(run: string, error: unknown): string {
  if (error instanceof Problem) return ' Then start again.';
  const place = error instanceof Error ? error.stack?.split('\n')[1]?.trim() : undefined;
  const where = place === undefined ? '' : ` (${place})`;
  return `${where}. All others go on; to give this one up: npx fanfold cancel ${run}`;
}

function sweeper(decider: Decider, trouble: (message: string) => void): () => Promise<void> {
  return every(sweepMs, trouble, async () => {
    await sweepRunners(decider);
    tellStuck(decider, (await sweepRuns(decider)).stuck, trouble);
    await judgeDead(decider.ports, decider.settings);
  });
}

function stopWith(error: unknown, trouble: (message: string) => void): void {
  trouble(`nothing can be stored any more: ${messageOf(error)}`);
  process.exitCode = 1;
  process.kill(process.pid, 'SIGTERM');
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

function closing(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= work();
    return done;
  };
}
