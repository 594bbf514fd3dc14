import type { PoolLoad } from './capacity.ts';

/** What a runner has counted since it began; it tells with each heartbeat. */
export interface RunnerCounts {
  readonly id: string;
  /** When it began to count, epoch ms. */
  readonly since: number;
  readonly ended: number;
  readonly servedMs: number;
  /** How many messages brought the tasks that ended. */
  readonly messages: number;
}

/** What is seen of a pool at one moment. */
export interface PoolSight {
  readonly messagesWaiting: number;
  readonly messagesTaken: number;
  /** When the attempts began that runners say they hold, epoch ms. */
  readonly held: readonly number[];
  readonly runners: readonly RunnerCounts[];
  readonly wanted: number;
  readonly running: number;
}

/** What one sight leaves to the next. JSON can hold it; when it is lost, counting starts anew. */
export interface LoadState {
  readonly at: number;
  /** Tasks that waited or ran. */
  readonly open: number;
  /** Of tasks that ended, the older the less: how many, and by how many messages they came. */
  readonly ended: number;
  readonly messages: number;
  readonly arrivals: readonly Arrivals[];
  readonly runners: readonly RunnerRow[];
}

/** How many tasks had arrived in all, at a moment. */
export type Arrivals = readonly [at: number, total: number];
type RunnerRow = readonly [id: string, ended: number, servedMs: number, messages: number];

/** Over which time the past counts for how many tasks a message brings. */
const MIXTURE_MS = 300_000;
/** So many moments tell how old the oldest is, to a fortieth of its age or better. */
const ARRIVALS_MAX = 80;
/** Told from the others by their last characters: ids of one pool's runners differ in them. */
const ID_CHARACTERS = 10;

/**
 * The load of a pool, from its queue's depth and its runners' own counts. Tasks that arrived are those that ended, and
 * those that are more than before; how old the oldest is follows from when so many had arrived as have begun by now.
 */
export function loadFrom(
  before: LoadState | undefined,
  sight: PoolSight,
  now: number,
): { readonly load: Omit<PoolLoad, 'known'>; readonly state: LoadState } {
  const done = doneSince(before, sight.runners);
  const keep = before === undefined ? 0 : Math.exp(-Math.max(0, now - before.at) / MIXTURE_MS);
  const ended = (before?.ended ?? 0) * keep + done.ended;
  const messages = (before?.messages ?? 0) * keep + done.messages;
  // One more of each: of a message that nobody has opened nothing more is known than that it brings one.
  const each = Math.max(1, (ended + 1) / (messages + 1));
  const waiting = Math.round(sight.messagesWaiting * each);
  // A message is taken until a heartbeat lists its tasks: added up, some of them would count twice.
  const running = Math.max(sight.held.length, Math.round(sight.messagesTaken * each));
  const open = waiting + running;
  const arrived = before === undefined ? 0 : Math.max(0, done.ended + open - before.open);
  const arrivals = withArrivals(before?.arrivals ?? [], arrived, open, waiting, now);
  return {
    load: {
      arrived,
      ended: done.ended,
      servedMs: done.servedMs,
      waiting,
      oldestMs: waiting > 0 ? oldestMs(arrivals, waiting, now) : 0,
      running,
      runningMs: sight.held.reduce((sum, since) => sum + Math.max(0, now - since), 0),
      ready: Math.min(sight.wanted, sight.running),
      starting: Math.max(0, sight.wanted - sight.running),
    },
    state: {
      at: now,
      open,
      ended,
      messages,
      arrivals,
      runners: sight.runners.map((runner) => [
        nameOf(runner),
        runner.ended,
        runner.servedMs,
        runner.messages,
      ]),
    },
  };
}

const nameOf = ({ id }: RunnerCounts): string => id.slice(-ID_CHARACTERS);

/**
 * What ended since. A runner that nobody saw before may be new, and then all it counted is; or it was idle for so long
 * that it was forgotten, and then nobody knows what of it was counted.
 */
function doneSince(
  before: LoadState | undefined,
  runners: readonly RunnerCounts[],
): { readonly ended: number; readonly servedMs: number; readonly messages: number } {
  const sum = { ended: 0, servedMs: 0, messages: 0 };
  if (before === undefined) return sum;
  const known = new Map(before.runners.map((row) => [row[0], row]));
  for (const runner of runners) {
    const row = known.get(nameOf(runner));
    if (row === undefined && runner.since < before.at) continue;
    const [, ended = 0, servedMs = 0, messages = 0] = row ?? [];
    sum.ended += Math.max(0, runner.ended - ended);
    sum.servedMs += Math.max(0, runner.servedMs - servedMs);
    sum.messages += Math.max(0, runner.messages - messages);
  }
  return sum;
}

/** Only moments after which something that still waits has arrived tell anything, and the last one before. */
function withArrivals(
  before: readonly Arrivals[],
  arrived: number,
  open: number,
  waiting: number,
  now: number,
): readonly Arrivals[] {
  const last = before.at(-1);
  const total = last === undefined ? open : last[1] + arrived;
  const begun = total - waiting;
  const all = [...before, [now, total] as const];
  const first = all.findLastIndex(([, sum]) => sum <= begun);
  const kept = all.slice(Math.max(0, first));
  if (kept.length <= ARRIVALS_MAX) return kept;
  return kept.filter((_, index) => index % 2 === 0 || index === kept.length - 1);
}

/** When the first of those that wait had arrived, if those that came between two moments came evenly. */
function oldestMs(arrivals: readonly Arrivals[], waiting: number, now: number): number {
  const [, total] = arrivals.at(-1) ?? [now, 0];
  const begun = total - waiting;
  const next = arrivals.findIndex(([, sum]) => sum > begun);
  const after = arrivals[next];
  if (after === undefined) return 0;
  const [from, sum] = arrivals[next - 1] ?? after;
  const part = after[1] > sum ? Math.max(0, begun - sum) / (after[1] - sum) : 0;
  return Math.max(0, now - (from + (after[0] - from) * part));
}
