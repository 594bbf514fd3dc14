import type { Report } from '../../src/contract/happening.ts';
import type { RunState } from '../../src/contract/state.ts';
import { hearFeed, hearingMetas } from '../../src/engine/hear.ts';
import type { Item, Table } from '../../src/ports/table.ts';
import type { MetricName, Metrics } from './metrics.ts';

const ended: Readonly<Partial<Record<RunState, MetricName>>> = {
  succeeded: 'RunsSucceeded',
  failed: 'RunsFailed',
  cancelled: 'RunsCancelled',
};

const attempts: Readonly<Record<Report['outcome'], MetricName>> = {
  succeeded: 'AttemptsSucceeded',
  failed: 'AttemptsFailed',
  cancelled: 'AttemptsCancelled',
  released: 'AttemptsReleased',
};

/** The table, with the ends of runs counted that are stored through it. */
export const countingEnds = (table: Table, metrics: Metrics): Table =>
  hearingMetas(table, ({ state }) => {
    const name = ended[state];
    if (name !== undefined) metrics.count(name);
  });

/** Counts what items of the feed say: runs that began, and attempts that ended. */
export function countFeed(items: readonly Item[], metrics: Metrics): void {
  hearFeed(items, {
    begun: () => metrics.count('RunsStarted'),
    lost: () => metrics.count('AttemptsLost'),
    reported: (_run, { outcome }) => metrics.count(attempts[outcome]),
  });
}
