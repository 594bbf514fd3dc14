import type { Happening } from '../contract/happening.ts';
import { isEnded } from '../contract/state.ts';
import { attemptOf, codeOf } from '../core/progress.ts';
import { codes } from '../core/status.ts';
import type { Item } from '../ports/table.ts';
import type { Advanced, Decider } from './advance.ts';
import { applyControl } from './control-run.ts';
import { advanceSafely, carryOutSafely, causesOf } from './fan-out.ts';
import {
  allShards,
  fromData,
  type HeartbeatData,
  heartbeatKey,
  heartbeatPartition,
  runOf,
  runPartition,
  sortKeys,
} from './items.ts';
import type { LoadedRun } from './loaded-run.ts';
import { type AttemptName, keyOfAttempt, lostPut } from './lost.ts';
import { MixedPacks, unreported } from './mixed-packs.ts';
import { pagesOf } from './pages.ts';
import { mayPass } from './passing.ts';
import { renew } from './renew.ts';
import { type ClaimOf, claimsOf } from './standing-claims.ts';
import type { Stuck } from './stuck-runs.ts';
import { sweepWakeLists } from './wake-lists.ts';

/**
 * Declares lost what lapsed runners held, and forgets these runners. Returns how many attempts were lost. An attempt
 * that was reported in time is not harmed: its report counts, whichever is folded first. `all`: every runner, as after a
 * restart of the process that all of them lived in.
 */
export async function sweepRunners(decider: Decider, all = false): Promise<number> {
  const { ports, settings } = decider;
  let lost = 0;
  for (const shard of allShards(settings)) {
    const partition = heartbeatPartition(settings.namespace, shard);
    for await (const items of pagesOf(ports.table, { partition }))
      for (const item of items) lost += await sweepRunner(decider, item, all);
  }
  return lost;
}

async function sweepRunner(decider: Decider, item: Item, all: boolean): Promise<number> {
  const { ports, settings } = decider;
  const beat = fromData<HeartbeatData>(item.data);
  const now = ports.clock.now();
  if (!all && beat.leaseUntil + settings.skewMs >= now) return 0;
  const owner = item.sort;
  const gone = new Map<string, AttemptName>();
  const add = (one: AttemptName) => gone.set(keyOfAttempt(one), one);
  for (const [run, task, attempt] of beat.holds) add({ run, task, attempt });
  // What it went on with after its last heartbeat is claimed, and listed nowhere.
  for (const run of new Set(beat.holds.map(([id]) => id))) {
    const loaded = await readable(decider, run);
    if (loaded === undefined) continue;
    for (const one of await abandoned(decider, loaded, await claimsOf(decider, loaded, owner)))
      add(one);
  }
  // When it made that heartbeat nothing of this was reported.
  const since = beat.at - settings.heartbeatMs - settings.skewMs;
  const packs = new MixedPacks(ports, settings);
  // What of them can't be decided is told when their run is visited.
  const lost = await unreported(decider, packs, owner, since, [...gone.values()], []);
  await declareLost(decider, owner, lost);
  await ports.table.remove(item, { version: item.version });
  return lost.length;
}

/** What cannot be read for good is told when it is visited, and is no reason not to look at the other runs. */
async function readable({ runs, settings }: Decider, id: string): Promise<LoadedRun | undefined> {
  try {
    return await runs.look(id, !settings.soleDecider);
  } catch (error) {
    if (mayPass(error)) throw error;
    return undefined;
  }
}

/** What a visit to runs that did not move found to mend. Expected: nothing. */
export interface Repairs {
  readonly visited: number;
  /** Ready tasks without a claim, sent again. */
  readonly resent: number;
  readonly lost: number;
  /** What of these runs could not be decided, for a reason that trying again will not mend. */
  readonly stuck: readonly Stuck[];
}

