import { isEnded } from '../contract/state.ts';
import {
  decideSchedule,
  type Happened,
  isTracking,
  type ScheduleDecision,
  type StartedRun,
} from '../core/schedule-policy.ts';
import type { Put } from '../ports/table.ts';
import { nextOfBackfill } from './backfill-steps.ts';
import { readStored } from './blobs.ts';
import { controlRun } from './control-run.ts';
import { fromData, type Meta, metaKey } from './items.ts';
import { mayPass } from './passing.ts';
import { renewMs } from './retention.ts';
import {
  type Schedule,
  type StoredSchedule,
  scheduleItem,
  scheduleKey,
  scheduleOf,
} from './schedule-items.ts';
import { factsOf, hintFor, type Scheduler, type StartHint, startMessage } from './scheduler.ts';
import { type StoredRequest, submitStored } from './submit.ts';

/** What came of hints. */
export interface Started {
  /** Runs that were started: how much later than their time, ms. */
  readonly lateness: readonly number[];
  /** Schedules that could not be decided, for a reason that trying again will not mend. */
  readonly stuck: readonly { readonly schedule: string; readonly error: unknown }[];
}

/** What is decided of a schedule, and what it is to become. */
interface Step {
  readonly stored: StoredSchedule;
  readonly decision: ScheduleDecision;
  readonly next: Schedule;
  readonly requests: readonly StoredRequest[];
}

/** A run that was said to be started is looked for after so long. */
const checkMs = 60_000;

/**
 * Starts what is due of the schedules that are named. The run of a slot has an id that is made of both, and a schedule is
 * changed under its version: hints that come twice, late, or to two at a time, start nothing twice. A schedule moves on
 * only once its run is there; one that follows its runs writes down first which it starts, and starts it again if it is not
 * there later.
 */
export async function startDue(
  scheduler: Scheduler,
  hints: readonly StartHint[],
): Promise<Started> {
  const { ports } = scheduler;
  const stuck: { schedule: string; error: unknown }[] = [];
  const due = await dueOf(scheduler, hints);
  const outcomes = await outcomesOf(scheduler, due, stuck);
  const steps: Step[] = [];
  for (const stored of due) {
    try {
      steps.push(await stepOf(scheduler, stored, outcomes));
    } catch (error) {
      if (mayPass(error)) throw error;
      stuck.push({ schedule: stored.schedule.name, error });
    }
  }
  const followed = steps.filter(({ stored }) => isTracking(stored.schedule.policy));
  const plain = steps.filter(({ stored }) => !isTracking(stored.schedule.policy));
  const won = await save(scheduler, followed);
  await submitStored(
    scheduler,
    [...plain, ...won].flatMap(({ requests }) => requests),
  );
  const moved = [...won, ...(await save(scheduler, plain))];
  await cancelOpen(scheduler, won);
  const messages = moved.flatMap(({ next }) => hintFor(scheduler, next));
  if (messages.length > 0) await ports.queue.send(messages);
  const now = ports.clock.now();
  const lateness = [...plain, ...won].flatMap(({ stored, decision }) =>
    decision.start.map(() => now - (stored.schedule.wakeAt ?? now)),
  );
  return { lateness, stuck };
}

/** Those whose time has come. What came early is put off; what has moved on since needs nothing. */
async function dueOf(
  { ports, settings }: Scheduler,
  hints: readonly StartHint[],
): Promise<readonly StoredSchedule[]> {
  const byName = new Map(hints.map((hint) => [hint.schedule, hint]));
  const named = [...byName.values()];
  const keys = named.map(({ schedule }) => scheduleKey(settings, schedule));
  const items = await ports.table.getMany(keys);
  const now = ports.clock.now();
  const early: StartHint[] = [];
  const due: StoredSchedule[] = [];
  for (const [i, hint] of named.entries()) {
    const item = items[i];
    const stored = item && scheduleOf(item);
    if (stored?.schedule.wakeAt !== hint.at) continue;
    if (hint.at > now) early.push(hint);
    else due.push(stored);
  }
  if (early.length > 0) await ports.queue.send(early.map((hint) => startMessage(hint, now)));
  return due;
}

type Outcomes = Happened['ended'];

/** How runs ended that are followed, those that have. One that is not there was said to be started, and now is. */
async function outcomesOf(
  scheduler: Scheduler,
  due: readonly StoredSchedule[],
  stuck: { schedule: string; error: unknown }[],
): Promise<Outcomes> {
  const { ports, settings } = scheduler;
  const open = due.flatMap(({ schedule }) => schedule.state.open.map((run) => ({ schedule, run })));
  const items = await ports.table.getMany(
    open.map(({ run }) => metaKey(settings.namespace, run.id)),
  );
  const metas: Meta[] = items.flatMap((item) => (item ? [fromData<Meta>(item.data)] : []));
  for (const { schedule, run } of open.filter((_, i) => items[i] === undefined)) {
    try {
      metas.push(...(await submitStored(scheduler, await requestsOf(scheduler, schedule, [run]))));
    } catch (error) {
      if (mayPass(error)) throw error;
      stuck.push({ schedule: schedule.name, error });
    }
  }
  return new Map(
    metas.flatMap(({ id, state }) => (isEnded(state) ? [[id, state as 'succeeded']] : [])),
  );
}

