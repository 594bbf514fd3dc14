import { createHash } from 'node:crypto';
import type { JsonObject } from '../../../src/contract/json.ts';
import { Problem } from '../../../src/contract/problem.ts';
import { isEnded } from '../../../src/contract/state.ts';
import type { Workflow } from '../../../src/contract/workflow.ts';
import type { Decider } from '../../../src/engine/advance.ts';
import { createArchive } from '../../../src/engine/archive.ts';
import { createParts } from '../../../src/engine/archive-part.ts';
import { archiveRuns } from '../../../src/engine/archive-runs.ts';
import { controlRun, controlRunOnce } from '../../../src/engine/control-run.ts';
import { createDecider } from '../../../src/engine/create-engine.ts';
import { judgeDead } from '../../../src/engine/dead-letters.ts';
import { fanOut } from '../../../src/engine/fan-out.ts';
import { feedPrefixes, type Meta, runOf, runPartition } from '../../../src/engine/items.ts';
import type { Specs } from '../../../src/engine/specs.ts';
import { type Canonical, type Submitter, submit, submitMany } from '../../../src/engine/submit.ts';
import { sweepRunners, sweepRuns } from '../../../src/engine/sweep.ts';
import type { Ports } from '../../../src/ports/ports.ts';
import { type Item, type Key, Unavailable } from '../../../src/ports/table.ts';
import { Agent } from '../../../src/runner/agent.ts';
import type { Life } from '../kernel/life.ts';
import { persistently } from '../kernel/persist.ts';
import type { Stream } from '../kernel/random.ts';
import type { Planned } from '../world/book.ts';
import type { Cast, Deed, MakeExecutor, World } from '../world.ts';
import { attemptMs, restMs } from './bound.ts';
import { checkEnd } from './end.ts';
import { Judge } from './judge.ts';
import { drawProfile, type Profile, type ProfileName } from './profile.ts';

const texts = new WeakMap<Workflow, ReturnType<Canonical>>();
const canonical: Canonical = (workflow) => {
  let known = texts.get(workflow);
  if (known === undefined) {
    const text = JSON.stringify(workflow);
    known = { workflow, text, hash: createHash('sha256').update(text).digest('hex') };
    texts.set(workflow, known);
  }
  return known;
};

export interface Play {
  readonly judge: Judge;
  readonly profile: Profile;
}

const never = (): Promise<void> => new Promise(() => {});
const plays = new WeakMap<World, Play>();
export const playOf = (world: World): Play => plays.get(world) as Play;

/** Sets up the checkers, and ends the run when all is done. */
function watch(world: World, name: ProfileName): void {
  const play: Play = { judge: new Judge(world), profile: drawProfile(world, name) };
  plays.set(world, play);
  const { kernel } = world;
  kernel.timeMax = Math.min(kernel.timeMax, restMs(world, play.profile));
  play.judge.onBegin = (definition, fate) => {
    kernel.timeMax += attemptMs(play.profile, definition, fate);
  };
  let stopping = false;
  const look = (): void => {
    if (stopping || !play.judge.allEnded) return;
    stopping = true;
    kernel.after(play.profile.afterMs, () => {
      stopping = false;
      if (play.judge.allEnded) kernel.stop();
    });
  };
  play.judge.onMeta(look);
}

/** The engine in many processes, over one table. */
export const cloudCast: Cast = {
  prefixes: feedPrefixes,
  watch: (world) => watch(world, 'cloud'),
  async client(world, ports, life) {
    const { settings } = playOf(world).profile;
    const { decider, specs } = createDecider(ports, settings);
    await actAsClient(world, decider, specs, life);
  },
  feeder(world, ports) {
    const { judge, profile } = playOf(world);
    const { decider } = createDecider(ports, profile.settings);
    decide(judge, decider);
    return never();
  },
  async runner(world, ports, life, executor) {
    await actAsRunner(world, ports, life, executor).done;
  },
  async sweeper(world, ports, life) {
    const { settings } = playOf(world).profile;
    await actAsSweeper(world, createDecider(ports, settings).decider, life);
  },
};

