import { cpus } from 'node:os';
import { join, resolve } from 'node:path';
import { openBlobs } from '../adapters/embedded/blobs.ts';
import { openLogs } from '../adapters/embedded/logs.ts';
import { createQueue } from '../adapters/embedded/queue.ts';
import { openSecrets } from '../adapters/embedded/secrets.ts';
import { openStore, type Store } from '../adapters/embedded/store.ts';
import { systemClock, systemIds, systemRandom } from '../adapters/system.ts';
import type { Capacity } from '../contract/resources.ts';
import type { ServerView } from '../contract/server.ts';
import type { UserRange } from '../contract/user-range.ts';
import { fittingOne } from '../definition/placing.ts';
import { compileTiming } from '../definition/timing.ts';
import type { Decider } from '../engine/advance.ts';
import { createDecider, createEngine, createScheduler } from '../engine/create-engine.ts';
import type { Engine } from '../engine/engine.ts';
import { fanOut } from '../engine/fan-out.ts';
import { feedPrefixes } from '../engine/items.ts';
import type { Scheduler } from '../engine/scheduler.ts';
import { defaultSettings, type EngineSettings } from '../engine/settings.ts';
import type { Ports } from '../ports/ports.ts';
import type { RunStanding, RunStates } from '../runner/admission.ts';
import type { Agent } from '../runner/agent.ts';
import { createRunner, type RunnerOptions } from '../runner/create-runner.ts';
import { killLeftovers } from '../runner/leftovers.ts';
import { machineCapacity } from '../runner/machine-capacity.ts';
import { pagesOf } from './dashboard.ts';
import { Tally } from './metrics/tally.ts';
import { countFeed, countingQueue, countingTable } from './metrics/watch.ts';
import { forOnePool, onePool } from './one-pool.ts';
import { type Kept, retentionOf, startKeeping } from './retention.ts';
import { createSelf } from './self.ts';
import { startServing } from './serving.ts';
import { openSignIn, type SignInOptions } from './sign-in.ts';
import { startSchedules } from './starts.ts';
import { createSubmitThread } from './submit-thread.ts';
import { recover, sweeper, tellStuck } from './visits.ts';
import { workFolderOf } from './work-folder.ts';

export interface EmbeddedOptions {
  /** Where everything is kept; made when missing. Held by one process at a time. */
  readonly dataFolder: string;
  /** Attempts at a time. Default: twice the cores, at least 4. 0: none, to look at what is there. */
  readonly slots?: number;
  /** What attempts may ask for, together. Default: what this machine has. */
  readonly capacity?: Partial<Capacity>;
  /** Where we are root: the first user that tasks run as, and how many there are, each for one attempt at a time. */
  readonly taskUsers?: UserRange;
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
  /** Of Fanfold, for those who ask the server. */
  readonly version?: string;
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
  /** Reads all that is stored, and tells what of it is damaged or cannot go on. Nothing else is done meanwhile. */
  check(): Promise<ServerView>;
  /** Lets what runs end for a moment, hands back the rest, and lets go of the folder. */
  close(): Promise<void>;
}

const drainGraceMs = 5_000;
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
  const tally = new Tally();
  const ports = portsOf(store, dataFolder, tally);
  const signIn = options.port === null ? undefined : await openSignIn(ports, settings, options);
  const { decider, specs } = createDecider(ports, settings);
  const capacity = { ...machineCapacity(dataFolder), ...options.capacity };
  const secrets = openSecrets(join(dataFolder, 'secrets.json'), systemClock.now);
  const users = options.taskUsers;
  const slots = options.slots ?? Math.max(4, cpus().length * 2);
  const agent =
    slots === 0
      ? undefined
      : await startAgent(ports, decider, dataFolder, { slots, capacity, secrets, users }, trouble);
  const submits = createSubmitThread();
  const canonical = fittingOne(capacity, submits.canonical);
  const running = async (run: string) => atWork(agent, run);
  const engine = createEngine(decider, specs, canonical, running, compileTiming);
  const unsubscribe = ports.feed.subscribe(feedPrefixes, async (items) => {
    countFeed(items, decider, tally);
    tellStuck(decider, await fanOut(decider, items), trouble);
  });
  if (agent) await recover(decider, trouble);
  const { version } = options;
  const self = createSelf({ ...ports, store, decider, engine, tally, dataFolder, version });
  const keeping = { store, decider, blobs: ports.blobs, logs: ports.logs };
  const scheduler = createScheduler(decider, specs, canonical, compileTiming);
  const timers = agent ? startTimers(keeping, scheduler, tally, trouble) : [];
  agent?.start();
  const serving =
    signIn &&
    (await startServing(engine, dataFolder, signIn, options, {
      ...pagesOf(options.dashboard),
      server: self.server,
      secrets,
      readLargeSubmit: (body) => submits.read(body),
      onError: (error, request) => trouble(`request ${request} failed: ${messageOf(error)}`),
    }));
  return {
    engine,
    url: serving?.url,
    token: signIn?.token,
    link: () => serving?.link(),
    slots,
    check: self.views.check,
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

/** Returns how to stop each. */
const startTimers = (
  kept: Kept,
  scheduler: Scheduler,
  tally: Tally,
  trouble: (message: string) => void,
): readonly (() => Promise<void>)[] => [
  sweeper(kept.decider, trouble, tally.mend),
  ...startKeeping(kept, trouble),
  startSchedules(scheduler, trouble),
];

type EmbeddedPorts = Ports & {
  readonly queue: ReturnType<typeof createQueue>;
  readonly logs: ReturnType<typeof openLogs>;
  readonly blobs: ReturnType<typeof openBlobs>;
};

function portsOf(store: Store, dataFolder: string, tally: Tally): EmbeddedPorts {
  const queue = createQueue({ clock: systemClock });
  return {
    table: countingTable(store.table, tally),
    feed: store.feed,
    queue: countingQueue(forOnePool(queue), systemClock.now, tally),
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
  given: Pick<RunnerOptions, 'secrets' | 'users'> & {
    readonly slots: number;
    readonly capacity: Capacity;
  },
  trouble: (message: string) => void,
): Promise<Agent> {
  const workFolder = workFolderOf(dataFolder, given.users !== undefined);
  await killLeftovers(workFolder);
  return createRunner(ports, decider.settings, {
    states: statesIn(decider),
    pool: onePool,
    ...given,
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
