/** How schedules are changed while others do, too. */
import { Problem } from '../contract/problem.ts';
import { findSchedule } from './read-schedules.ts';
import { type Schedule, type StoredSchedule, scheduleItem, scheduleKey } from './schedule-items.ts';
import { hintFor, type Scheduler } from './scheduler.ts';

const triesMax = 10;

/** Changes what is there, again when somebody else was first. Says to the queue what is due soon. */
export async function changeSchedule(
  scheduler: Scheduler,
  name: string,
  next: (stored: StoredSchedule | undefined) => Promise<Schedule> | Schedule,
): Promise<Schedule> {
  const { ports, settings } = scheduler;
  for (let tries = 0; tries < triesMax; tries++) {
    const stored = await findSchedule(scheduler, name);
    const schedule = await next(stored);
    const condition = stored ? { version: stored.version } : 'absent';
    const item = scheduleItem(settings, schedule, (stored?.version ?? 0) + 1);
    if (!(await ports.table.put(item, condition)).done) continue;
    const messages = hintFor(scheduler, schedule);
    if (messages.length > 0) await ports.queue.send(messages);
    return schedule;
  }
  throw new Problem('schedule-contended', `schedule ${name} is changed by many at once`);
}

export async function removeSchedule(scheduler: Scheduler, name: string): Promise<void> {
  const { ports } = scheduler;
  for (let tries = 0; tries < triesMax; tries++) {
    const stored = await findSchedule(scheduler, name);
    if (stored === undefined) return;
    const key = scheduleKey(scheduler.settings, name);
    if ((await ports.table.remove(key, { version: stored.version })).done) return;
  }
  throw new Problem('schedule-contended', `schedule ${name} is changed by many at once`);
}
