/** Words of backfills: the runs of a schedule's slots that are over, made now. */
import * as z from 'zod';
import type { PageOf } from './api.ts';
import type { RunState } from './state.ts';

export const backfillOrders = ['oldest', 'newest'] as const;
export type BackfillOrder = (typeof backfillOrders)[number];

export const backfillAgain = ['none', 'failed', 'all'] as const;
/** Of slots that have a run already: which get another. `failed`: those whose run failed or was cancelled. */
export type BackfillAgain = (typeof backfillAgain)[number];

export const backfillParallelMax = 100;
export const backfillSlotsMax = 10_000;

/** Instants are epoch ms. */
export const BackfillRequest = z.strictObject({
  /** No slot before. */
  from: z.int(),
  /** No slot then or later. Default: now; it may not be later, as those slots come by themselves. */
  to: z.int().optional(),
  /** Which slots come first. Default: `oldest`. */
  order: z.enum(backfillOrders).optional(),
  /** So many runs at a time. Default: 1. */
  parallel: z.int().min(1).max(backfillParallelMax).optional(),
  /** Default: `none`. */
  again: z.enum(backfillAgain).optional(),
  /** So many failures in a row stop it. */
  stopAfterFailures: z.int().min(1).max(1000).optional(),
});
export type BackfillRequest = z.infer<typeof BackfillRequest>;

/** What a backfill does about one slot. */
export interface BackfillStep {
  readonly slot: number;
  readonly does: 'start' | 'skip';
  /** The run that is started, or that is the reason not to. */
  readonly run: string;
  /** How the slot's own run is; absent when there is none. */
  readonly found?: RunState;
}

export interface BackfillPlan {
  /** In the order in which they come. */
  readonly steps: readonly BackfillStep[];
  readonly starts: number;
  readonly skips: number;
}

export interface BackfillView {
  readonly id: string;
  readonly schedule: string;
  /** `stopped`: too many of its runs failed. `done`: all its runs have ended. */
  readonly state: 'active' | 'paused' | 'stopped' | 'done';
  readonly reason?: string;
  readonly from: number;
  readonly to: number;
  readonly order: BackfillOrder;
  readonly parallel: number;
  readonly again: BackfillAgain;
  readonly slots: number;
  readonly started: number;
  readonly skipped: number;
  /** Runs of it that are open. */
  readonly open: readonly string[];
  /** Slots whose turn is to come. */
  readonly left: number;
  /** Runs in a row that failed. */
  readonly failures: number;
  readonly createdAt: number;
}

/** What can be asked about the slots of a schedule that are over. Refusals are thrown as `Problem`. */
export interface Backfills {
  /** Exactly what `begin` would do if it were asked now. Nothing is made. */
  plan(schedule: string, request: BackfillRequest): Promise<BackfillPlan>;
  /** With what the schedule runs now. `id`: made by the client, so that asking again begins nothing new. */
  begin(schedule: string, request: BackfillRequest, id?: string): Promise<BackfillView>;
  list(schedule: string): Promise<PageOf<BackfillView>>;
  show(schedule: string, id: string): Promise<BackfillView>;
  pause(schedule: string, id: string): Promise<BackfillView>;
  resume(schedule: string, id: string): Promise<BackfillView>;
  /** Its runs go on. Nothing happens when there is none. */
  remove(schedule: string, id: string): Promise<void>;
}