/** The engine in one process, which nobody shares: it decides alone, and what it had in memory dies with it. */
export const embeddedCast: Cast = {
  ...cloudCast,
  watch: (world) => watch(world, 'embedded'),
  async server(world, ports, life, executor) {
    const { judge, profile } = playOf(world);
    const { decider, specs } = createDecider(ports, profile.settings);
    decide(judge, decider);
    const recover = async () => {
      judge.count('lapsed lease', await sweepRunners(decider, true));
      judge.stuck((await sweepRuns(decider, true)).stuck);
    };
    const { done } = actAsRunner(world, ports, life, executor, recover);
    await Promise.all([
      done,
      actAsClient(world, decider, specs, life),
      actAsSweeper(world, decider, life),
    ]);
  },
};

function decide(judge: Judge, decider: Decider): void {
  decider.ports.feed.subscribe(feedPrefixes, async (items) => {
    judge.stuck(await fanOut(decider, items));
  });
}

export function actAsRunner(
  world: World,
  ports: Ports,
  life: Life,
  executor: MakeExecutor,
  recover: () => Promise<void> = async () => {},
): { readonly agent: Agent; readonly done: Promise<void> } {
  const { judge, profile } = playOf(world);
  judge.learnLife(life);
  let fail: (error: unknown) => void = () => {};
  const done = new Promise<void>((_resolve, reject) => {
    fail = reject;
  });
  const agent = new Agent(watchedReads(judge, ports, life), profile.settings, {
    id: ports.ids.next(),
    pool: 'default',
    slots: 8,
    lingerMs: profile.lingerMs,
    controlMs: profile.controlMs,
    gatherMs: profile.lingerMs,
    waitMs: profile.waitMs,
    takeMax: profile.takeMax,
    executor,
    failed: fail,
  });
  recover().then(() => agent.start(), fail);
  void drainSometime(world, ports, life, agent).catch(fail);
  return { agent, done };
}

const DRAINED = 0.15;
const LOOKS_MAX = 100;
const LOOK_MS = 300;

/** Some runners are told to drain, as before a deployment; they are started again. */
async function drainSometime(
  world: World,
  { clock }: Ports,
  life: Life,
  agent: Agent,
): Promise<void> {
  const stream = world.stream(`drain ${life.name}`);
  const { kernel } = life;
  if (!stream.chance(world.focus?.drained ?? DRAINED) || kernel.options.calm) return;
  await clock.sleep(stream.next() ** 2 * 90_000);
  // Rather when there is something to hand back.
  for (let looks = 0; looks < LOOKS_MAX && agent.held().length === 0; looks++)
    await clock.sleep(LOOK_MS);
  if (kernel.time >= kernel.options.faultsUntil) return;
  life.say('DRAINS');
  await agent.drain(stream.next() ** 3 * 20_000);
  playOf(world).judge.count('a runner was drained');
  world.unsynced?.sync();
  throw new Unavailable('drained: starts again');
}

/** Tells the judge what a runner came to know of its runs. */
function watchedReads(judge: Judge, ports: Ports, life: Life): Ports {
  const { table } = ports;
  const tell = (calledAt: number, key: Key, item: Item | undefined): void => {
    if (key.sort === 'META')
      judge.metaRead(life, runOf(key.partition), calledAt, item?.data as unknown as Meta);
  };
  const watched = {
    ...table,
    async get(key: Key) {
      const calledAt = life.kernel.time;
      const item = await table.get(key);
      tell(calledAt, key, item);
      return item;
    },
    async getMany(keys: readonly Key[]) {
      const calledAt = life.kernel.time;
      const items = await table.getMany(keys);
      for (const [i, key] of keys.entries()) tell(calledAt, key, items[i]);
      return items;
    },
  };
  return { ...ports, table: watched };
}

