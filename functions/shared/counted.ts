import type { Report } from '../../src/contract/happening.ts';
import type { RunState } from '../../src/contract/state.ts';
import { fromData, type PackData, sortKeys } from '../../src/engine/items.ts';
import type { Item, Put, PutResult, Table } from '../../src/ports/table.ts';
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
export function countingEnds(table: Table, metrics: Metrics): Table {
  const look = ({ sort, data }: Item, result: PutResult | undefined): void => {
    const name = sort === sortKeys.meta ? ended[data.state as RunState] : undefined;
    if (name !== undefined && result?.done) metrics.count(name);
  };
  return {
    ...table,
    async put(item, condition) {
      const result = await table.put(item, condition);
      look(item, result);
      return result;
    },
    async putMany(puts: readonly Put[]) {
      const results = await table.putMany(puts);
      puts.forEach(({ item }, n) => {
        look(item, results[n]);
      });
      return results;
    },
  };
}

/** Counts what items of the feed say: runs that began, and attempts that ended. */
export function countFeed(items: readonly Item[], metrics: Metrics): void {
  for (const { sort, data } of items) {
    if (sort === sortKeys.meta) metrics.count('RunsStarted');
    else if (sort.startsWith(sortKeys.lost)) metrics.count('AttemptsLost');
    else if (sort.startsWith(sortKeys.pack) || sort.startsWith(sortKeys.mixedPack))
      for (const row of fromData<PackData>(data).reports)
        metrics.count(attempts[(row as unknown as Report).outcome]);
  }
}
