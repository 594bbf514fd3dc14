/** How schedules lie in the table. */

import type { BackfillAgain } from '../contract/backfill.ts';
import type { StoredOutput } from '../contract/happening.ts';
import type { Timing } from '../contract/schedule.ts';
import type { Code, Codes } from '../contract/workflow.ts';
import type { BackfillRange } from '../core/backfill.ts';
import type { SchedulePolicy, ScheduleState } from '../core/schedule-policy.ts';
import type { IndexEntry, Item, Key } from '../ports/table.ts';
import { asData, fromData, shardOf, sortable } from './items.ts';
import type { EngineSettings } from './settings.ts';

type Sharding = Pick<EngineSettings, 'namespace' | 'shards'>;

/** What makes a schedule a backfill of another one: it has that one's slots of a range, and starts their runs in turn. */
export interface Backfill extends BackfillRange {
  /** The schedule's name and id. */
  readonly of: string;
  readonly ofId: string;
  readonly again: BackfillAgain;
  readonly parallel: number;
  /** How many there are. */
  readonly slots: number;
  /** `createdAt` is the schedule's: its intervals count from then. */
  readonly madeAt: number;
}

export interface Schedule {
  /** Of a backfill: that of its schedule, `/` and its id, which is nobody else's name. */
  readonly name: string;
  /** A ULID of its own: its runs' ids are made from it. */
  readonly id: string;
  /** Name and hash of what it runs. */
  readonly workflow: string;
  readonly hash: string;
  readonly input: StoredOutput;
  readonly slotInput?: string;
  readonly code?: Code;
  readonly codes?: Codes;
  readonly tags?: readonly string[];
  readonly timing: Timing;
  readonly policy: SchedulePolicy;
  readonly state: ScheduleState;
  readonly backfill?: Backfill;
  readonly paused?: true;
  /** Nothing will be due any more. */
  readonly done?: true;
  readonly createdAt: number;
  readonly changedAt: number;
  /** When there is something to decide: it is in the index by that. */
  readonly wakeAt?: number;
  /** When its blobs were written again, so that they stay. */
  readonly renewedAt: number;
}

/** One as it was read, to be changed under its version. */
export interface StoredSchedule {
  readonly schedule: Schedule;
  readonly version: number;
}

export const schedulePartition = (namespace: string, shard: string): string =>
  `${namespace}/SCHEDULES#${shard}`;

export const scheduleKey = (sharding: Sharding, name: string): Key => ({
  partition: schedulePartition(sharding.namespace, shardOf(sharding, name)),
  sort: name,
});

/** Where schedules are found by when there is something to decide. */
export const duePartition = (namespace: string, shard: string): string =>
  `${namespace}/DUE#${shard}`;

const dayMs = 86_400_000;
const backfillDoneMs = 30 * dayMs;

/** What came once leaves by itself, as it may be many. */
function leavesAt({ done, timing, backfill, changedAt }: Schedule): number | undefined {
  if (!done) return undefined;
  if (backfill) return changedAt + backfillDoneMs;
  return timing.at === undefined ? undefined : changedAt + dayMs;
}

export function scheduleItem(sharding: Sharding, schedule: Schedule, version: number): Item {
  const { name, wakeAt } = schedule;
  const expiresAt = leavesAt(schedule);
  const active: IndexEntry | undefined =
    wakeAt === undefined
      ? undefined
      : {
          partition: duePartition(sharding.namespace, shardOf(sharding, name)),
          sort: sortable(wakeAt, name),
        };
  return {
    ...scheduleKey(sharding, name),
    version,
    data: asData(schedule),
    ...(active && { indexes: { active } }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}

export const scheduleOf = (item: Item): StoredSchedule => ({
  schedule: fromData<Schedule>(item.data),
  version: item.version,
});