/**
 * Visits runs whose `wakeAt` has come, or that of their list: ends those over their time, folds all that happened again,
 * declares lost what is claimed by runners that are gone, sends again what is ready and claimed by nobody. `all`: every
 * run that has not ended, as after a restart, when messages are gone.
 */
export async function sweepRuns(decider: Decider, all = false): Promise<Repairs> {
  const total = { visited: 0, resent: 0, lost: 0, stuck: [] as Stuck[] };
  const { ports, settings } = decider;
  const to = all ? undefined : `${ports.clock.now().toString().padStart(15, '0')}~`;
  // A visit puts off the next one, which moves the run to the end of the list that is being walked.
  const seen = new Set<string>();
  const packs = new MixedPacks(ports, settings);
  const visitAll = async (runs: readonly string[]): Promise<void> => {
    const fresh = runs.filter((run) => !seen.has(run) && seen.add(run));
    const visits = await Promise.all(fresh.map((run) => visitSafely(decider, packs, run)));
    for (const one of visits) {
      total.visited += one.visited;
      total.resent += one.resent;
      total.lost += one.lost;
      total.stuck.push(...one.stuck);
    }
  };
  for (const shard of allShards(settings)) {
    const partition = `${settings.namespace}/ACTIVE#${shard}`;
    for await (const items of pagesOf(ports.table, { partition, ...(to && { to }) }, 'active'))
      await visitAll(items.map((item) => runOf(item.partition)));
  }
  await sweepWakeLists(decider, all, async (runs) => {
    await visitAll(runs);
    return new Set(total.stuck.map(({ run }) => run));
  });
  return total;
}

const nothing: Repairs = { visited: 0, resent: 0, lost: 0, stuck: [] };

/** A run that can't be visited is no reason not to visit the others. */
async function visitSafely(decider: Decider, packs: MixedPacks, run: string): Promise<Repairs> {
  try {
    return await visit(decider, packs, run);
  } catch (error) {
    if (mayPass(error)) throw error;
    return { ...nothing, visited: 1, stuck: [{ run, error }] };
  }
}

async function visit(decider: Decider, packs: MixedPacks, runId: string): Promise<Repairs> {
  const { ports } = decider;
  await endOverdue(decider, runId);
  const stuck: Stuck[] = [];
  const happenings = await history(decider, runId, stuck);
  const cause = { happenings, revive: true };
  const advanced = await advanceSafely(decider, runId, cause, stuck);
  const last = advanced.at(-1);
  if (last === undefined) return { ...nothing, stuck };
  const claimed = await claimsOf(decider, last.run);
  const lost = await loseAbandoned(decider, last.run, packs, claimed, stuck);
  const sends = advanced.map((one) => withoutClaimed(one, claimed));
  await carryOutSafely(decider, sends, stuck);
  const renewedAt = await renew(decider, last.run);
  await decider.runs.wakeLater(runId, ports.clock.now(), renewedAt);
  if (stuck.length === 0) decider.stuck.forget(runId);
  let resent = 0;
  for (const { decisions } of sends)
    for (const decision of decisions) resent += decision.sends.size;
  return { visited: 1, resent, lost, stuck };
}

/** A run over its time limit is cancelled, and fails. */
async function endOverdue(decider: Decider, id: string): Promise<void> {
  const run = await decider.runs.look(id);
  const { deadline, generation, state } = run?.meta ?? {};
  const at = decider.ports.clock.now();
  if (deadline === undefined || deadline > at || state === undefined || isEnded(state)) return;
  const reason = 'time-limit: the run was not done in time';
  const sort = `${sortKeys.control}deadline#${generation}`;
  await applyControl(decider, id, sort, { action: 'cancel', at, reason, fails: true });
}

