import { QueueStore } from '../../src/adapters/memory/queue-store.ts';
import type { MemorySystem } from '../../src/adapters/memory/system.ts';
import type { Executor, ExecutorEvents } from '../../src/contract/execution.ts';
import type { Workflow } from '../../src/contract/workflow.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { Actor } from './kernel/actor.ts';
import type { Rates } from './kernel/faults.ts';
import { Kernel } from './kernel/kernel.ts';
import type { Life } from './kernel/life.ts';
import { Stream } from './kernel/random.ts';
import type { PlayOptions, Scenario } from './kernel/scenario.ts';
import { portsOf, reportOf, simulatedSystem } from './kernel/system.ts';
import { Unsynced } from './kernel/unsynced.ts';
import { Book, type Planned } from './world/book.ts';
import { drawTaste, drawWorkflow, without } from './world/draw-workflow.ts';
import { type Generation, unexplained } from './world/explain.ts';
import { drawTemper, Fates } from './world/fates.ts';
import { drawAims, drawFocus, type Focus, type Habit } from './world/focus.ts';
import { ModelExecutor } from './world/model-executor.ts';
import { type Expected, foresee } from './world/oracle.ts';

/** What users do to a run after it is submitted. */
export interface Deed {
  readonly run: string;
  /** Virtual ms. */
  readonly at: number;
  readonly action: 'cancel' | 'pause' | 'resume' | 'rerun' | 'spoil';
}

/** One seed's world: what is to be run in it, by whom, and what must come of it. */
export interface World {
  readonly kernel: Kernel;
  readonly system: MemorySystem;
  readonly book: Book;
  readonly runs: readonly Planned[];
  readonly deeds: readonly Deed[];
  /** What a run must come to if no deed touches it, and so many attempts in it were handed back. */
  expected(run: Planned, releases: number): Expected;
  /** What in a run's generations does not follow from its workflow and the fates of its attempts. */
  unexplained(run: Planned, releases: number, generations: readonly Generation[]): string[];
  /** Whether repair is on: the sweep visits what does not move. */
  readonly repair: boolean;
  /** What may be lost when the process dies that the table lives in; undefined where it lives elsewhere. */
  readonly unsynced: Unsynced | undefined;
  readonly focus: Focus | undefined;
  /** Another stream of chance, for what the cast draws of its own. */
  stream(label: string): Stream;
}

/**
 * The engine, as the world runs it: each function is the main of an actor, over the ports of one life, and returns when
 * there is nothing left to do, if ever. What they throw, but `Unavailable`, is a violation.
 */
export interface Cast {
  /** Submits the runs and does the deeds; is patient, and asks again with the same ids. */
  client(world: World, ports: Ports, life: Life): Promise<void>;
  /** Subscribes to the feed. Several share its records. */
  feeder(world: World, ports: Ports, life: Life): Promise<void>;
  runner(world: World, ports: Ports, life: Life, executor: MakeExecutor): Promise<void>;
  sweeper(world: World, ports: Ports, life: Life): Promise<void>;
  /** Sets up checkers before anything happens. Whoever finds all done stops the kernel. */
  watch(world: World): void;
  /** All of these in one process, whose messages are in its memory alone: then there are no others. */
  server?(world: World, ports: Ports, life: Life, executor: MakeExecutor): Promise<void>;
  /** What of the feed the feeders want, from the start on. */
  readonly prefixes: readonly string[];
}
export type MakeExecutor = (events: ExecutorEvents) => Executor;

export interface WorldOptions {
  readonly repair: boolean;
  readonly ratesMax?: Partial<Rates>;
  /** For how long things go wrong, in virtual ms. Default: 3 minutes. */
  readonly faultsMs?: number;
  /** When a run that has not ended is a violation. Default: 6 hours. */
  readonly timeMax?: number;
  readonly runsMax?: number;
  readonly tasksMax?: number;
  /** Whether users cancel, pause, resume and run again. Default: true. */
  readonly deeds?: boolean;
  /** How often runners can be gone while one task is at work. Default: 9, where a loss takes a lease to be found. */
  readonly lossesMax?: number;
  /** No fault at all, but at these rates. */
  readonly calm?: boolean | Partial<Rates>;
  /** Whether each seed is about one situation, and its bad luck aimed at the calls that matter there. */
  readonly aimed?: boolean;
  /** Whether attempts may take their runner with them, or leave it standing still. Default: true. */
  readonly disturbs?: boolean;
  /** Whether the tasks of a workflow are told in another order. */
  readonly shuffled?: boolean;
  /** Looks at what is left when all is done, and tells it: see `Report`. */
  readonly atRest?: (world: World) => Promise<ReadonlyMap<string, string>>;
}

const FAULTS_MS = 3 * 60_000;
const TIME_MAX = 6 * 3_600_000;
const SLOTS_MAX = 8;
/** A loss takes a lease to be found, and faults cease: so no task is lost more often than this by no fault of its own. */
const LOSSES_MAX = 9;