export async function actAsSweeper(world: World, decider: Decider, life: Life): Promise<void> {
  const { judge, profile } = playOf(world);
  const { clock } = decider.ports;
  const parts = createParts(decider.ports.blobs);
  for (;;) {
    await clock.sleep(profile.sweepMs * (0.5 + life.random.next()));
    try {
      judge.count('lapsed lease', await sweepRunners(decider));
      const dead = await judgeDead(decider.ports, decider.settings);
      judge.count('dead letter', dead.letters);
      judge.count('dead letter: sent again', dead.resent);
      judge.count('dead letter: lost', dead.lost);
      if (!world.repair) continue;
      const repairs = await sweepRuns(decider);
      judge.count('repair: visited', repairs.visited);
      judge.count('repair: resent', repairs.resent);
      judge.count('repair: lost', repairs.lost);
      judge.stuck(repairs.stuck);
      const archived = await archiveRuns(decider, parts);
      judge.count('a run was archived', archived.runs);
      judge.count('a part of the archive was stored', archived.parts);
      judge.stuck(archived.stuck);
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
    }
  }
}

/** Submits all runs and does all deeds, in the order of their times; what was answered before a death is not done again. */
export async function actAsClient(
  world: World,
  decider: Decider,
  specs: Specs,
  life: Life,
): Promise<void> {
  const { judge } = playOf(world);
  const { ports, settings } = decider;
  const archive = createArchive(decider, specs);
  const submitter: Submitter = { ports, settings, specs, runs: decider.runs, canonical, archive };
  const stream = world.stream(`client ${life.name}`);
  for (const run of world.runs) await accept(judge, submitter, run, stream, ports);
  if (stream.chance(0.05)) await poison(judge, world, ports);
  for (const deed of world.deeds) {
    if (judge.deedsDone.has(deed)) continue;
    const wait = deed.at - world.kernel.time;
    if (wait > 0) await ports.clock.sleep(wait);
    if (deed.action === 'cancel' && stream.chance(0.5)) await lastReport(judge, deed.run, life);
    await perform(judge, decider, deed);
    judge.deedsDone.add(deed);
  }
  judge.clientIsDone();
}

const LAST_REPORT_MS = 60_000;

/** Until the last task of a run is reported and not decided yet, or it is too long to wait for. */
const lastReport = (judge: Judge, run: string, life: Life): Promise<void> =>
  life.wait(LAST_REPORT_MS, (wake) => judge.onLastReport(run, wake));

async function accept(
  judge: Judge,
  submitter: Submitter,
  { id, workflow, input }: Planned,
  stream: Stream,
  { clock }: Ports,
): Promise<void> {
  const { ledger } = judge.run(id);
  const again = stream.chance(0.3);
  if (ledger.accepted && !again) return;
  const one = () => submit(submitter, { id, workflow, input }).then(({ created }) => created);
  const many = () =>
    submitMany(submitter, { workflow, runs: [{ id, input }] }).then(() => undefined);
  const call = stream.chance(0.3) ? many : one;
  const created = await persistently(clock, call);
  if (ledger.accepted && created) judge.violate('P8', `${id} was created again`);
  if (judge.run(id).meta === undefined) judge.violate('P1', `${id} was accepted, and is not there`);
  ledger.accepted = true;
  if (again) {
    if (await persistently(clock, one)) judge.violate('P8', `${id} was created again`);
    judge.count('a run was submitted twice');
  }
  if (stream.chance(0.1)) await refuseOther(judge, submitter, { id, workflow, input }, clock);
}

