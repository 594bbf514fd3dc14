import type { ScheduleState } from '../../src/contract/schedule.ts';
import { now } from '../live/now.ts';
import { duration } from '../model/words.ts';

/** Whose colour and sign they have. */
export const scheduleLooks: Readonly<Record<ScheduleState, string>> = {
  active: 'running',
  paused: 'paused',
  stopped: 'failed',
  done: 'succeeded',
};

export const untilWords = (at: number | undefined): string =>
  at === undefined ? '' : at <= now.value ? 'now' : `in ${duration(at - now.value)}`;
