import type { Timing as GivenTiming } from '../contract/schedule.ts';
import type { ScheduleFacts } from '../core/schedule-policy.ts';
import type { Timing } from '../core/schedule-timing.ts';
import { runOfSlot } from '../core/slot-run.ts';
import type { Ports } from '../ports/ports.ts';
import { delayMsMax, type Outgoing } from '../ports/queue.ts';
import type { Decider } from './advance.ts';
import { keepLast } from './keep-last.ts';
import type { Schedule } from './schedule-items.ts';
import type { Submitter } from './submit.ts';

/** Reads what an author said; throws `Problem` `schedule-invalid`. `madeAt`: intervals count from then, unless told. */
export type CompileTiming = (given: GivenTiming, madeAt: number) => Timing;

/** Who keeps schedules and starts their runs. */
export interface Scheduler extends Submitter {
  readonly ports: Ports;
  readonly decider: Decider;
  readonly compile: CompileTiming;
}

/** Where messages lie that say that a schedule is due. Hints: whoever gets one looks at the schedule. */
export const startsQueue = 'starts';

export interface StartHint {
  readonly schedule: string;
  /** When it is due: for one that has moved on since, the message means nothing any more. */
  readonly at: number;
}

const timingsMax = 20_000;

/** Remembers what it read. */
export function rememberingTimings(compile: CompileTiming): CompileTiming {
  const known = new Map<string, Timing>();
  return (given, madeAt) => {
    const key = `${madeAt} ${JSON.stringify(given)}`;
    let timing = known.get(key);
    if (timing === undefined) {
      timing = compile(given, madeAt);
      known.set(key, timing);
      keepLast(known, timingsMax);
    }
    return timing;
  };
}

export const factsOf = (compile: CompileTiming, schedule: Schedule): ScheduleFacts => ({
  timing: compile(schedule.timing, schedule.createdAt),
  policy: schedule.policy,
  id: schedule.id,
  runOfSlot: (slot) => runOfSlot(schedule.id, slot),
});

/** What says that a schedule is due, at that time; nothing when that is for the sweep to say. */
export function hintFor(
  { ports, settings }: Pick<Scheduler, 'ports' | 'settings'>,
  { name, wakeAt }: Schedule,
): readonly Outgoing[] {
  const now = ports.clock.now();
  if (wakeAt === undefined || wakeAt > now + settings.scheduleAheadMs) return [];
  return [startMessage({ schedule: name, at: wakeAt }, now)];
}

/** What comes too early, as by a clock that is behind, is put off once more. */
export const startMessage = (hint: StartHint, now: number): Outgoing => ({
  queue: startsQueue,
  body: { ...hint },
  ...(hint.at > now && { delayMs: Math.min(delayMsMax, hint.at - now) }),
});
