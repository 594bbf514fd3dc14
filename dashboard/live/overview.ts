import type { RunnerView, RunSummary } from '../../src/contract/api.ts';
import type { ScheduleView } from '../../src/contract/schedule.ts';
import { readSchedules } from './schedules.ts';
import { server } from './server.ts';

export interface Overview {
  /** Created in the last day, newest first. */
  readonly runs: readonly RunSummary[];
  /** There were more than were read. */
  readonly isPart: boolean;
  readonly open: readonly RunSummary[];
  readonly runners: readonly RunnerView[];
  readonly schedules: readonly ScheduleView[];
}

const RUNS_MAX = 1000;
const OPEN_MAX = 100;
const dayMs = 86_400_000;

export async function readOverview(): Promise<Overview> {
  const [day, running, paused, runners, schedules] = await Promise.all([
    server.runs({ since: Date.now() - dayMs, limit: RUNS_MAX }),
    server.runs({ state: 'running', limit: OPEN_MAX }),
    server.runs({ state: 'paused', limit: OPEN_MAX }),
    server.runners(),
    readSchedules(),
  ]);
  return {
    runs: day.items,
    isPart: day.next !== null,
    open: [...running.items, ...paused.items],
    runners,
    schedules,
  };
}
