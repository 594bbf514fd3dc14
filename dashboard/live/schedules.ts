import type { ScheduleView, Timing } from '../../src/contract/schedule.ts';
import { duration, instant } from '../model/words.ts';
import { server } from './server.ts';

export const SCHEDULES_MAX = 200;
const STARTS_EACH = 200;

export const readSchedules = async (): Promise<readonly ScheduleView[]> =>
  (await server.schedules.list({ limit: SCHEDULES_MAX })).items;

export interface Start {
  readonly schedule: string;
  readonly at: number;
}

/** What starts before `until`, of all that are active. */
export async function comingStarts(until: number): Promise<readonly Start[]> {
  const active = (await readSchedules()).filter(({ state }) => state === 'active');
  const lists = await Promise.all(
    active.map(async ({ name }) =>
      (await server.schedules.next(name, STARTS_EACH)).map((at) => ({ schedule: name, at })),
    ),
  );
  return lists
    .flat()
    .filter(({ at }) => at < until)
    .sort((a, b) => a.at - b.at);
}

export function timingWords({ cron, everyMs, at, timezone }: Timing): string {
  if (at !== undefined) return `once, ${instant(at)}`;
  if (everyMs !== undefined) return `every ${duration(everyMs)}`;
  return `${cron ?? ''}${timezone === undefined ? '' : ` (${timezone})`}`;
}