/** The scenario of a cast. */
export const worldScenario = (name: string, cast: Cast, options: WorldOptions): Scenario => ({
  name,
  async play(seed, play) {
    const { world: drawn, parts, runners, feeders } = drawWorld(seed, options, play);
    const { kernel, system } = drawn;
    const unsynced = cast.server && new Unsynced(kernel, system.table, system.feed);
    const world: World = { ...drawn, unsynced };
    world.system.feed.group('feeders', cast.prefixes);
    cast.watch(world);
    if (cast.server) playServer(world, cast.server);
    else playCast(world, cast, runners, feeders);
    await kernel.run();
    const outcomes = await options.atRest?.(world);
    return { ...reportOf(kernel, parts), ...(outcomes && { outcomes }) };
  },
});

function playCast(
  world: World,
  cast: Cast,
  runners: readonly string[],
  feeders: readonly string[],
): void {
  const { kernel, system } = world;
  const ports = (life: Life, group?: string) => portsOf(system, life, group);
  new Actor(kernel, 'client', (life) => cast.client(world, ports(life), life));
  for (const feeder of feeders)
    new Actor(kernel, feeder, (life) => cast.feeder(world, ports(life, 'feeders'), life));
  for (const runner of runners) {
    const slots = world.stream(`slots ${runner}`).int(1, SLOTS_MAX);
    new Actor(kernel, runner, (life) => {
      const make: MakeExecutor = (events) => new ModelExecutor(life, world.book, slots, events);
      return cast.runner(world, ports(life), life, make);
    });
  }
  new Actor(kernel, 'sweeper', (life) => cast.sweeper(world, ports(life), life));
}

function playServer(world: World, main: NonNullable<Cast['server']>): void {
  const { kernel, system, book, unsynced } = world;
  const slots = world.stream('slots server').int(1, SLOTS_MAX);
  const live = (life: Life): Promise<void> => {
    const own = { ...system, queues: new QueueStore(system.host) };
    life.onDeath(() => unsynced?.lose());
    const make: MakeExecutor = (events) => new ModelExecutor(life, book, slots, events);
    return main(world, portsOf(own, life, 'feeders'), life, make);
  };
  new Actor(kernel, 'server', live, { inside: true });
}

interface Drawn {
  readonly world: World;
  readonly parts: readonly string[];
  readonly runners: readonly string[];
  readonly feeders: readonly string[];
}

/** All that a seed decides beforehand. Names of parts that were left out are not in it. */
export function drawWorld(seed: number, options: WorldOptions, play: PlayOptions): Drawn {
  const { dropped = new Set<string>(), trace = false, ...rest } = play;
  const aiming = new Stream(seed, 'focus');
  const focus = options.aimed ? drawFocus(aiming) : undefined;
  const kernel = new Kernel({
    seed,
    faultsUntil: options.faultsMs ?? FAULTS_MS,
    timeMax: options.timeMax ?? TIME_MAX,
    ...(options.ratesMax && { ratesMax: options.ratesMax }),
    ...(options.calm && { calm: options.calm }),
    ...(focus && !options.calm && { aims: drawAims(aiming, focus) }),
    dropped,
    traceLines: trace,
    ...rest,
  });
  const stream = new Stream(seed, 'world');
  const all = drawRuns(seed, stream, options, focus);
  const names = (kind: string, count: number): string[] =>
    Array.from({ length: count }, (_, n) => `${kind}-${n + 1}`);
  const actors = [...names('runner', stream.int(2, 4)), ...names('feeder', stream.int(1, 3))];
  const here = actors.filter((name, n) => n === 0 || !dropped.has(`actor ${name}`));
  const deeds = options.deeds === false ? [] : drawDeeds(stream, all, focus?.habit);
  const runs = all.flatMap((run) => withoutParts(run, dropped));
  const world: World = {
    kernel,
    system: simulatedSystem(kernel),
    book: new Book(kernel, runs),
    runs,
    deeds: deeds.filter(
      (deed) => runs.some(({ id }) => id === deed.run) && !dropped.has(named(deed)),
    ),
    expected: ({ workflow, fates }, releasesMax) =>
      foresee(workflow, fates, { lossesMax: lossesMax(kernel, runs, options), releasesMax }),
    unexplained: ({ workflow, fates }, releasesMax, generations) => {
      const circumstances = { lossesMax: lossesMax(kernel, runs, options), releasesMax };
      return generations.flatMap((one) => unexplained(workflow, fates, circumstances, one));
    },
    repair: options.repair,
    unsynced: undefined,
    focus,
    stream: (label) => new Stream(seed, label),
  };
  const feeders = here.filter((name) => name.startsWith('feeder'));
  const parts = [
    ...all.map(({ id }) => `run ${id}`),
    ...new Set(deeds.map(named)),
    ...actors.slice(1).map((name) => `actor ${name}`),
    ...all.flatMap(({ id, workflow }) => workflow.tasks.map((task) => `task ${id} ${task.id}`)),
  ];
  return {
    world,
    parts,
    runners: here.filter((name) => name.startsWith('runner')),
    feeders: feeders.length > 0 ? feeders : ['feeder-1'],
  };
}