/** The same id with another input is refused. */
async function refuseOther(
  judge: Judge,
  submitter: Submitter,
  { id, workflow, input }: Pick<Planned, 'id' | 'workflow' | 'input'>,
  clock: Ports['clock'],
): Promise<void> {
  try {
    const other = { ...input, other: true };
    await persistently(clock, () => submit(submitter, { id, workflow, input: other }));
    judge.violate('P8', `${id} was accepted with two inputs`);
  } catch (error) {
    if (!(error instanceof Problem && error.code === 'run-exists')) throw error;
    judge.count('another run with that id was refused');
  }
}

const rerunTries = 30;

/** The name of a request is the same when it is made again, by whatever incarnation. */
function keyOf(judge: Judge, decider: Decider, deed: Deed): string {
  const key = judge.deedKeys.get(deed) ?? decider.ports.ids.next();
  judge.deedKeys.set(deed, key);
  return key;
}

async function perform(judge: Judge, decider: Decider, deed: Deed): Promise<void> {
  const { run, action, at } = deed;
  if (action === 'spoil') return spoil(judge, run, decider.ports);
  const { ledger } = judge.run(run);
  const { clock } = decider.ports;
  // By the name of the request, or by a key of the client's.
  const named = judge.world.stream(`deed ${run} ${at}`).chance(0.5);
  const control = named ? controlRun : controlRunOnce;
  ledger.touched = true;
  const open = !isEnded(judge.run(run).meta?.state ?? 'succeeded');
  let calls = 0;
  const call = (key: string) => () => {
    if (++calls > 1 && !named) judge.count('a request was made again under its key');
    return control(decider, run, { action }, key);
  };
  for (let tries = 0; tries < rerunTries; tries++) {
    try {
      const key = keyOf(judge, decider, deed);
      const meta = await persistently(clock, call(key));
      judge.count(`${action} was answered`);
      if (action === 'cancel') ledger.cancelled = true;
      if (action === 'rerun') ledger.reran = true;
      if (action === 'cancel' && meta.state !== 'cancelling' && meta.state !== 'cancelled')
        judge.violate('P12', `${run}: the cancel was answered, and it is ${meta.state}`);
      return;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      judge.count(`${action} was refused: ${error.code}`);
      judge.count('a cancel met the end', open && action === 'cancel' ? 1 : 0);
      if (action !== 'rerun' || error.code !== 'run-contended') return;
      await clock.sleep(10_000);
    }
  }
}

/** All that must hold when everything has come to rest. */
export const checkRest = (world: World): Promise<ReadonlyMap<string, string>> =>
  checkEnd(world, playOf(world).judge, playOf(world).profile);

/** Records that mean nothing, beside those that do. */
const nonsense: readonly (readonly [sort: string, data: JsonObject])[] = [
  ['LOST#nonsense', { task: 'first', attempt: {} }],
  ['PACK#nonsense', { reports: 7 }],
  ['PACK#nothing', { owner: 'nobody', reports: [null] }],
  ['SPAWN#nonsense', { parent: 0, attempt: 1, at: 0 }],
  ['CONTROL#nonsense', { action: 'explode' }],
];

async function poison(judge: Judge, world: World, ports: Ports): Promise<void> {
  const [run] = world.runs;
  if (run === undefined) return;
  judge.run(run.id).ledger.poisoned = true;
  for (const [sort, data] of nonsense) await putBadly(ports, run.id, sort, data);
}

/** Of a kind that is found out only when it is folded, beside what came with it. */
const unfoldable: JsonObject = {
  parent: 0,
  attempt: 1,
  at: 0,
  made: { kind: 'tasks', requests: null },
};

async function spoil(judge: Judge, run: string, ports: Ports): Promise<void> {
  judge.run(run).ledger.poisoned = true;
  await putBadly(ports, run, `SPAWN#${ports.ids.next()}`, unfoldable);
}

async function putBadly(
  { table, clock }: Ports,
  run: string,
  sort: string,
  data: JsonObject,
): Promise<void> {
  const item = { partition: runPartition('main', run), sort, version: 1, data };
  await persistently(clock, () => table.put(item, 'any'));
}
