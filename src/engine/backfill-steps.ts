/** What a backfill does next, from what is known of its slots' runs. */
import type { RunState } from '../contract/state.ts';
import { type BackfillFacts, decideBackfill, slotsAfter } from '../core/backfill.ts';
import type { Happened, ScheduleDecision } from '../core/schedule-policy.ts';
import { runOfSlot } from '../core/slot-run.ts';
import { fromData, type Meta, metaKey } from './items.ts';
import type { Backfill, Schedule } from './schedule-items.ts';
import type { Scheduler } from './scheduler.ts';

/** Slots that are looked at in one go. */
const slotsAtOnce = 200;

export const factsOfBackfill = (
  { compile }: Pick<Scheduler, 'compile'>,
  schedule: Schedule,
  backfill: Backfill,
): BackfillFacts => ({
  // As the schedule's slots were when it was asked for: intervals count from its beginning.
  timing: compile(schedule.timing, schedule.createdAt),
  range: backfill,
  parallel: backfill.parallel,
  again: backfill.again,
  policy: schedule.policy,
  runOfSlot: (slot) => runOfSlot(backfill.ofId, slot),
  runAgain: (slot) => runOfSlot(schedule.id, slot),
});

export async function nextOfBackfill(
  scheduler: Scheduler,
  schedule: Schedule,
  backfill: Backfill,
  ended: Happened['ended'],
): Promise<ScheduleDecision> {
  const facts = factsOfBackfill(scheduler, schedule, backfill);
  const { state } = schedule;
  const stillOpen = state.open.filter(({ id }) => !ended.has(id)).length;
  const slots =
    stillOpen < backfill.parallel
      ? slotsAfter(facts.timing, facts.range, state.cursor, slotsAtOnce)
      : [];
  const found = await foundRuns(scheduler, facts, slots);
  return decideBackfill(facts, state, { now: scheduler.ports.clock.now(), ended, found });
}

/** How the slots' own runs are, those that exist, in the table or the archive. */
export async function foundRuns(
  { ports, settings, archive }: Scheduler,
  { runOfSlot: runOf }: Pick<BackfillFacts, 'runOfSlot'>,
  slots: readonly number[],
): Promise<ReadonlyMap<number, RunState | undefined>> {
  const ids = slots.map(runOf);
  const items = await ports.table.getMany(ids.map((id) => metaKey(settings.namespace, id)));
  const all = await Promise.all(items.map((item, i) => item ?? archive.meta(ids[i] as string)));
  return new Map(
    slots.map((slot, i) => {
      const item = all[i];
      return [slot, item && fromData<Meta>(item.data).state];
    }),
  );
}