/** A run's deeds are left out together: a pause without its resume would be another story. */
const named = ({ run }: Deed): string => `deeds ${run}`;

function drawRuns(
  seed: number,
  stream: Stream,
  options: WorldOptions,
  focus: Focus | undefined,
): readonly Planned[] {
  const drawn = { ...drawTemper(stream), ...focus?.temper };
  const temper = options.disturbs === false ? { ...drawn, kills: 0, zombies: 0 } : drawn;
  const taste = { ...drawTaste(stream, options.tasksMax ?? 60), ...focus?.taste };
  const count = stream.int(1, focus?.runsMax ?? options.runsMax ?? 3);
  return Array.from({ length: count }, (_, n) => {
    const id = `01JG${String(n).padStart(2, '0')}0000000000000000${String(seed % 10_000).padStart(4, '0')}`;
    const ordered = drawWorkflow(stream, `w${n}`, taste);
    const workflow = options.shuffled ? shuffled(new Stream(seed, `order ${n}`), ordered) : ordered;
    return { id, workflow, input: { n }, fates: new Fates(seed, id, temper) };
  });
}

function shuffled(stream: Stream, workflow: Workflow): Workflow {
  const rolled = workflow.tasks.map((task) => ({ task, roll: stream.next() }));
  return { ...workflow, tasks: rolled.sort((a, b) => a.roll - b.roll).map(({ task }) => task) };
}

function drawDeeds(
  stream: Stream,
  runs: readonly Planned[],
  habit: Habit | undefined,
): readonly Deed[] {
  const deeds: Deed[] = [];
  for (const { id: run } of runs) {
    if (habit) {
      deeds.push(...drawHabit[habit](stream, run));
      continue;
    }
    const roll = stream.next();
    const at = Math.round(stream.next() ** 2 * 120_000);
    if (roll < 0.1) deeds.push({ run, at, action: 'cancel' });
    else if (roll < 0.2) {
      const resumedAt = at + stream.int(1, 60) * 1_000;
      deeds.push({ run, at, action: 'pause' }, { run, at: resumedAt, action: 'resume' });
      if (stream.chance(0.2)) deeds.push({ run, at: resumedAt + 1, action: 'cancel' });
    } else if (roll < 0.25) deeds.push({ run, at: at + 60_000, action: 'rerun' });
    else if (roll > 0.95)
      deeds.push({ run, at, action: 'cancel' }, { run, at: at + 1, action: 'rerun' });
  }
  return deeds.sort((a, b) => a.at - b.at);
}

const drawHabit: { readonly [habit in Habit]: (stream: Stream, run: string) => Deed[] } = {
  cancels: (stream, run) => [
    { run, at: Math.round(stream.next() ** 2 * 60_000), action: 'cancel' },
    ...(stream.chance(0.2) ? [{ run, at: 70_000, action: 'rerun' } as const] : []),
  ],
  pauses(stream, run) {
    const deeds: Deed[] = [];
    for (let at = stream.int(0, 3_000), left = stream.int(2, 8); left > 0; left--) {
      const resumedAt = at + stream.int(100, 4_000);
      deeds.push({ run, at, action: 'pause' }, { run, at: resumedAt, action: 'resume' });
      at = resumedAt + stream.int(100, 4_000);
    }
    return deeds;
  },
  spoils(stream, run) {
    const every = stream.int(100, 2_000);
    return Array.from({ length: 16 }, (_, n) => ({ run, at: n * every, action: 'spoil' }));
  },
};

function withoutParts(run: Planned, dropped: ReadonlySet<string>): readonly Planned[] {
  if (dropped.has(`run ${run.id}`)) return [];
  const workflow = without(run.workflow, (task) => dropped.has(`task ${run.id} ${task}`));
  return workflow === undefined ? [] : [{ ...run, workflow }];
}

/**
 * Any attempt can be lost where anything can make a runner die or stand still: as often as faults can bring it about, and
 * each time that a task took its runner with it.
 */
function lossesMax(kernel: Kernel, runs: readonly Planned[], options: WorldOptions): number {
  const { rates } = kernel.luck;
  const disturbed = runs.some(({ fates }) => fates.disturbs);
  const faulty = Object.values(rates).some((rate) => rate > 0) && kernel.options.faultsUntil > 0;
  if (!disturbed && !faulty) return 0;
  return (options.lossesMax ?? LOSSES_MAX) + kernel.counters.get('an attempt kills its runner');
}