async function stepOf(
  scheduler: Scheduler,
  stored: StoredSchedule,
  ended: Outcomes,
): Promise<Step> {
  const { ports, settings, compile } = scheduler;
  const { schedule } = stored;
  const now = ports.clock.now();
  const happened = { now, graceMs: settings.scheduleGraceMs, ended };
  const decision = schedule.paused
    ? { state: schedule.state, start: [], cancel: [], wakeAt: undefined }
    : schedule.backfill
      ? await nextOfBackfill(scheduler, schedule, schedule.backfill, ended)
      : decideSchedule(factsOf(compile, schedule), schedule.state, happened);
  const requests = await requestsOf(scheduler, schedule, decision.start);
  const renewedAt = await renewedSince(scheduler, schedule, now);
  return { stored, decision, requests, next: nextOf(scheduler, schedule, decision, renewedAt) };
}

/** The schedule as it is after a decision. */
export function nextOf(
  { ports, settings }: Pick<Scheduler, 'ports' | 'settings'>,
  schedule: Schedule,
  { state, start, wakeAt }: Pick<ScheduleDecision, 'state' | 'start' | 'wakeAt'>,
  renewedAt: number = schedule.renewedAt,
): Schedule {
  const now = ports.clock.now();
  const { wakeAt: _before, done: _done, ...kept } = schedule;
  const isOver = wakeAt === undefined && state.stopped === undefined && !schedule.paused;
  const follows = isTracking(schedule.policy) && start.length > 0;
  const times = [
    ...(wakeAt === undefined || schedule.paused ? [] : [wakeAt]),
    ...(follows ? [now + checkMs] : []),
    ...(settings.retention && !isOver ? [renewedAt + renewMs(settings.retention)] : []),
  ];
  return {
    ...kept,
    state,
    renewedAt,
    changedAt: isOver ? now : schedule.changedAt,
    ...(isOver && !follows && { done: true }),
    ...(times.length > 0 && { wakeAt: Math.min(...times) }),
  };
}

/** Blobs leave that were not written for long. */
async function renewedSince(
  { ports, settings }: Scheduler,
  schedule: Schedule,
  now: number,
): Promise<number> {
  const { hash, input, code, codes, renewedAt } = schedule;
  if (settings.retention === undefined || now - renewedAt < renewMs(settings.retention))
    return renewedAt;
  const named = [input, code, ...Object.values(codes ?? {})];
  const blobs = named.flatMap((one) => (one && 'blob' in one ? [one.blob] : []));
  for (const blob of [hash, ...blobs]) await ports.blobs.renew(blob);
  return now;
}

/** The runs of slots, as they are submitted. */
export async function requestsOf(
  { ports, specs }: Pick<Scheduler, 'ports' | 'specs'>,
  schedule: Schedule,
  runs: readonly StartedRun[],
): Promise<readonly StoredRequest[]> {
  if (runs.length === 0) return [];
  const { hash, input, slotInput, code, codes, tags = [], backfill } = schedule;
  const name = backfill?.of ?? schedule.name;
  const spec = await specs.load(hash);
  const given = (await readStored(ports.blobs, input)) as Record<string, never>;
  return runs.map(({ id, slot }) => {
    const time = new Date(slot).toISOString();
    return {
      id,
      hash,
      spec,
      input: slotInput === undefined ? given : { ...given, [slotInput]: time },
      ...(code !== undefined && { code }),
      ...(codes !== undefined && { codes }),
      tags: [
        ...tags,
        `schedule:${name}`,
        `slot:${time}`,
        ...(backfill ? [`backfill:${schedule.id}`] : []),
      ],
    };
  });
}

/** Those of which nobody else was first. What does not change is not written. */
async function save(
  { ports, settings }: Scheduler,
  steps: readonly Step[],
): Promise<readonly Step[]> {
  const puts = steps.map(
    ({ stored, next }): Put => ({
      item: scheduleItem(settings, next, stored.version + 1),
      condition: { version: stored.version },
    }),
  );
  if (puts.length === 0) return [];
  const results = await ports.table.putMany(puts);
  return steps.filter((_, i) => results[i]?.done);
}

async function cancelOpen({ decider }: Scheduler, steps: readonly Step[]): Promise<void> {
  for (const { stored, decision } of steps)
    for (const run of decision.cancel) {
      const reason = `the next run of schedule ${stored.schedule.name} is due`;
      try {
        await controlRun(decider, run, { action: 'cancel', reason });
      } catch (error) {
        // It has ended meanwhile, which is what was asked for.
        if (mayPass(error)) throw error;
      }
    }
}