/** Everything that has happened to a run and lies with it, read strongly. */
async function history(
  decider: Decider,
  runId: string,
  stuck: Stuck[],
): Promise<readonly Happening[]> {
  const partition = runPartition(decider.settings.namespace, runId);
  const items: Item[] = [];
  for (const prefix of [sortKeys.spawn, sortKeys.pack, sortKeys.lost, sortKeys.control]) {
    const range = { partition, from: prefix, to: `${prefix}~` };
    for await (const page of pagesOf(decider.ports.table, range)) items.push(...page);
  }
  // A pack of several runs that one of its reports rests on has told of others, too.
  return (await causesOf(decider, items, stuck)).get(runId)?.happenings ?? [];
}

interface Abandoned extends AttemptName {
  readonly owner: string;
  /** Epoch ms: not claimed before. */
  readonly since: number;
}

/** Open attempts that are claimed, but whose runner is gone or knows nothing of them. */
async function abandoned(
  decider: Decider,
  run: LoadedRun,
  claims: ReadonlyMap<number, ClaimOf>,
): Promise<readonly Abandoned[]> {
  const { ports, settings } = decider;
  const open = [...claims].filter(([task, claim]) => {
    // Another decider has added tasks since the run was loaded here.
    if (task >= run.progress.graph.size) return false;
    const code = codeOf(run.progress, task);
    const current = code === codes.waiting || code === codes.backoff;
    return current && attemptOf(run.progress, task) === claim.attempt;
  });
  const owners = [...new Set(open.map(([, { owner }]) => owner))];
  const items = await ports.table.getMany(owners.map((owner) => heartbeatKey(settings, owner)));
  const beats = new Map(
    owners.map((owner, i) => [owner, items[i] && fromData<HeartbeatData>(items[i].data)]),
  );
  const now = ports.clock.now();
  const found: Abandoned[] = [];
  for (const [task, { owner, attempt, at, since }] of open) {
    const beat = beats.get(owner);
    const gone = beat === undefined || beat.leaseUntil + settings.skewMs < now;
    const listed = beat?.holds.some(
      ([id, number, held]) => id === run.meta.id && number === task && held === attempt,
    );
    // Claimed well before a heartbeat that does not list it: reported, so progress would say so; or forgotten.
    const forgotten =
      beat !== undefined && !listed && beat.at > at + settings.leaseMs + settings.skewMs;
    if (gone || forgotten) found.push({ run: run.meta.id, task, attempt, owner, since });
  }
  return found;
}

/** Folds what was reported of abandoned attempts, and declares lost the others. Returns how many these are. */
async function loseAbandoned(
  decider: Decider,
  run: LoadedRun,
  packs: MixedPacks,
  claims: ReadonlyMap<number, ClaimOf>,
  stuck: Stuck[],
): Promise<number> {
  const byOwner = Map.groupBy(await abandoned(decider, run, claims), ({ owner }) => owner);
  let lost = 0;
  for (const [owner, attempts] of byOwner) {
    const claimedAt = Math.min(...attempts.map((one) => one.since));
    const since = claimedAt - decider.settings.skewMs;
    const silent = await unreported(decider, packs, owner, since, attempts, stuck);
    await declareLost(decider, owner, silent);
    lost += silent.length;
  }
  return lost;
}

async function declareLost(
  { ports, settings }: Decider,
  owner: string,
  attempts: readonly AttemptName[],
): Promise<void> {
  const now = ports.clock.now();
  const puts = attempts.map((one) => lostPut(settings, one, now, `runner ${owner} is gone`));
  if (puts.length > 0) await ports.table.putMany(puts);
}

/** The decisions without the sends of attempts that somebody holds. */
function withoutClaimed(advanced: Advanced, claims: ReadonlyMap<number, ClaimOf>): Advanced {
  if (isEnded(advanced.run.meta.state)) return advanced;
  for (const decision of advanced.decisions) {
    for (const [task, { attempt }] of decision.sends) {
      const claim = claims.get(task);
      if (claim !== undefined && claim.attempt >= attempt) decision.sends.delete(task);
    }
  }
  return advanced;
}
